/**
 * Random limits of tasks and workflows, with the workflows, triggers and requests that use them: bursts of starts with
 * different values and priorities, `TryLater`, changes of limits by people, and faults. They have random numbers of
 * their own.
 */

import type { LimitRate } from '../../src/model/limits/limits.ts'
import type { Overflow } from '../../src/model/workflow.ts'
import { drawTasks, type Parts } from './generate-parts.ts'
import { DURATION_MS, drawFault, type Omitted } from './generate-steps.ts'
import type {
  Program,
  ProgramCron,
  ProgramLimit,
  ProgramTask,
  ProgramTrigger,
  ProgramWorkflow,
  Request,
  Step,
  StoreKind,
} from './program.ts'
import type { SeededRandom } from './random.ts'

const FIRST_N = 600_000
/** Share of programs with limits. */
const SHARE = 0.4
/** Duration of a task that is longer than a lease. */
const LONG_MS = 13_000
/** A number and a text with the same digits are different values. */
const CUSTOMERS = [1, '1', 2] as const

interface Limits extends Pick<Program, 'limits' | 'workflows' | 'triggers' | 'crons'> {
  readonly steps: readonly Step[]
}

/** Returns nothing for most programs. `hasFaults`: whether the program has other faults. */
export function drawLimits(
  random: SeededRandom,
  parts: Pick<Parts, 'processes' | 'machines'>,
  { store, hasFaults }: { readonly store: StoreKind; readonly hasFaults: boolean },
): Limits {
  if (!random.chance(SHARE)) return { limits: [], workflows: [], triggers: [], crons: [], steps: [] }
  const limits = Array.from({ length: random.int(1, 2) }, (_, index) => drawLimit(random, `limit${index}`))
  const hasWorkflowLimits = random.chance(0.6)
  const workflows = Array.from({ length: random.int(1, 2) }, (_, index) =>
    drawWorkflow(random, `l${index}`, limits, hasWorkflowLimits),
  )
  if (random.chance(0.25)) workflows.push(drawParent(random, workflows[0]?.key ?? ''))
  const steps = [...drawStarts(random, workflows, parts), ...drawChanges(random, limits, workflows, parts)]
  const faults = hasFaults ? drawFaults(random, parts, store, steps) : []
  return {
    limits,
    workflows,
    triggers: random.chance(0.3) ? [drawTrigger(random, workflows)] : [],
    crons: random.chance(0.4) ? drawCron(random, workflows) : [],
    steps: [...steps, ...faults],
  }
}

function drawLimit(random: SeededRandom, name: string): ProgramLimit {
  const values = drawValues(random)
  const per = random.chance(0.5) ? 'customer' : null
  return { name, per, ...values, ...(random.chance(0.3) && { later: drawValues(random) }) }
}

function drawValues(random: SeededRandom): Pick<ProgramLimit, 'maxActive' | 'rate'> {
  const kind = random.pick(['active', 'active', 'rate', 'both'] as const)
  return {
    maxActive: kind === 'rate' ? null : random.pick([1, 1, 2, 3]),
    rate: kind === 'active' ? null : drawRate(random),
  }
}

function drawRate(random: SeededRandom): LimitRate {
  return random.pick([
    { count: 1, windowMs: 1_000 },
    { count: 2, windowMs: 1_000 },
    { count: 3, windowMs: 2_000 },
    { count: 4, windowMs: 5_000 },
  ])
}

function drawWorkflow(
  random: SeededRandom,
  key: string,
  limits: readonly ProgramLimit[],
  isLimited: boolean,
): ProgramWorkflow {
  const tasks = drawTasks(random, null).slice(0, 3)
  const always = random.int(0, tasks.length - 1)
  const maxActive = random.pick([1, 1, 2, 3])
  const per = random.chance(0.5) ? 'customer' : null
  return {
    key,
    tasks: tasks.map((task, index) =>
      index === always || random.chance(0.5) ? drawLimited(random, task, limits) : task,
    ),
    generations: [0, 1, 2],
    isRewired: false,
    ...(isLimited && {
      limit: { maxActive, per, overflow: random.pick<Overflow>(['queue', 'queue', 'drop', 'newest']) },
    }),
    ...(isLimited && random.chance(0.3) && { laterMaxActive: random.int(1, 3) }),
    ...(random.chance(0.3) && { priority: random.pick([-5, 10]) }),
  }
}

