/**
 * Program of one simulation, as data: the declarations of scripts, the machines and processes, and the steps (requests
 * and faults) with their times. Shrinking removes parts of a program, and the remaining parts are a program too.
 */

import type { LimitRate } from '../../src/model/limits/limits.ts'
import type { TriggerPolicy } from '../../src/model/policy.ts'
import type { TriggerRule, WaitDefinition, WorkflowLimit } from '../../src/model/workflow.ts'

/** Kind of database that a program uses. */
export type StoreKind = 'sqlite' | 'postgres'

/** Generation that declares everything. It is served after the faults have stopped. */
export const LAST_GENERATION = 3

/** Returns whether a generation of the code contains a declaration. */
export function isDeclaredIn(
  { generations }: { readonly generations: readonly number[] },
  generation: number,
): boolean {
  return generation === LAST_GENERATION || generations.includes(generation)
}

export interface ProgramTask {
  readonly id: string
  readonly after: readonly string[]
  readonly rule: TriggerRule
  readonly maxAttempts: number
  readonly delayMs: number
  /** Workflow that the task executes and waits for, or null. */
  readonly executes: string | null
  /** Whether the task releases its slot while it waits. */
  readonly defers: boolean
  /** Event for which the node waits. Undefined for a task. */
  readonly wait?: WaitDefinition
  /** Workflow that the task starts as a child, and waits for. */
  readonly runs?: string
  /** Change of the node in generations 1 and 2: it is removed, or becomes a task. Undefined: no change. */
  readonly later?: 'removed' | 'task'
  /** Names of the limits of the task. */
  readonly limits?: readonly string[]
  /** Duration of its attempts, which may be longer than a lease. Undefined: random, and at most 8 s. */
  readonly takesMs?: number
  /** How often its attempts end with `TryLater`. */
  readonly triesLater?: ProgramTryLater
}

interface ProgramTryLater {
  /** Share of attempts, from 0 to 1. */
  readonly share: number
  readonly delayMs: number
  /** Name of the limit whose slots it closes, or null. */
  readonly limit: string | null
}

/** Limit of tasks. */
export interface ProgramLimit {
  readonly name: string
  readonly maxActive: number | null
  readonly rate: LimitRate | null
  readonly per: 'customer' | null
  /** Values in generations 1 and 2. Undefined: they are the same. */
  readonly later?: Pick<ProgramLimit, 'maxActive' | 'rate'>
}

export interface ProgramWorkflow {
  readonly key: string
  readonly tasks: readonly ProgramTask[]
  /** Generations of the code that declare the workflow. */
  readonly generations: readonly number[]
  /** Whether generations 1 and 2 have other dependencies: every task depends on the previous task. */
  readonly isRewired: boolean
  /** Limit of the executions of the workflow. */
  readonly limit?: WorkflowLimit
  /** Its maximum in generations 1 and 2. Undefined: it is the same. */
  readonly laterMaxActive?: number
  readonly priority?: number
}

export interface ProgramTrigger {
  readonly name: string
  readonly workflow: string
  readonly everyMs: number
  readonly allowConcurrent: boolean
  readonly policy: Partial<TriggerPolicy>
  /** Share of polls that fire, from 0 to 1. */
  readonly fires: number
  readonly fails: number
  /** Whether each poll returns a list of numbered rows with keys, and keeps the last number in the state. */
  readonly hasRows: boolean
  /** Number of different contexts. A small number causes equal firings. */
  readonly contexts: number
  readonly generations: readonly number[]
  readonly priority?: number
}

export interface ProgramCron {
  readonly name: string
  readonly workflow: string
  readonly expression: string
  readonly catchup: 'skip' | 'all' | 'none'
}

type SourceKind = 'passthrough' | 'batch' | 'polling' | 'state'

export interface ProgramSource {
  readonly name: string
  readonly kind: SourceKind
  readonly generations: readonly number[]
}

export interface ProgramReactor {
  readonly name: string
  readonly sources: readonly string[]
  readonly mode: 'when_any' | 'when_all'
  readonly graph: string | null
  /** Generations that declare the reactor and its sources. An event of a source without a reactor is not delivered. */
  readonly generations: readonly number[]
}

export interface ProgramSubscription {
  readonly reactor: string
  readonly workflow: string
  /** CEL expression, or null. */
  readonly predicate: string | null
}

/** Receiver of messages about incidents, with the shares of messages that it does not accept in order. */
export interface ProgramReceiver {
  readonly name: string
  readonly refuses: number
  readonly hangs: number
  /** Share of messages that it accepts without a response that arrives. */
  readonly losesAnswers: number
}

/** Options of all engines for incidents. */
export interface ProgramAlerts {
  readonly failuresInRow: number
  readonly lateByMs: number
  readonly repeatMs: number
  readonly cooldownMs: number
  readonly recovered: boolean
  readonly receivers: readonly ProgramReceiver[]
  /** Routes by one workflow or one kind. Their receivers may not exist. */
  readonly routes: readonly {
    readonly workflow?: string
    readonly kind?: string
    readonly receiver: readonly string[]
  }[]
  /** Deadlines of workflows; with a task, of this task. */
  readonly deadlines: readonly { readonly workflow: string; readonly task: string | null; readonly withinMs: number }[]
  readonly expected: readonly { readonly trigger: string; readonly withinMs: number }[]
  /** Workflow that must be done by a time of day in UTC, or null. */
  readonly doneBy: { readonly workflow: string; readonly time: string } | null
}

