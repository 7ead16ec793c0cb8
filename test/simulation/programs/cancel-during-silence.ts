/** An engine with a paused execution stands still. After 10 s, a client takes the execution from it with a cancel. */

import { process, programWith, task } from './hand-written.ts'

/** Time of the suspension, at most 3 s after the last heartbeat. */
const SUSPENDED_AT_MS = 7_000
/** Time at which the engine has been silent for more than 10 s. No other engine has noticed it. */
const CANCELLED_AT_MS = 18_000
const CONTINUED_AT_MS = 20_000

export const CANCEL_DURING_SILENCE = programWith({
  tasks: [task('t0', 2_000), task('t1', 500, 't0')],
  processes: [process('p0', 0, 0), { ...process('person', 1, 5_000), role: 'client' }],
  steps: [
    { at: 1_000, request: { n: 1, process: 'p0', kind: 'submit', workflow: 'w' } },
    { at: 2_000, request: { n: 2, process: 'p0', kind: 'pause', target: 1 } },
    {
      at: SUSPENDED_AT_MS,
      fault: { kind: 'suspend', process: 'p0', forMs: CONTINUED_AT_MS - SUSPENDED_AT_MS, withPython: true },
    },
    { at: CANCELLED_AT_MS, request: { n: 3, process: 'person', kind: 'cancel', target: 1, waits: true } },
  ],
  durationMs: 40_000,
})
