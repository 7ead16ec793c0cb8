/** A process is killed four times while the first task of an execution runs, so that the task is abandoned. */

import type { Step } from '../program.ts'
import { process, programWith, task } from './hand-written.ts'

/** Time between the starts of two processes. The earlier one is dead then, so that the task begins within a second. */
const LIFE_MS = 20_000
/** Time from the start of a process to its kill, in the middle of an attempt. */
const KILLED_AFTER_MS = 3_000
const LIVES = 4

export const ABANDONED_TASK = programWith({
  tasks: [task('t0', 4_000), task('t1', 4_000, 't0'), task('t2', 4_000, 't1')],
  processes: Array.from({ length: LIVES + 1 }, (_, life) => process(`p${life}`, 0, life * LIFE_MS)),
  steps: [
    { at: 1_000, request: { n: 1, process: 'p0', kind: 'submit', workflow: 'w' } },
    ...Array.from({ length: LIVES }, (_, life): Step => {
      return { at: life * LIFE_MS + KILLED_AFTER_MS, fault: { kind: 'kill', process: `p${life}` } }
    }),
  ],
  durationMs: (LIVES + 1) * LIFE_MS,
})
