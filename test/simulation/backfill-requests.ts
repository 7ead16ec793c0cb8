/** Requests for backfills of callers: see `requests.ts`. */

import type { Engine } from '../../src/engine/engine.ts'
import type { ActionOptions } from '../../src/engine/services/action-service.ts'
import type { Backfill } from '../../src/model/schedule-rows.ts'
import type { Request } from './program.ts'
import type { Sent } from './requests.ts'

/** Length of the range of a backfill. */
const BACKFILLED_MS = 25_000

/** Backfills the last seconds before `to`. */
export function startBackfill(
  engine: Engine,
  { cron, maxActive }: Extract<Request, { kind: 'backfill' }>,
  options: ActionOptions & { readonly to: number },
): Promise<Backfill> {
  const from = options.to - BACKFILLED_MS
  return engine.services.schedules.backfills.start(cron, { ...options, from, maxActive })
}

export function cancelBackfill(
  engine: Engine,
  sent: readonly Sent[],
  { backfill }: Extract<Request, { kind: 'cancelBackfill' }>,
  options: ActionOptions,
): Promise<Backfill> {
  const started = sent.find(({ request }) => request.n === backfill)
  const id = started?.outcome === 'done' ? (started.result as Backfill).id : 'unknown'
  return engine.services.schedules.backfills.cancel(id, options)
}
