/**
 * What stores call a step: one method of the port, carried out whole or not at all. A step touches nothing but the database,
 * through the session that it is given, since it may be run twice.
 */

import type { CommitKind } from '../metrics/store-counters.ts'

/**
 * `read` writes nothing; `accept` must survive a power cut once it is answered; `write` may cost a repetition. `progress` is a `write` of
 * which nobody outside the engine is told: it may be lost with the file that it went into, as in a crash before it.
 */
export type StepNeed = CommitKind | 'progress'

/** As what it is counted. */
export function commitKind(need: StepNeed): CommitKind {
  return need === 'progress' ? 'write' : need
}

/** What a step returns: a store whose database answers at once has no promises in its steps. */
export type StepResult<Result> = Result | Promise<Result>
