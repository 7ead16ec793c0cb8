/** Draws a program from a seed. Shapes that found defects are frequent: short distances between requests of one execution. */

import type { TriggerRule } from '../../src/model/workflow.ts'
import type {
  Fault,
  Program,
  ProgramCron,
  ProgramProcess,
  ProgramReactor,
  ProgramSource,
  ProgramSubscription,
  ProgramTask,
  ProgramTrigger,
  ProgramWorkflow,
  Request,
  Step,
  StoreKind,
} from './program.ts'
import { SeededRandom } from './random.ts'

const ALWAYS: TriggerRule = { type: 'Always' }
const DURATION_MS = 30_000
const GENERATIONS = 3

export function generate(seed: number, store: StoreKind): Program {
  const random = new SeededRandom(`program ${seed}`)
  const focus = random.pick(['steering', 'steering', 'triggers', 'graphs', 'mixed'] as const)
  const workflows = drawWorkflows(random)
  const machines = drawMachines(random)
  const processes = drawProcesses(random, machines.length)
  const triggers = drawTriggers(random, workflows, focus)
  const crons = focus === 'steering' || focus === 'graphs' ? [] : drawCrons(random, workflows)
  const { sources, reactors, subscriptions } = drawGraphs(random, workflows, focus)
  const parts = { workflows, machines, processes, triggers, crons, sources, reactors, subscriptions }
  const requests = drawRequests(random, parts, focus)
  const faults = random.chance(0.15) ? [] : drawFaults(random, parts, store, requests)
  return {
    seed,
    store,
    ...parts,
    steps: [...requests, ...faults].sort((one, other) => one.at - other.at),
    hasSlowTasks: focus === 'steering' || random.chance(0.3),
    answerWithinMs: random.chance(0.5) ? 0 : random.pick([3, 30, 300]),
    retentionMs: random.chance(0.15) ? random.pick([5_000, 20_000]) : null,
    durationMs: DURATION_MS,
  }
}

/** Programs about one part of the engine meet its rare orders of events more often, and run faster. */
type Focus = 'steering' | 'triggers' | 'graphs' | 'mixed'

type Parts = Pick<
  Program,
  'workflows' | 'machines' | 'processes' | 'triggers' | 'crons' | 'sources' | 'reactors' | 'subscriptions'
>

function drawGenerations(random: SeededRandom): readonly number[] {
  if (random.chance(0.8)) return [0, 1, 2]
  return [0, 1, 2].filter(() => random.chance(0.6))
}

function drawWorkflows(random: SeededRandom): readonly ProgramWorkflow[] {
  return Array.from({ length: random.int(2, 4) }, (_, index): ProgramWorkflow => {
    const key = `w${index}`
    const later = index > 0 && random.chance(0.2) ? `w${random.int(0, index - 1)}` : null
    const generations = index === 0 ? [0, 1, 2] : drawGenerations(random)
    return { key, tasks: drawTasks(random, later), generations, isRewired: random.chance(0.2) }
  })
}

function drawTasks(random: SeededRandom, executes: string | null): readonly ProgramTask[] {
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

function drawMachines(random: SeededRandom): Program['machines'] {
  return Array.from({ length: random.int(1, 3) }, (_, index) => ({
    name: `host${index}`,
    wallOffsetMs: random.int(-500, 500),
  }))
}

function drawProcess(random: SeededRandom, name: string, machines: number, startsAt: number): ProgramProcess {
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

function drawProcesses(random: SeededRandom, machines: number): readonly ProgramProcess[] {
  return Array.from({ length: random.int(1, 3) }, (_, index): ProgramProcess => {
    const process = drawProcess(random, `p${index}`, machines, index === 0 ? 0 : random.int(0, 10_000))
    return index === 0 ? { ...process, role: 'serve' } : process
  })
}

/** Least and most number of triggers. */
const TRIGGERS: Readonly<Record<Focus, readonly [number, number]>> = {
  steering: [0, 0],
  triggers: [1, 4],
  graphs: [0, 0],
  mixed: [0, 3],
}

function drawTriggers(
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
      contexts: random.int(1, 3),
      generations: drawGenerations(random),
    }
  })
}

