/** The database is copied while a task runs, and replaced by this copy when the execution has ended. */

import { process, programWith, task } from './hand-written.ts'

export const RESTORED_WHILE_RUNNING = programWith({
  tasks: [task('t0', 4_000), task('t1', 500, 't0')],
  processes: [process('p0', 0, 0)],
  steps: [
    { at: 1_000, request: { n: 1, process: 'p0', kind: 'submit', workflow: 'w' } },
    { at: 2_000, fault: { kind: 'copyDatabase' } },
    { at: 10_000, fault: { kind: 'restoreDatabase' } },
  ],
  durationMs: 20_000,
})
