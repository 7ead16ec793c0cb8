/**
 * Removes rows of attempts that neither use slots nor are in the window of their limit, of slots that are not kept any
 * more, and of unused values.
 */

import { LIST_ANNOUNCED, LIST_LIMITS, PRUNE_KEPT, PRUNE_LIMIT_ATTEMPTS } from '../../sql/executions/limit-sql.ts'
import type { Session, Step } from '../../store-session.ts'
import { type LimitRecord, longestWindowMs } from './limit-values.ts'

/** Returns the number of removed rows. */
export function* pruneLimits(session: Session, rowsPerStep: number): Step<number> {
  const limits = yield* session.all<LimitRecord>(LIST_LIMITS)
  if (limits.length === 0) return 0
  const announced = yield* session.all<{ readonly declared: string }>(LIST_ANNOUNCED)
  const codes = announced.map(({ declared }) => JSON.parse(declared) as Readonly<Record<string, string>>)
  const now = yield* session.liveness.now(session)
  for (const limit of limits) {
    const records = codes.flatMap((code) => {
      const declared = code[limit.name]
      return declared === undefined ? [] : { ...limit, declared }
    })
    // Another engine may have code with a longer window, which a reload makes the newest code again.
    const windows = [limit, ...records].map((record) => longestWindowMs(record) ?? 0)
    const values = [limit.name, now, now - Math.max(...windows), rowsPerStep]
    const removed = yield* session.run(PRUNE_LIMIT_ATTEMPTS, ...values)
    if (removed > 0) return removed
  }
  const left = yield* session.run(PRUNE_KEPT, rowsPerStep)
  return left > 0 ? left : yield* session.run(session.sql.limits.pruneValues, now, rowsPerStep)
}
