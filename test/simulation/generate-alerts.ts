/** Random options of a program for incidents: its receivers, routes, times, deadlines and expected firings. */

import type { Parts } from './generate-parts.ts'
import type { ProgramAlerts, ProgramReceiver } from './program.ts'
import type { SeededRandom } from './random.ts'

export function drawAlerts(random: SeededRandom, { workflows, triggers, crons }: Parts): ProgramAlerts {
  const isRouted = random.chance(0.5)
  const silent = [...triggers, ...crons].filter(() => random.chance(0.4))
  return {
    failuresInRow: random.int(1, 3),
    lateByMs: random.pick([5_000, 20_000]),
    repeatMs: random.pick([500, 5_000, 14_400_000]),
    cooldownMs: random.pick([0, 2_000, 600_000]),
    recovered: random.chance(0.8),
    receivers: isRouted
      ? [drawReceiver(random, 'default'), drawReceiver(random, 'oncall')]
      : [drawReceiver(random, 'default')],
    routes: isRouted
      ? [
          { workflow: 'w0', receiver: random.pick([['oncall'], ['default', 'oncall'], ['nobody']]) },
          { kind: random.pick(['trigger-failing', 'engine-lost']), receiver: ['oncall'] },
        ]
      : [],
    deadlines: workflows.flatMap(({ key, tasks }) => {
      if (random.chance(0.6)) return []
      const task = random.chance(0.5) ? null : random.pick(tasks).id
      return { workflow: key, task, withinMs: random.pick([300, 2_000, 10_000]) }
    }),
    expected: silent.map(({ name }) => ({ trigger: name, withinMs: random.pick([2_000, 8_000, 30_000]) })),
    doneBy: random.chance(0.3) ? drawDoneBy(random, random.pick(workflows).key) : null,
  }
}

/** Returns the start of the simulation, or a time that is reached only if a clock is set or the work takes long. */
function drawDoneBy(random: SeededRandom, workflow: string): NonNullable<ProgramAlerts['doneBy']> {
  return { workflow, time: random.pick(['00:00', '00:00', '00:01']) }
}

function drawReceiver(random: SeededRandom, name: string): ProgramReceiver {
  const isDown = random.chance(0.2)
  return {
    name,
    refuses: isDown ? 0.9 : random.pick([0, 0.2]),
    hangs: isDown ? 0.1 : random.pick([0, 0.05]),
    losesAnswers: isDown ? 0 : random.pick([0, 0.2]),
  }
}
