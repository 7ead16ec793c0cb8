/** An engine stops while a task runs, and does not wait for its end. */

import { process, programWith, task } from './hand-written.ts'

export const STOP_DURING_TASK = programWith({
  tasks: [task('t0', 4_000), task('t1', 500, 't0')],
  processes: [process('p0', 0, 0), process('p1', 1, 5_000)],
  steps: [
    { at: 1_000, request: { n: 1, process: 'p0', kind: 'submit', workflow: 'w' } },
    { at: 2_000, fault: { kind: 'stop', process: 'p0', graceMs: 500 } },
  ],
  durationMs: 20_000,
})
