/**
 * Random steps of a program: requests and faults. Requests for one execution often follow each other within a short
 * time, because such requests have found defects.
 */

import { drawProcess, type Focus, type Parts } from './generate-parts.ts'
import type { Fault, Request, Step, StoreKind } from './program.ts'
import type { SeededRandom } from './random.ts'

export const DURATION_MS = 30_000
const GENERATIONS = 3
/** Number of the first request for a backfill. */
const FIRST_BACKFILL = 100_000

export function drawRequests(random: SeededRandom, parts: Parts, focus: Focus): Step[] {
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

/** Returns backfills of the last seconds, which overlap with live firings, and cancels of some of them. */
export function drawBackfills(random: SeededRandom, { crons, processes }: Parts): Step[] {
  const steps: Step[] = []
  for (let count = random.int(0, 3); count > 0 && crons.length > 0; count--) {
    const at = random.int(2_000, DURATION_MS)
    const n = FIRST_BACKFILL + steps.length
    const cron = random.pick(crons).name
    const process = random.pick(processes).name
    steps.push({ at, request: { n, process, kind: 'backfill', cron, maxActive: random.int(1, 3) } })
    if (random.chance(0.6)) continue
    const cancel = { n: n + 1, process: random.pick(processes).name, kind: 'cancelBackfill', backfill: n } as const
    steps.push({ at: at + random.pick([100, 1_000, 4_000]), request: cancel })
  }
  return steps
}

/** Request without the parts that `add` draws. */
export type Omitted = Request extends infer One ? (One extends Request ? Omit<One, 'n' | 'process'> : never) : never

/** Returns requests for one execution that are close to each other and to its tasks. */
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

export function drawFaults(random: SeededRandom, parts: Parts, store: StoreKind, requests: readonly Step[]): Step[] {
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

/** Returns a time just before or after a request. */
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
  readonly parts: Pick<Parts, 'machines'>
  /** Names of the processes so far. A start fault adds one. */
  readonly names: string[]
  readonly at: number
  readonly store: StoreKind
}

export function drawFault(random: SeededRandom, kind: (typeof FAULT_KINDS)[number], given: FaultParts): Fault | null {
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
