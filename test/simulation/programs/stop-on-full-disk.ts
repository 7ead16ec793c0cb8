/** The disk is full while a trigger fires. The engine is stopped, and the disk is freed within the grace. */

import { process, programWith, task } from './hand-written.ts'

export const STOP_ON_FULL_DISK = {
  ...programWith({
    tasks: [task('t0', 500)],
    processes: [process('p0', 0, 0), process('p1', 1, 20_000)],
    steps: [
      { at: 5_000, fault: { kind: 'refuseFor', process: 'p0', code: 'SQLITE_FULL', forMs: 7_000 } },
      { at: 8_500, fault: { kind: 'stop', process: 'p0', graceMs: 5_000 } },
    ],
    durationMs: 30_000,
  }),
  triggers: [
    {
      ...{ name: 'orders', workflow: 'w', everyMs: 1_000, allowConcurrent: true, policy: {} },
      ...{ fires: 1, fails: 0, hasRows: false, contexts: 1_000, generations: [0, 1, 2] },
    },
  ],
}
