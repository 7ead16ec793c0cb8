/** An engine stands still while a task runs, until another engine has declared it dead and runs the task, too. */

import { process, programWith, task } from './hand-written.ts'

export const ATTEMPT_OF_SILENT_ENGINE = programWith({
  tasks: [task('t0', 4_000)],
  processes: [process('p0', 0, 0), process('p1', 1, 2_000)],
  steps: [
    { at: 1_000, request: { n: 1, process: 'p0', kind: 'submit', workflow: 'w' } },
    { at: 2_000, fault: { kind: 'suspend', process: 'p0', forMs: 20_000, withPython: true } },
  ],
  durationMs: 40_000,
})
