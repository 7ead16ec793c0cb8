/** Random parts of a program: its workflows, triggers, cron schedules, graphs, machines and processes. */

import type { TriggerRule } from '../../src/model/workflow.ts'
import type {
  Program,
  ProgramCron,
  ProgramProcess,
  ProgramReactor,
  ProgramSource,
  ProgramSubscription,
  ProgramTask,
  ProgramTrigger,
  ProgramWorkflow,
} from './program.ts'
import type { SeededRandom } from './random.ts'

const ALWAYS: TriggerRule = { type: 'Always' }

/** Part of the engine that a program concentrates on, so that it runs faster and reaches rare orders of events. */
export type Focus = 'steering' | 'triggers' | 'graphs' | 'mixed'

export type Parts = Pick<
  Program,
  'workflows' | 'machines' | 'processes' | 'triggers' | 'crons' | 'sources' | 'reactors' | 'subscriptions'
>

export function drawGenerations(random: SeededRandom): readonly number[] {
  if (random.chance(0.8)) return [0, 1, 2]
  return [0, 1, 2].filter(() => random.chance(0.6))
}

export function drawWorkflows(random: SeededRandom): readonly ProgramWorkflow[] {
  return Array.from({ length: random.int(2, 4) }, (_, index): ProgramWorkflow => {
    const key = `w${index}`
    const later = index > 0 && random.chance(0.2) ? `w${random.int(0, index - 1)}` : null
    const generations = index === 0 ? [0, 1, 2] : drawGenerations(random)
    return { key, tasks: drawTasks(random, later), generations, isRewired: random.chance(0.2) }
  })
}

export function drawTasks(random: SeededRandom, executes: string | null): readonly ProgramTask[] {
  const count = random.int(1, 5)
  const shape = random.pick(['chain', 'fan', 'diamond', 'mixed'] as const)
  const executing = executes === null ? -1 : random.int(0, count - 1)
  return Array.from({ length: count }, (_, index): ProgramTask => {
    const after = dependenciesOf(random, shape, index, count)
    return {
      id: `t${index}`,
      after,
      rule: after.length > 0 && random.chance(0.3) ? drawRule(random, after) : ALWAYS,
      maxAttempts: random.chance(0.4) ? random.int(2, 3) : 1,
      delayMs: random.pick([0, 200, 2_000]),
      executes: index === executing ? executes : null,
      defers: random.chance(0.1),
    }
  })
}

function dependenciesOf(
  random: SeededRandom,
  shape: 'chain' | 'fan' | 'diamond' | 'mixed',
  index: number,
  count: number,
): readonly string[] {
  if (index === 0) return []
  const all = Array.from({ length: index }, (_, each) => `t${each}`)
  if (shape === 'chain') return [`t${index - 1}`]
  if (shape === 'fan') return ['t0']
  if (shape === 'diamond') return index === count - 1 && index > 1 ? all.slice(1) : ['t0']
  return all.filter(() => random.chance(0.5))
}

function drawRule(random: SeededRandom, after: readonly string[]): TriggerRule {
  const taskName = random.pick(after)
  return random.pick<TriggerRule>([
    { type: 'TaskSuccess', taskName },
    { type: 'TaskFailed', taskName },
    { type: 'TaskSkipped', taskName },
    {
      type: 'Any',
      conditions: [
        { type: 'TaskSuccess', taskName },
        { type: 'TaskFailed', taskName },
      ],
    },
    { type: 'ContextValue', key: `done_${taskName}`, operator: 'Exists', valueText: 'null' },
  ])
}

export function drawMachines(random: SeededRandom): Program['machines'] {
  return Array.from({ length: random.int(1, 3) }, (_, index) => ({
    name: `host${index}`,
    wallOffsetMs: random.int(-500, 500),
  }))
}

export function drawProcess(random: SeededRandom, name: string, machines: number, startsAt: number): ProgramProcess {
  return {
    name,
    machine: random.int(0, machines - 1),
    startsAt,
    role: random.chance(0.15) ? 'client' : 'serve',
    engines: random.chance(0.1) ? 2 : 1,
    slots: random.pick([1, 2, 4]),
    generation: 0,
  }
}

