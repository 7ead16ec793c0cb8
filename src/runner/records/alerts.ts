/** Alerts as JSON: a contract, whose fields `docs/command-line.md` lists. Instants are RFC 3339. */

import type { AlertRow } from '../../model/alert.ts'
import { formatInstant } from '../../model/time/instant.ts'
import { instant } from './instants.ts'

export function alertRecord({ at, deliveries, ...row }: AlertRow) {
  return {
    ...row,
    at: formatInstant(at),
    deliveries: deliveries.map(({ endedAt, ...delivery }) => ({ ...delivery, endedAt: instant(endedAt) })),
  }
}
