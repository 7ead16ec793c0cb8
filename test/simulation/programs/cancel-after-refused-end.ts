/** The database refuses the end of an execution, and a cancel arrives before the engine stores the end again. */

import type { Step } from '../program.ts'
import { process, programWith, task } from './hand-written.ts'

const TASK_MS = 3_000
/** Time between two executions. */
const EVERY_MS = 10_000
/** Times of the cancels after the end of the task. The engine stores the end again after 500 ms. */
const CANCELLED_AFTER_MS = [100, 200, 300, 400]

export const CANCEL_AFTER_REFUSED_END = programWith({
  tasks: [task('t0', TASK_MS)],
  processes: [process('p0', 0, 0)],
  steps: CANCELLED_AFTER_MS.flatMap((afterMs, index): readonly Step[] => {
    const startedAt = (index + 1) * EVERY_MS
    const n = 2 * index + 1
    return [
      { at: startedAt, request: { n, process: 'p0', kind: 'submit', workflow: 'w' } },
      {
        at: startedAt + TASK_MS - 500,
        fault: {
          ...{ kind: 'refuse', process: 'p0', statement: 'write', code: 'SQLITE_IOERR', times: 1 },
          table: 'executions',
        },
      },
      {
        at: startedAt + TASK_MS + afterMs,
        request: { n: n + 1, process: 'p0', kind: 'cancel', target: n, waits: true },
      },
    ]
  }),
  durationMs: (CANCELLED_AFTER_MS.length + 1) * EVERY_MS,
})
