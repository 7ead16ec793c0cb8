/** An engine with a paused execution stands still until another engine has declared it dead, resumed and ended it. */

import { process, programWith, task } from './hand-written.ts'

/** Time of the suspension, when the first task has ended. */
const SUSPENDED_AT_MS = 7_000
const RESUMED_AT_MS = 22_000
/** Time at which the first engine runs again, after the end of the execution. */
const CONTINUED_AT_MS = 27_000

export const PAUSED_EXECUTION_OF_SILENT_ENGINE = programWith({
  tasks: [task('t0', 2_000), task('t1', 500, 't0')],
  processes: [process('p0', 0, 0), process('p1', 1, 5_000)],
  steps: [
    { at: 1_000, request: { n: 1, process: 'p0', kind: 'submit', workflow: 'w' } },
    { at: 2_000, request: { n: 2, process: 'p0', kind: 'pause', target: 1 } },
    {
      at: SUSPENDED_AT_MS,
      fault: { kind: 'suspend', process: 'p0', forMs: CONTINUED_AT_MS - SUSPENDED_AT_MS, withPython: true },
    },
    { at: RESUMED_AT_MS, request: { n: 3, process: 'p1', kind: 'resume', target: 1 } },
  ],
  durationMs: 40_000,
})