export interface ProgramProcess {
  readonly name: string
  readonly machine: number
  readonly startsAt: number
  /** Role of the process. A client opens the database and sends requests, but serves nothing. */
  readonly role: 'serve' | 'client'
  /** Number of engines on one store object. */
  readonly engines: number
  readonly slots: number
  readonly generation: number
}

interface SignalRequest {
  readonly kind: 'signal'
  readonly signal: string
  readonly waitKey: string
  /** Number of an earlier request whose id the signal repeats, or null. */
  readonly id: number | null
  /** Whether the payload differs from the one of the earlier request. */
  readonly isOther: boolean
}

/** Change of a limit by a person. `value`: JSON text, or null for all values. */
export type LimitRequest =
  | { readonly kind: 'setLimit'; readonly limit: string; readonly maxActive?: number; readonly rate?: string }
  | { readonly kind: 'resetLimit'; readonly limit: string }
  | {
      readonly kind: 'closeLimit'
      readonly limit: string
      readonly value: string | null
      readonly forMs: number | null
    }
  | { readonly kind: 'openLimit'; readonly limit: string; readonly value: string | null }

/** Request of a caller. The number `n` identifies the rows that it creates in the database. */
export type Request = { readonly n: number; readonly process: string } & (
  | {
      readonly kind: 'submit' | 'execute'
      readonly workflow: string
      /** Value of `per` in the input. */
      readonly customer?: number | string
      readonly priority?: number
    }
  /** `key`: the number of the first request with this key, which is also in the input of all of them. */
  | { readonly kind: 'submitOnce' | 'executeOnce'; readonly workflow: string; readonly key: number }
  /** `target`: the number of the request that started the execution, or the id of the execution. */
  | { readonly kind: 'cancel'; readonly target: number | string; readonly waits: boolean }
  | { readonly kind: 'pause' | 'resume'; readonly target: number }
  /** `from`: the failed tasks, all tasks, the first task, or the task with this id. */
  | { readonly kind: 'retry'; readonly target: number; readonly from: 'failed' | 'all' | 'first' | `t${number}` }
  | SignalRequest
  /** Answers an open approval of an execution, or else its newest one. */
  | { readonly kind: 'answer'; readonly target: number | string; readonly approves: boolean }
  | { readonly kind: 'fire'; readonly trigger: string; readonly force: boolean }
  | { readonly kind: 'poll' | 'enable' | 'disable' | 'set' | 'reset'; readonly trigger: string }
  | { readonly kind: 'push'; readonly source: string }
  | { readonly kind: 'fireReactor'; readonly reactor: string }
  | { readonly kind: 'subscribe' | 'unsubscribe'; readonly subscription: number }
  | { readonly kind: 'backfill'; readonly cron: string; readonly maxActive: number }
  /** `backfill`: number of the request that started it. */
  | { readonly kind: 'cancelBackfill'; readonly backfill: number }
  | { readonly kind: 'prune' }
  | LimitRequest
)

type FaultedStatement = 'begin' | 'write' | 'commit'

export type Fault =
  | { readonly kind: 'kill'; readonly process: string }
  /** The process is killed directly after its next commit, whose result is lost. */
  | { readonly kind: 'killAfterCommit'; readonly process: string }
  | { readonly kind: 'suspend'; readonly process: string; readonly forMs: number; readonly withPython: boolean }
  | { readonly kind: 'stop'; readonly process: string; readonly graceMs: number }
  | { readonly kind: 'start'; readonly process: ProgramProcess }
  | { readonly kind: 'reload'; readonly process: string; readonly generation: number; readonly fails: boolean }
  | { readonly kind: 'setWall'; readonly machine: number; readonly byMs: number }
  | {
      readonly kind: 'refuse'
      readonly process: string
      readonly statement: FaultedStatement
      readonly code: string
      readonly times: number
      /** Table of the refused statements; null for all statements. */
      readonly table: string | null
    }
  | { readonly kind: 'refuseFor'; readonly process: string; readonly code: string; readonly forMs: number }
  | { readonly kind: 'loseInterpreter'; readonly process: string; readonly forMs: number }
  | { readonly kind: 'moveDatabase' | 'replaceDatabase'; readonly forMs: number }
  /** Copies the database; replaces the database by this copy. Occurs only in hand-written programs for SQLite. */
  | { readonly kind: 'copyDatabase' | 'restoreDatabase' }
  /** Occurs only on PostgreSQL. */
  | { readonly kind: 'cutConnection' | 'loseAnswer'; readonly process: string }

type StepAction = { readonly request: Request } | { readonly fault: Fault }
export type Step = { readonly at: number } & StepAction

