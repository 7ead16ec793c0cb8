/**
 * Random workflows with nodes that wait, and their requests: starts, steering, signals before, during and after the
 * waits, and answers to approvals. They have random numbers of their own.
 */

import type { OnTimeout, WaitDefinition } from '../../src/model/workflow.ts'
import { drawGenerations, drawTasks, type Parts } from './generate-parts.ts'
import { DURATION_MS, drawFault, type Omitted } from './generate-steps.ts'
import type { ProgramTask, ProgramWorkflow, Request, Step, StoreKind } from './program.ts'
import type { SeededRandom } from './random.ts'

/** Numbers of the first requests for a workflow with nodes, and for a workflow with children. */
const FIRST_N = 700_000
const FIRST_PARENT_N = 800_000
/** Shares of programs with nodes and with children. */
const SHARE = 0.35
const SHARE_WITH_CHILDREN = 0.2
const SIGNALS = ['paid', 'shipped'] as const

interface Waits {
  readonly workflows: readonly ProgramWorkflow[]
  readonly steps: readonly Step[]
}

/** Returns nothing for most programs. `hasFaults`: whether the program has other faults. */
export function drawWaits(
  random: SeededRandom,
  parts: Pick<Parts, 'processes' | 'machines'>,
  { store, hasFaults }: { readonly store: StoreKind; readonly hasFaults: boolean },
): Waits {
  if (!random.chance(SHARE)) return { workflows: [], steps: [] }
  const workflows = Array.from({ length: random.int(1, 2) }, (_, index) => drawWorkflow(random, `n${index}`))
  const requests = drawRequests(random, workflows, parts, FIRST_N)
  const faults = hasFaults ? drawFaults(random, parts, store, requests) : []
  return { workflows, steps: [...requests, ...faults] }
}

/** Returns workflows whose tasks start children with nodes, which take longer than a task may wait in memory. */
export function drawChildren(
  random: SeededRandom,
  parts: Pick<Parts, 'processes' | 'machines'>,
  { store, hasFaults }: { readonly store: StoreKind; readonly hasFaults: boolean },
): Waits {
  if (!random.chance(SHARE_WITH_CHILDREN)) return { workflows: [], steps: [] }
  const child = drawWorkflow(random, 'child')
  const tasks = drawTasks(random, null)
  const always = random.int(0, tasks.length - 1)
  const parent: ProgramWorkflow = {
    key: 'parent',
    tasks: tasks.map((task, index) => {
      return index === always || random.chance(0.4) ? { ...task, defers: false, runs: 'child' } : task
    }),
    generations: [0, 1, 2],
    isRewired: false,
  }
  const requests = drawRequests(random, [parent], parts, FIRST_PARENT_N)
  const faults = hasFaults ? drawFaults(random, parts, store, requests) : []
  return { workflows: [{ ...child, tasks: child.tasks.map(withoutRequest) }, parent], steps: [...requests, ...faults] }
}

/** The input of a child contains no number of a request. */
function withoutRequest(task: ProgramTask): ProgramTask {
  return task.wait?.kind === 'signal' ? { ...task, wait: { ...task.wait, key: '' } } : task
}

function drawWorkflow(random: SeededRandom, key: string): ProgramWorkflow {
  const tasks = drawTasks(random, null)
  const generations = random.chance(0.7) ? [0, 1, 2] : drawGenerations(random)
  const nodes = tasks.map((_, index) => random.chance(index === 0 ? 0.3 : 0.5))
  const always = random.int(0, tasks.length - 1)
  return {
    key,
    tasks: tasks.map((task, index) => (nodes[index] || index === always ? drawNode(random, task, index) : task)),
    generations,
    isRewired: random.chance(0.15),
  }
}

function drawNode(random: SeededRandom, task: ProgramTask, index: number): ProgramTask {
  const wait = drawWait(random)
  // A workflow has at least one task.
  const later = index > 0 && random.chance(0.3) ? random.pick(['removed', 'task'] as const) : undefined
  return { ...task, maxAttempts: 1, defers: false, wait, ...(later !== undefined && { later }) }
}

function drawWait(random: SeededRandom): WaitDefinition {
  const kind = random.pick(['delay', 'signal', 'signal', 'approval'] as const)
  if (kind === 'delay') return { kind, end: { kind: 'after', ms: random.pick([1, 60, 500, 3_000, 12_000]) } }
  const timeoutMs = random.chance(0.5) ? null : random.pick([50, 400, 3_000, 10_000])
  const limit = { timeoutMs, onTimeout: random.pick<OnTimeout>(['fail', 'skip', 'continue']) }
  if (kind === 'approval') return { kind, ...limit, title: 'Continue {request}?', form: null }
  return { kind, ...limit, signal: random.pick(SIGNALS), key: random.pick(['', '{request}', '{request}', '{last}']) }
}