function drawLimited(random: SeededRandom, task: ProgramTask, limits: readonly ProgramLimit[]): ProgramTask {
  const names = limits.map(({ name }) => name).filter(() => random.chance(0.7))
  const used = names.length === 0 ? [random.pick(limits).name] : names
  if (random.chance(0.1)) return { ...task, maxAttempts: 3, limits: used, takesMs: LONG_MS }
  if (!random.chance(0.35)) return { ...task, limits: used }
  const closing = random.pick([null, random.pick(used), random.chance(0.1) ? 'unknown' : null])
  const triesLater = {
    share: random.pick([0.2, 0.5, 0.9]),
    delayMs: random.pick([0, 40, 700, 3_000]),
    limit: closing,
  }
  return { ...task, limits: used, triesLater }
}

/** Returns a workflow whose task runs a limited workflow as its child. */
function drawParent(random: SeededRandom, child: string): ProgramWorkflow {
  const [first] = drawTasks(random, null)
  if (first === undefined) throw new Error('A workflow has at least one task.')
  const task: ProgramTask = { ...first, defers: false, runs: child }
  return { key: 'lparent', tasks: [task], generations: [0, 1, 2], isRewired: false }
}

function drawTrigger(random: SeededRandom, workflows: readonly ProgramWorkflow[]): ProgramTrigger {
  const { key: workflow, limit } = random.pick(workflows)
  return {
    name: 'ltrigger',
    workflow,
    everyMs: random.pick([200, 1_000]),
    allowConcurrent: random.chance(0.5),
    policy: {},
    fires: random.pick([0.1, 0.4]),
    fails: 0,
    // Rows that a limit drops do not fire again.
    hasRows: random.chance(0.3) && limit?.overflow !== 'drop',
    contexts: random.int(1, 3),
    generations: [0, 1, 2],
    ...(random.chance(0.5) && { priority: random.pick([-20, 20]) }),
  }
}

/** Returns a schedule of a workflow for which at most one execution waits, so that no backlog grows. */
function drawCron(random: SeededRandom, workflows: readonly ProgramWorkflow[]): readonly ProgramCron[] {
  const bounded = workflows.filter(({ limit }) => limit !== undefined && limit.overflow !== 'queue')
  if (bounded.length === 0) return []
  const catchup = random.pick(['skip', 'all', 'none'] as const)
  return [{ name: 'lcron', workflow: random.pick(bounded).key, expression: '*/5 * * * * *', catchup }]
}

/** Adds a request. Returns its number. */
type Add = (at: number, request: Omitted) => number

function adding(random: SeededRandom, steps: Step[], { processes }: Pick<Parts, 'processes'>, firstN: number): Add {
  let n = firstN
  return (at, request) => {
    n += 1
    steps.push({ at: Math.max(0, at), request: { n, process: random.pick(processes).name, ...request } as Request })
    return n
  }
}

/** Returns bursts of starts, because limits decide only if several executions begin close to each other. */
function drawStarts(
  random: SeededRandom,
  workflows: readonly ProgramWorkflow[],
  parts: Pick<Parts, 'processes'>,
): readonly Step[] {
  const steps: Step[] = []
  const add = adding(random, steps, parts, FIRST_N)
  for (let bursts = random.int(1, 3); bursts > 0; bursts--) {
    let at = random.int(0, DURATION_MS - 12_000)
    for (let count = random.int(2, 8); count > 0; count--) {
      const n = add(at, {
        kind: random.chance(0.75) ? 'submit' : 'execute',
        workflow: random.pick(workflows).key,
        ...(random.chance(0.8) && { customer: random.pick(CUSTOMERS) }),
        ...(random.chance(0.4) && { priority: random.pick([-100, -1, 1, 1, 100]) }),
      })
      if (random.chance(0.25)) drawSteering(random, at, n, add)
      at += random.pick([0, 0, 1, 30, 300])
    }
  }
  return steps
}

