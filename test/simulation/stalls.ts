/**
 * Random steps with a stalled owner: the engine of a paused execution is suspended until other engines consider it
 * dead. Before another engine acquires the execution, a person sends a request that takes it from its owner.
 */

import type { Program, Step } from './program.ts'
import type { SeededRandom } from './random.ts'

/** Name of the client process of the person. */
const PERSON = 'person'

/** Returns the steps. `requests` are the other requests of the program, whose numbers must not be used again. */
export function drawStall(
  random: SeededRandom,
  { workflows, processes, machines }: Pick<Program, 'workflows' | 'processes' | 'machines'>,
  requests: readonly Step[],
): readonly Step[] {
  const [owner] = processes
  if (owner === undefined) return []
  const target = Math.max(0, ...requests.map((step) => ('request' in step ? step.request.n : 0))) + 1
  const submittedAt = random.int(500, 4_000)
  const pausedAt = submittedAt + random.pick([50, 300, 1_500])
  // Running tasks end before the suspension, so that no later result shows the owner that it lost the execution.
  const suspendedAt = pausedAt + random.int(2_000, 4_000)
  const takenAt = suspendedAt + random.int(8_500, 13_000)
  const taking = random.pick(['cancel', 'cancel', 'resume', 'pause'] as const)
  const taken = { n: target + 2, process: PERSON, target }
  const forMs = random.pick([12_000, 20_000])
  // A client on the machine of the owner would consider the suspended process alive.
  const machine = (owner.machine + 1) % machines.length
  const client = { name: PERSON, machine, role: 'client', engines: 1, slots: 1, generation: 0 } as const
  const process = owner.name
  return [
    { at: submittedAt, request: { n: target, process, kind: 'submit', workflow: random.pick(workflows).key } },
    { at: pausedAt, request: { n: target + 1, process, kind: 'pause', target } },
    { at: suspendedAt, fault: { kind: 'suspend', process, forMs, withPython: random.chance(0.5) } },
    { at: suspendedAt, fault: { kind: 'start', process: { ...client, startsAt: suspendedAt } } },
    {
      at: takenAt,
      request: taking === 'cancel' ? { ...taken, kind: taking, waits: true } : { ...taken, kind: taking },
    },
  ]
}