function drawRequests(
  random: SeededRandom,
  workflows: readonly ProgramWorkflow[],
  { processes }: Pick<Parts, 'processes'>,
  firstN: number,
): readonly Step[] {
  const steps: Step[] = []
  let n = firstN
  const add = (at: number, request: Omitted): number => {
    n += 1
    const process = random.pick(processes).name
    steps.push({ at: Math.max(0, at), request: { n, process, ...request } as Request })
    return n
  }
  for (let count = random.int(2, 7); count > 0; count--) {
    const { key: workflow, tasks } = random.pick(workflows)
    const at = random.int(0, DURATION_MS - 8_000)
    const target = add(at, { kind: random.chance(0.7) ? 'submit' : 'execute', workflow })
    for (const { wait } of tasks) {
      if (wait?.kind === 'signal') drawSignals(random, at, { wait, target, tasks }, add)
      if (wait?.kind === 'approval') drawAnswers(random, at, target, add)
    }
    if (random.chance(0.5)) drawSteering(random, at, { target, tasks }, add)
  }
  return steps
}

type Add = (at: number, request: Omitted) => number

/** Returns a time before, during or after the waits of an execution that starts at a time. */
function nearOf(random: SeededRandom, at: number): number {
  return at + random.pick([-2_000, -100, 0, 5, 40, 300, 1_200, 4_000, 9_000, 15_000])
}

function drawSignals(
  random: SeededRandom,
  at: number,
  given: {
    readonly wait: Extract<WaitDefinition, { readonly kind: 'signal' }>
    readonly target: number
    readonly tasks: readonly ProgramTask[]
  },
  add: Add,
): void {
  const { signal, key: template } = given.wait
  for (let count = random.pick([0, 1, 1, 1, 2, 3]); count > 0; count--) {
    const last = random.pick(given.tasks).id
    const waitKey = template.replace('{request}', String(given.target)).replace('{last}', last)
    const sentAt = nearOf(random, at)
    const id = add(sentAt, { kind: 'signal', signal, waitKey, id: null, isOther: false })
    if (random.chance(0.25))
      add(sentAt + random.pick([0, 10, 2_000]), { kind: 'signal', signal, waitKey, id, isOther: random.chance(0.2) })
  }
}

function drawAnswers(random: SeededRandom, at: number, target: number, add: Add): void {
  let answeredAt = nearOf(random, at)
  for (let count = random.pick([0, 1, 1, 2, 2, 4]); count > 0; count--) {
    add(answeredAt, { kind: 'answer', target, approves: random.chance(0.75) })
    answeredAt += random.pick([0, 0, 5, 600, 5_000])
  }
}

function drawSteering(
  random: SeededRandom,
  startedAt: number,
  { target, tasks }: { readonly target: number; readonly tasks: readonly ProgramTask[] },
  add: Add,
): void {
  let at = startedAt + random.pick([50, 500, 3_000, 6_000])
  for (let count = random.int(1, 3); count > 0; count--) {
    const kind = random.pick(['cancel', 'pause', 'resume', 'retry', 'retry'] as const)
    const node = random.pick(tasks).id as `t${number}`
    if (kind === 'cancel') add(at, { kind, target, waits: random.chance(0.5) })
    else if (kind === 'retry') add(at + 3_000, { kind, target, from: random.pick(['failed', 'all', node]) })
    else add(at, { kind, target })
    at += random.pick([0, 5, 400, 4_000])
  }
}

const FAULT_KINDS = ['kill', 'killAfterCommit', 'suspend', 'reload', 'reload', 'refuse', 'refuseFor', 'stop'] as const

/** Returns faults close to the requests. */
function drawFaults(
  random: SeededRandom,
  { machines, processes }: Pick<Parts, 'processes' | 'machines'>,
  store: StoreKind,
  requests: readonly Step[],
): readonly Step[] {
  const names = processes.map(({ name }) => name)
  const steps: Step[] = []
  for (let count = random.int(0, 3); count > 0; count--) {
    const at = Math.max(100, random.pick(requests).at + random.pick([-20, 5, 60, 400, 1_500]))
    const fault = drawFault(random, random.pick(FAULT_KINDS), { parts: { machines }, names, at, store })
    if (fault !== null) steps.push({ at, fault })
  }
  return steps
}
