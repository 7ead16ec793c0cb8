/** Needs of a step: one method of the port, which is carried out completely or not at all, and may run twice. */

import type { CommitKind } from '../metrics/store-counters.ts'

/**
 * `read` writes nothing. `accept` must survive a power cut when it is answered. `write` may cost a repetition.
 * `progress` is a `write` that nobody outside the engine sees: it may be lost with its file, as in a crash before it.
 */
export type StepNeed = CommitKind | 'progress'

/** Returns the kind of commit as which the step is counted. */
export function commitKind(need: StepNeed): CommitKind {
  return need === 'progress' ? 'write' : need
}
