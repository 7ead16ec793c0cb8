/**
 * What one simulation does, as data: the code that scripts declare, the machines and processes, and the steps (requests and
 * faults) with their times. A shrinker removes parts of it; the remaining parts are a program as well.
 */

import type { TriggerPolicy } from '../../src/model/policy.ts'
import type { TriggerRule } from '../../src/model/workflow.ts'

/** Store of the program. */
export type StoreKind = 'sqlite' | 'postgres'

/** The generation that declares everything: it serves when the faults have stopped. */
export const LAST_GENERATION = 3

/** Whether a generation of the code declares something. */
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
  /** Workflow that the body executes and waits for. */
  readonly executes: string | null
  /** The body lends its slot while it waits. */
  readonly defers: boolean
}

export interface ProgramWorkflow {
  readonly key: string
  readonly tasks: readonly ProgramTask[]
  /** Generations of the code that declare it. */
  readonly generations: readonly number[]
  /** Generations 1 and 2 have other dependencies: every task depends on the one before it. */
  readonly isRewired: boolean
}

export interface ProgramTrigger {
  readonly name: string
  readonly workflow: string
  readonly everyMs: number
  readonly allowConcurrent: boolean
  readonly policy: Partial<TriggerPolicy>
  /** Share of polls that fire. */
  readonly fires: number
  readonly fails: number
  /** Number of different contexts: few of them make equal firings. */
  readonly contexts: number
  readonly generations: readonly number[]
}

export interface ProgramCron {
  readonly name: string
  readonly workflow: string
  readonly expression: string
  readonly catchup: 'skip' | 'all' | 'none'
}

export type SourceKind = 'passthrough' | 'batch' | 'polling' | 'state'

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
  /** Generations of the script that declare it: those of its sources, since an event that no reactor lists is not delivered. */
  readonly generations: readonly number[]
}

export interface ProgramSubscription {
  readonly reactor: string
  readonly workflow: string
  /** CEL expression, or null. */
  readonly predicate: string | null
}

export interface ProgramProcess {
  readonly name: string
  readonly machine: number
  readonly startsAt: number
  /** A client opens the database and sends requests; it serves nothing. */
  readonly role: 'serve' | 'client'
  /** Engines on one store object. */
  readonly engines: number
  readonly slots: number
  readonly generation: number
}

/** A request of a caller. `n` makes its trace recognizable in the database. */
export type Request = { readonly n: number; readonly process: string } & (
  | { readonly kind: 'submit' | 'execute'; readonly workflow: string }
  | { readonly kind: 'cancel'; readonly target: number; readonly waits: boolean }
  | { readonly kind: 'pause' | 'resume'; readonly target: number }
  | { readonly kind: 'retry'; readonly target: number; readonly from: 'failed' | 'all' | 'first' }
  | { readonly kind: 'fire'; readonly trigger: string; readonly force: boolean }
  | { readonly kind: 'poll' | 'enable' | 'disable' | 'set' | 'reset'; readonly trigger: string }
  | { readonly kind: 'push'; readonly source: string }
  | { readonly kind: 'fireReactor'; readonly reactor: string }
  | { readonly kind: 'subscribe' | 'unsubscribe'; readonly subscription: number }
  | { readonly kind: 'prune' }
)

export type FaultedStatement = 'begin' | 'write' | 'commit'

export type Fault =
  | { readonly kind: 'kill'; readonly process: string }
  /** Killed by the next commit, after it: its answer is lost. */
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
      /** Only statements that name this table are refused; null: all. */
      readonly table: string | null
    }
  | { readonly kind: 'refuseFor'; readonly process: string; readonly code: string; readonly forMs: number }
  | { readonly kind: 'loseInterpreter'; readonly process: string; readonly forMs: number }
  | { readonly kind: 'moveDatabase' | 'replaceDatabase'; readonly forMs: number }
  /** PostgreSQL only. */
  | { readonly kind: 'cutConnection' | 'loseAnswer'; readonly process: string }

export type StepAction = { readonly request: Request } | { readonly fault: Fault }
export type Step = { readonly at: number } & StepAction

export interface Program {
  readonly seed: number
  readonly store: StoreKind
  readonly machines: readonly { readonly name: string; readonly wallOffsetMs: number }[]
  readonly processes: readonly ProgramProcess[]
  readonly workflows: readonly ProgramWorkflow[]
  readonly triggers: readonly ProgramTrigger[]
  readonly crons: readonly ProgramCron[]
  readonly sources: readonly ProgramSource[]
  readonly reactors: readonly ProgramReactor[]
  readonly subscriptions: readonly ProgramSubscription[]
  readonly steps: readonly Step[]
  /** Tasks that take up to two seconds, so that requests and faults meet them. */
  readonly hasSlowTasks: boolean
  /** Longest time from a commit to its answer. */
  readonly answerWithinMs: number
  /** Age at which ended records are removed; null: never. */
  readonly retentionMs: number | null
  /** Faults stop at this time. */
  readonly durationMs: number
}

/** Dependencies of a task in a generation of the code. */
export function dependenciesIn(workflow: ProgramWorkflow, task: ProgramTask, generation: number): readonly string[] {
  if (!workflow.isRewired || generation === 0 || generation === LAST_GENERATION) return task.after
  const before = workflow.tasks[workflow.tasks.indexOf(task) - 1]
  return before === undefined ? [] : [before.id]
}

/** Loses parts of a program that others refer to: a program without them is valid as well. */
export function withoutDangling(program: Program): Program {
  const workflows = new Set(program.workflows.map(({ key }) => key))
  const triggers = program.triggers.filter(({ workflow }) => workflows.has(workflow))
  const crons = program.crons.filter(({ workflow }) => workflows.has(workflow))
  const reactors = program.reactors
  const names = new Set<string>([
    ...workflows,
    ...triggers.map(({ name }) => name),
    ...program.sources.map(({ name }) => name),
    ...reactors.map(({ name }) => name),
  ])
  const isKept = (step: Step): boolean => {
    if (!('request' in step)) return true
    const { request } = step
    if ('workflow' in request) return names.has(request.workflow)
    if ('trigger' in request) return names.has(request.trigger)
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
    workflows: program.workflows.map((workflow) => withoutMissing(workflow, workflows)),
  }
}

function withoutMissing(workflow: ProgramWorkflow, workflows: ReadonlySet<string>): ProgramWorkflow {
  const ids = new Set(workflow.tasks.map(({ id }) => id))
  return {
    ...workflow,
    tasks: workflow.tasks.map((task) => ({
      ...task,
      after: task.after.filter((id) => ids.has(id)),
      rule: 'taskName' in task.rule && !ids.has(task.rule.taskName) ? { type: 'Always' } : task.rule,
      executes: task.executes !== null && workflows.has(task.executes) ? task.executes : null,
    })),
  }
}
