/** A process is killed four times while the first task of an execution runs, so that the task is abandoned. */

import type { Program, ProgramProcess, Step } from '../program.ts'

const ALWAYS = { type: 'Always' } as const
const task = (id: string, ...after: readonly string[]) => ({
  ...{ id, after, rule: ALWAYS, maxAttempts: 1, delayMs: 0, executes: null, defers: false, takesMs: 4_000 },
})
/** Time between the starts of two processes. The earlier one is dead then, so that the task begins within a second. */
const LIFE_MS = 20_000
/** Time from the start of a process to its kill, in the middle of an attempt. */
const KILLED_AFTER_MS = 3_000
const process = (life: number): ProgramProcess => ({
  ...{ name: `p${life}`, machine: 0, startsAt: life * LIFE_MS, role: 'serve', engines: 1, slots: 4, generation: 0 },
})
const LIVES = 4

export const ABANDONED_TASK: Program = {
  seed: 1,
  store: 'sqlite',
  machines: [{ name: 'm0', wallOffsetMs: 0 }],
  processes: Array.from({ length: LIVES + 1 }, (_, life) => process(life)),
  workflows: [
    {
      key: 'w',
      tasks: [task('t0'), task('t1', 't0'), task('t2', 't1')],
      generations: [0, 1, 2],
      isRewired: false,
    },
  ],
  limits: [],
  triggers: [],
  crons: [],
  sources: [],
  reactors: [],
  subscriptions: [],
  alerts: {
    ...{ failuresInRow: 1, lateByMs: 60_000, repeatMs: 60_000, cooldownMs: 60_000, recovered: false },
    ...{ receivers: [], routes: [], deadlines: [], expected: [], doneBy: null },
  },
  steps: [
    { at: 1_000, request: { n: 1, process: 'p0', kind: 'submit', workflow: 'w' } },
    ...Array.from({ length: LIVES }, (_, life): Step => {
      return { at: life * LIFE_MS + KILLED_AFTER_MS, fault: { kind: 'kill', process: `p${life}` } }
    }),
  ],
  hasSlowTasks: false,
  answerWithinMs: 0,
  retentionMs: null,
  durationMs: (LIVES + 1) * LIFE_MS,
}