function drawCrons(random: SeededRandom, workflows: readonly ProgramWorkflow[]): readonly ProgramCron[] {
  return Array.from({ length: random.int(0, 2) }, (_, index): ProgramCron => {
    return {
      name: `cron${index}`,
      workflow: random.chance(0.8) ? 'w0' : random.pick(workflows).key,
      expression: random.pick(['*/5 * * * * *', '*/20 * * * * *', '* * * * *']),
      catchup: random.pick(['skip', 'all', 'none'] as const),
    }
  })
}

function drawGraphs(random: SeededRandom, workflows: readonly ProgramWorkflow[], focus: Focus) {
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

function drawRequests(random: SeededRandom, parts: Parts, focus: Focus): Step[] {
  const steps: Step[] = []
  let n = 0
  const names = parts.processes.map(({ name }) => name)
  const add = (at: number, request: Omitted): void => {
    n += 1
    steps.push({ at, request: { n, process: random.pick(names), ...request } as Request })
  }
  for (let count = focus === 'steering' ? random.int(4, 16) : random.int(1, 6); count > 0; count--) {
    const at = random.int(0, DURATION_MS - 10_000)
    add(at, { kind: random.chance(0.6) ? 'submit' : 'execute', workflow: random.pick(parts.workflows).key })
    if (random.chance(focus === 'steering' ? 0.8 : 0.4)) drawSteering(random, at, n, add)
  }
  for (let count = random.int(0, 5); count > 0 && parts.triggers.length > 0; count--) {
    const trigger = random.pick(parts.triggers).name
    const at = random.int(1_000, DURATION_MS)
    const kind = random.pick(['fire', 'poll', 'disable', 'set', 'enable'] as const)
    if (kind === 'fire') add(at, { kind, trigger, force: random.chance(0.3) })
    else add(at, { kind, trigger })
    if (kind === 'disable') add(at + random.pick([100, 1_000, 8_000]), { kind: 'enable', trigger })
    if (kind === 'set') add(at + random.pick([100, 5_000]), { kind: 'reset', trigger })
  }
  drawGraphRequests(random, parts, add)
  if (random.chance(0.1)) add(random.int(15_000, DURATION_MS), { kind: 'prune' })
  return steps
}

type Omitted = Request extends infer One ? (One extends Request ? Omit<One, 'n' | 'process'> : never) : never

/** Some requests for one execution, close to each other and to its tasks. */
function drawSteering(
  random: SeededRandom,
  startedAt: number,
  target: number,
  add: (at: number, request: Omitted) => void,
): void {
  let at = startedAt + random.pick([0, 50, 300, 1_500, 6_000])
  for (let count = random.int(1, 4); count > 0; count--) {
    const kind = random.pick(['cancel', 'pause', 'resume', 'pause', 'resume', 'retry'] as const)
    if (kind === 'cancel') add(at, { kind, target, waits: random.chance(0.5) })
    else if (kind === 'retry') add(at + 2_000, { kind, target, from: random.pick(['failed', 'all', 'first'] as const) })
    else add(at, { kind, target })
    at += random.pick([0, 20, 200, 600, 3_000])
  }
}

function drawGraphRequests(random: SeededRandom, parts: Parts, add: (at: number, request: Omitted) => void): void {
  for (const index of parts.subscriptions.keys()) {
    add(random.int(0, 5_000), { kind: 'subscribe', subscription: index })
    if (random.chance(0.1)) add(random.int(20_000, DURATION_MS), { kind: 'unsubscribe', subscription: index })
  }
  const pushable = parts.sources.filter(({ kind }) => kind !== 'polling')
  for (let count = random.int(3, 25); count > 0 && pushable.length > 0; count--) {
    add(random.int(0, DURATION_MS), { kind: 'push', source: random.pick(pushable).name })
  }
  if (parts.reactors.length > 0 && random.chance(0.3)) {
    add(random.int(5_000, DURATION_MS), { kind: 'fireReactor', reactor: random.pick(parts.reactors).name })
  }
}

function drawFaults(random: SeededRandom, parts: Parts, store: StoreKind, requests: readonly Step[]): Step[] {
  const steps: Step[] = []
  const names = parts.processes.map(({ name }) => name)
  const kinds = random.chance(0.5) ? [random.pick(FAULT_KINDS), random.pick(FAULT_KINDS)] : FAULT_KINDS
  for (let count = random.int(1, 7); count > 0; count--) {
    const at = random.chance(0.5) ? random.int(500, DURATION_MS - 5_000) : nearOf(random, requests)
    const fault = drawFault(random, random.pick(kinds), { parts, names, at, store })
    if (fault !== null) steps.push({ at, fault })
  }
  return steps
}

/** A time just before or after a request. */
function nearOf(random: SeededRandom, requests: readonly Step[]): number {
  const at = requests.length === 0 ? DURATION_MS / 2 : random.pick(requests).at
  return Math.max(100, at + random.pick([-20, 5, 60, 400, 1_500]))
}

const FAULT_KINDS = [
  'kill',
  'kill',
  'killAfterCommit',
  'suspend',
  'suspend',
  'stop',
  'start',
  'start',
  'reload',
  'setWall',
  'refuse',
  'refuse',
  'refuseFor',
  'loseInterpreter',
  'moveDatabase',
  'replaceDatabase',
  'cutConnection',
  'loseAnswer',
] as const

interface FaultParts {
  readonly parts: Parts
  /** Processes of the program; a start adds its own. */
  readonly names: string[]
  readonly at: number
  readonly store: StoreKind
}

function drawFault(random: SeededRandom, kind: (typeof FAULT_KINDS)[number], given: FaultParts): Fault | null {
  const { parts, names, store } = given
  const process = random.pick(names)
  switch (kind) {
    case 'kill':
    case 'killAfterCommit':
      return { kind, process }
    case 'suspend':
      return { kind, process, forMs: random.pick([2_000, 12_000, 20_000]), withPython: random.chance(0.5) }
    case 'stop':
      return { kind, process, graceMs: random.pick([0, 500, 10_000]) }
    case 'start': {
      const started = { ...drawProcess(random, `p${names.length}`, parts.machines.length, given.at) }
      names.push(started.name)
      return { kind, process: { ...started, generation: random.chance(0.7) ? 0 : random.int(0, GENERATIONS - 1) } }
    }
    case 'reload':
      return { kind, process, generation: random.int(0, GENERATIONS - 1), fails: random.chance(0.15) }
    case 'setWall':
      return {
        kind,
        machine: random.int(0, parts.machines.length - 1),
        byMs: random.pick([-300_000, -60_000, -5_000, 5_000, 60_000, 300_000]),
      }
    case 'refuse':
      return { kind, process, ...drawRefusal(random) }
    case 'refuseFor':
      return {
        kind,
        process,
        code: random.pick(['SQLITE_BUSY', 'SQLITE_FULL']),
        forMs: random.pick([1_000, 6_000, 17_000]),
      }
    case 'loseInterpreter':
      return { kind, process, forMs: random.pick([100, 2_000, 8_000]) }
    case 'moveDatabase':
    case 'replaceDatabase':
      return store === 'sqlite' && random.chance(0.3) ? { kind, forMs: random.pick([0, 1_500, 7_000]) } : null
    case 'cutConnection':
    case 'loseAnswer':
      return store === 'postgres' ? { kind, process } : null
  }
}

const REFUSED_TABLES = [
  'instances',
  'executions',
  'task_runs',
  'triggers',
  'ticks',
  'actions',
  'source_events',
] as const

function drawRefusal(random: SeededRandom) {
  const statement = random.pick(['begin', 'write', 'write', 'commit'] as const)
  if (statement === 'begin') return { statement, code: 'SQLITE_BUSY', times: random.int(1, 4), table: null }
  const code = random.pick(['SQLITE_FULL', 'SQLITE_IOERR_WRITE'])
  if (statement === 'commit' || random.chance(0.4)) return { statement, code, times: random.int(1, 4), table: null }
  return { statement, code, times: random.int(1, 10), table: random.pick(REFUSED_TABLES) }
}
