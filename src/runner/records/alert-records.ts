/** Alerts and incidents as JSON. The fields are a contract, listed in `docs/command-line.md`. Times are RFC 3339. */

import type { AlertRow, Incident } from '../../model/alert.ts'
import { formatInstant, formatInstantOrNull } from '../../model/time/instant.ts'

export function alertRecord({ id, kind, state, subject, message, at, since, count, ...row }: AlertRow) {
  const { workflow, trigger, task, errorType, cause, executionId, deliveries } = row
  return {
    ...{ id, kind, state, subject, message, at: formatInstant(at), since: formatInstant(since), count },
    ...{ workflow, trigger, task, errorType, cause, executionId },
    deliveries: deliveries.map(({ receiver, to, outcome, attempts, response, error, endedAt }) => ({
      ...{ receiver, to, outcome, attempts, response, error },
      endedAt: formatInstantOrNull(endedAt),
    })),
  }
}

export function incidentRecord({ id, kind, subject, openedAt, lastAt, count, endedAt }: Incident) {
  const times = { openedAt: formatInstant(openedAt), lastAt: formatInstant(lastAt) }
  return { id, kind, subject, ...times, count, endedAt: formatInstantOrNull(endedAt) }
}