export function drawProcesses(random: SeededRandom, machines: number): readonly ProgramProcess[] {
  return Array.from({ length: random.int(1, 3) }, (_, index): ProgramProcess => {
    const process = drawProcess(random, `p${index}`, machines, index === 0 ? 0 : random.int(0, 10_000))
    return index === 0 ? { ...process, role: 'serve' } : process
  })
}

/** Minimum and maximum number of triggers. */
const TRIGGERS: Readonly<Record<Focus, readonly [number, number]>> = {
  steering: [0, 0],
  triggers: [1, 4],
  graphs: [0, 0],
  mixed: [0, 3],
}

export function drawTriggers(
  random: SeededRandom,
  workflows: readonly ProgramWorkflow[],
  focus: Focus,
): readonly ProgramTrigger[] {
  const [least, most] = TRIGGERS[focus]
  return Array.from({ length: random.int(least, most) }, (_, index): ProgramTrigger => {
    const policy = {
      ...(random.chance(0.25) && { maxActive: random.int(1, 2) }),
      ...(random.chance(0.2) && { onChange: true }),
      ...(random.chance(0.2) && { pauseAfter: random.int(2, 3) }),
    }
    return {
      name: `trigger${index}`,
      workflow: random.pick(workflows).key,
      everyMs: random.pick([200, 1_000, 5_000]),
      allowConcurrent: random.chance(0.3),
      policy,
      fires: random.pick([0.02, 0.2, 0.6]),
      fails: random.pick([0, 0, 0.1]),
      hasRows: false,
      contexts: random.int(1, 3),
      generations: drawGenerations(random),
    }
  })
}

/** Makes some triggers return numbered rows. A trigger with a state has no `on_change`. */
export function withRows(random: SeededRandom, triggers: readonly ProgramTrigger[]): readonly ProgramTrigger[] {
  return triggers.map((trigger) => {
    if (!random.chance(0.35)) return trigger
    const { onChange: _, ...policy } = trigger.policy
    return { ...trigger, policy, hasRows: true }
  })
}

export function drawCrons(random: SeededRandom, workflows: readonly ProgramWorkflow[]): readonly ProgramCron[] {
  return Array.from({ length: random.int(0, 2) }, (_, index): ProgramCron => {
    return {
      name: `cron${index}`,
      workflow: random.chance(0.8) ? 'w0' : random.pick(workflows).key,
      expression: random.pick(['*/5 * * * * *', '*/20 * * * * *', '* * * * *']),
      catchup: random.pick(['skip', 'all', 'none'] as const),
    }
  })
}

export function drawGraphs(random: SeededRandom, workflows: readonly ProgramWorkflow[], focus: Focus) {
  const hasGraphs = focus === 'graphs' || (focus === 'mixed' && random.chance(0.4))
  const count = hasGraphs ? random.int(1, 3) : 0
  const generations = drawGenerations(random)
  const sources = Array.from({ length: count }, (_, index): ProgramSource => {
    const kind = random.pick(['passthrough', 'passthrough', 'batch', 'polling', 'state'] as const)
    return { name: `source${index}`, kind, generations }
  })
  const reactors = Array.from({ length: count === 0 ? 0 : random.int(1, 2) }, (_, index): ProgramReactor => {
    const names = sources.map(({ name }) => name).filter(() => random.chance(0.7))
    return {
      name: `reactor${index}`,
      sources: names.length === 0 ? ['source0'] : names,
      mode: random.chance(0.7) ? 'when_any' : 'when_all',
      graph: random.chance(0.5) ? `graph${index}` : null,
      generations,
    }
  })
  const subscriptions = reactors.flatMap(({ name }): ProgramSubscription[] => {
    if (random.chance(0.3)) return []
    const predicate = random.pick([null, null, 'size(payload) > 0', 'payload.missing.deeper == 1'])
    return [{ reactor: name, workflow: random.pick(workflows).key, predicate }]
  })
  return { sources, reactors, subscriptions }
}
