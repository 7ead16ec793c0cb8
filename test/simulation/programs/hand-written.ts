/** Parts of programs that are written by hand. */

import type { Program, ProgramProcess, ProgramTask } from '../program.ts'

/** Returns a task that runs after every result of the tasks before it. */
export function task(id: string, takesMs: number, ...after: readonly string[]): ProgramTask {
  return {
    ...{ id, after, rule: { type: 'Always' }, maxAttempts: 1, delayMs: 0, executes: null, defers: false, takesMs },
  }
}

/** Returns a process with one engine. `machine`: 0 or 1. */
export function process(name: string, machine: number, startsAt: number): ProgramProcess {
  return { name, machine, startsAt, role: 'serve', engines: 1, slots: 4, generation: 0 }
}

/** Returns a program with two machines, the workflow `w` and nothing else. */
export function programWith({
  tasks,
  ...given
}: Pick<Program, 'processes' | 'steps' | 'durationMs'> & { readonly tasks: readonly ProgramTask[] }): Program {
  return {
    ...given,
    seed: 1,
    store: 'sqlite',
    machines: [
      { name: 'm0', wallOffsetMs: 0 },
      { name: 'm1', wallOffsetMs: 0 },
    ],
    workflows: [{ key: 'w', tasks, generations: [0, 1, 2], isRewired: false }],
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
    hasSlowTasks: false,
    answerWithinMs: 0,
    retentionMs: null,
  }
}