function drawSteering(random: SeededRandom, startedAt: number, target: number, add: Add): void {
  const at = startedAt + random.pick([5, 100, 700, 3_000])
  const kind = random.pick(['cancel', 'cancel', 'pause', 'retry'] as const)
  if (kind === 'cancel') add(at, { kind, target, waits: random.chance(0.5) })
  else if (kind === 'retry') add(at + 4_000, { kind, target, from: random.pick(['failed', 'all'] as const) })
  else {
    add(at, { kind, target })
    add(at + random.pick([20, 1_000, 7_000]), { kind: 'resume', target })
  }
}

/** Returns changes of limits by people. */
function drawChanges(
  random: SeededRandom,
  limits: readonly ProgramLimit[],
  workflows: readonly ProgramWorkflow[],
  parts: Pick<Parts, 'processes'>,
): readonly Step[] {
  const steps: Step[] = []
  const add = adding(random, steps, parts, FIRST_N + 50_000)
  const named = [
    ...limits,
    ...workflows.flatMap(({ key, limit }) => (limit ? { ...limit, name: `workflow:${key}` } : [])),
  ]
  for (let count = random.int(0, 4); count > 0; count--) {
    const { name: limit, per } = random.pick(named)
    const at = random.int(1_000, DURATION_MS - 4_000)
    const value = per === null || random.chance(0.4) ? null : JSON.stringify(random.pick(CUSTOMERS))
    const kind = random.pick(['set', 'set', 'close', 'close', 'closeFor'] as const)
    const later = at + random.pick([50, 1_000, 6_000])
    if (kind === 'set') {
      const isRate = !limit.startsWith('workflow:') && random.chance(0.3)
      const seconds = random.int(1, 2)
      add(at, {
        ...{ kind: 'setLimit', limit },
        ...(isRate ? { rate: `${random.int(1, 4)}/${seconds}s` } : { maxActive: random.int(1, 4) }),
      })
      if (random.chance(0.6)) add(later, { kind: 'resetLimit', limit })
    } else if (kind === 'close') {
      add(at, { kind: 'closeLimit', limit, value, forMs: null })
      add(later, { kind: 'openLimit', limit, value })
    } else add(at, { kind: 'closeLimit', limit, value, forMs: random.pick([10, 500, 4_000]) })
  }
  return steps
}

const FAULT_KINDS = [
  ...([
    'kill',
    'killAfterCommit',
    'suspend',
    'suspend',
    'suspend',
    'reload',
    'refuse',
    'refuseFor',
    'refuseFor',
  ] as const),
  ...(['stop', 'loseInterpreter', 'cutConnection', 'start'] as const),
] as const

/** Returns faults close to the starts, while attempts use the slots. */
function drawFaults(
  random: SeededRandom,
  { machines, processes }: Pick<Parts, 'processes' | 'machines'>,
  store: StoreKind,
  requests: readonly Step[],
): readonly Step[] {
  const names = processes.map(({ name }) => name)
  const steps: Step[] = []
  for (let count = random.int(0, 4); count > 0; count--) {
    const at = Math.max(100, random.pick(requests).at + random.pick([5, 60, 400, 1_500, 4_000]))
    const fault = drawFault(random, random.pick(FAULT_KINDS), { parts: { machines }, names, at, store })
    if (fault === null) continue
    // A process that this adds may have the name of another one.
    const started =
      fault.kind === 'start' ? { ...fault, process: { ...fault.process, name: `l${fault.process.name}` } } : fault
    steps.push({ at, fault: started })
  }
  return steps
}