export interface Program {
  readonly seed: number
  readonly store: StoreKind
  readonly machines: readonly { readonly name: string; readonly wallOffsetMs: number }[]
  readonly processes: readonly ProgramProcess[]
  readonly workflows: readonly ProgramWorkflow[]
  readonly limits: readonly ProgramLimit[]
  readonly triggers: readonly ProgramTrigger[]
  readonly crons: readonly ProgramCron[]
  readonly sources: readonly ProgramSource[]
  readonly reactors: readonly ProgramReactor[]
  readonly subscriptions: readonly ProgramSubscription[]
  readonly alerts: ProgramAlerts
  readonly steps: readonly Step[]
  /** Whether tasks take up to two seconds, so that requests and faults arrive while they run. */
  readonly hasSlowTasks: boolean
  /** Maximum time from a commit to its result. */
  readonly answerWithinMs: number
  /** Age at which ended records are removed; null for never. */
  readonly retentionMs: number | null
  /** Time at which the faults stop. */
  readonly durationMs: number
}

const ALWAYS: TriggerRule = { type: 'Always' }

/** Returns whether a generation of the code differs from the first one in some tasks and limits. */
export function isChangedIn(generation: number): boolean {
  return generation !== 0 && generation !== LAST_GENERATION
}

/** Returns whether the tasks of a workflow differ in generations 1 and 2. */
export function hasChanges({ tasks, isRewired }: ProgramWorkflow): boolean {
  return isRewired || tasks.some(({ later }) => later !== undefined)
}

/** Returns the tasks of a workflow in a generation of the code. */
export function tasksIn(workflow: ProgramWorkflow, generation: number): readonly ProgramTask[] {
  if (!isChangedIn(generation) || !hasChanges(workflow)) return workflow.tasks
  const tasks = workflow.tasks.filter(({ later }) => later !== 'removed')
  const ids = new Set(tasks.map(({ id }) => id))
  return tasks.map(({ wait, ...task }, index): ProgramTask => {
    const before = tasks[index - 1]
    const previous = before === undefined ? [] : [before.id]
    return {
      ...task,
      after: workflow.isRewired ? previous : task.after.filter((id) => ids.has(id)),
      rule: namesOf(task.rule).every((id) => ids.has(id)) ? task.rule : ALWAYS,
      ...(wait !== undefined && task.later === undefined && { wait }),
    }
  })
}

function namesOf(rule: TriggerRule): readonly string[] {
  if ('taskName' in rule) return [rule.taskName]
  return 'conditions' in rule ? rule.conditions.flatMap(namesOf) : []
}

/** Returns a program without references to its missing parts. */
export function withoutDangling(program: Program): Program {
  const workflows = new Set(program.workflows.map(({ key }) => key))
  const triggers = program.triggers.filter(({ workflow }) => workflows.has(workflow))
  const crons = program.crons.filter(({ workflow }) => workflows.has(workflow))
  const reactors = program.reactors
  const limits = limitNames(program)
  const names = new Set<string>([
    ...workflows,
    ...triggers.map(({ name }) => name),
    ...crons.map(({ name }) => name),
    ...program.sources.map(({ name }) => name),
    ...reactors.map(({ name }) => name),
  ])
  const isKept = (step: Step): boolean => {
    if (!('request' in step)) return true
    const { request } = step
    if ('workflow' in request) return names.has(request.workflow)
    if ('limit' in request) return limits.has(request.limit)
    if ('trigger' in request) return names.has(request.trigger)
    if ('cron' in request) return names.has(request.cron)
    if ('source' in request) return names.has(request.source)
    if ('reactor' in request) return names.has(request.reactor)
    if ('subscription' in request) return request.subscription < program.subscriptions.length
    return true
  }
  return {
    ...program,
    triggers,
    crons,
    reactors,
    subscriptions: program.subscriptions.map((each) => each),
    steps: program.steps.filter(isKept),
    workflows: program.workflows.map((workflow) => withoutMissing(workflow, workflows, limits)),
  }
}

/** Returns the names of the limits of tasks and workflows. */
export function limitNames({ limits, workflows }: Pick<Program, 'limits' | 'workflows'>): ReadonlySet<string> {
  const ofWorkflows = workflows.flatMap(({ key, limit }) => (limit === undefined ? [] : `workflow:${key}`))
  return new Set([...limits.map(({ name }) => name), ...ofWorkflows])
}

function withoutMissing(
  workflow: ProgramWorkflow,
  workflows: ReadonlySet<string>,
  names: ReadonlySet<string>,
): ProgramWorkflow {
  const ids = new Set(workflow.tasks.map(({ id }) => id))
  return {
    ...workflow,
    tasks: workflow.tasks.map(({ runs, limits, ...task }) => ({
      ...task,
      ...(limits !== undefined && { limits: limits.filter((name) => names.has(name)) }),
      ...(runs !== undefined && workflows.has(runs) && { runs }),
      after: task.after.filter((id) => ids.has(id)),
      rule: namesOf(task.rule).every((id) => ids.has(id)) ? task.rule : ALWAYS,
      executes: task.executes !== null && workflows.has(task.executes) ? task.executes : null,
    })),
  }
}
