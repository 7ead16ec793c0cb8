/** Backfills and refires as JSON. The fields are a contract, listed in `docs/command-line.md`. Times are RFC 3339. */

import type { BackfillPreview } from '../../engine/services/batches/backfill-service.ts'
import type { RefirePreview } from '../../engine/services/batches/refire-service.ts'
import type { Backfill, BatchProgress, Refire } from '../../model/schedule-rows.ts'
import { formatInstant, formatInstantOrNull } from '../../model/time/instant.ts'

export function backfillRecord(backfill: Backfill) {
  const { id, scheduleId, trigger, workflow, expression, timezone, again } = backfill
  return { id, scheduleId, trigger, workflow, expression, timezone, again, ...progressRecord(backfill) }
}

export function refireRecord(refire: Refire) {
  const { id, trigger, workflow, executionStatus } = refire
  return { id, trigger, workflow, executionStatus, ...progressRecord(refire) }
}

function progressRecord({ status, fromAt, toAt, maxActive, total, started, leftOut, active, ...times }: BatchProgress) {
  return {
    status,
    from: formatInstant(fromAt),
    to: formatInstant(toAt),
    maxActive,
    total,
    started,
    leftOut,
    active,
    createdAt: formatInstant(times.createdAt),
    endedAt: formatInstantOrNull(times.endedAt),
  }
}

export function backfillPreviewRecord({ fromAt, toAt, knownFromAt, ...counts }: BackfillPreview) {
  const range = { from: formatInstant(fromAt), to: formatInstant(toAt) }
  return { ...counts, ...range, knownFrom: formatInstantOrNull(knownFromAt) }
}

export function refirePreviewRecord({ fromAt, toAt, ...counts }: RefirePreview) {
  return { ...counts, from: formatInstant(fromAt), to: formatInstant(toAt) }
}
