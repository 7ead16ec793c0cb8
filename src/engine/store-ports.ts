/** Values of the store's methods about triggers, executions, actions and logs. */

import type { ActionAnswer, NewAction, NumberedRequest } from '../model/action.ts'
import type { ContextText } from '../model/context.ts'
import type { AttemptRow, ExecutionStatus, TaskRun } from '../model/execution.ts'
import type { PythonFault } from '../model/fault.ts'
import type { LogPiece } from '../model/log.ts'
import type { TriggerPolicy } from '../model/policy.ts'
import type { TickOutcome } from '../model/schedule.ts'

/** What the code says of a poll trigger. */
export interface TriggerDeclaration {
  readonly name: string
  readonly workflow: string
  readonly pollIntervalMs: number
  readonly allowConcurrent: boolean
  readonly policy: TriggerPolicy
}

/** `more`: a part of its history is removed, and the rest is asked for next. `declared`: by a process that serves. */
export type TriggerRemoval = 'removed' | 'more' | 'declared' | 'unknown'

/** What code an instance has. */
export interface InstanceCode {
  /** Whether it polls the triggers that it declares, or only runs tasks. */
  readonly isPolling: boolean
  /** The names of its triggers: those that are polled, and those with a cron expression. */
  readonly polled: readonly string[]
  readonly crons: readonly string[]
  /** Those that it runs. */
  readonly workflows: readonly { readonly name: string; readonly version: string }[]
}

export interface HeartbeatAnswer {
  /** Number of other living instances that have announced workflows. */
  readonly others: number
  /** Others took the instance for dead: its leases and executions may be theirs now. */
  readonly wasDead: boolean
}

/** Leases of an instance. */
export interface LeasedTriggers {
  /** All that it holds now, in the order of the names that were asked for. */
  readonly held: readonly TriggerLease[]
  /** Names of the triggers among them that are the share of another instance, which waits for them. */
  readonly surplus: readonly string[]
}

/** An action that is stored with its answer, in the step that carries it out. */
export interface RecordedAction {
  readonly action: NewAction
  readonly answer: ActionAnswer
}

/** An execution without a living owner that a cancel has ended. */
export interface CancelledExecution {
  readonly workflow: string
  readonly endedAt: number
  readonly errorMessage: string
}

/** State of an execution when a request for it is stored. */
export type SteeringAnswer =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ended'; readonly status: ExecutionStatus }
  /** A cancel was requested before: nothing else is accepted. */
  | { readonly kind: 'cancelling' }
  /** The request is carried out and answered, or there is none. `cancelled`: the end that this step stored, or null. */
  | { readonly kind: 'applied'; readonly cancelled: CancelledExecution | null }
  /** The owner has to apply it. */
  | { readonly kind: 'requested'; readonly request: NumberedRequest }

/** The right to poll a trigger. Its number goes up each time the lease is taken, so that a former holder is known by it. */
export interface TriggerLease {
  readonly trigger: string
  readonly number: number
}

/** How punctual a poll was, in whole milliseconds. */
export interface PollTimes {
  /** From when it was due to when it was asked; null when it was not due. */
  readonly latenessMs: number | null
  /** From when it was asked to its answer; null when nothing was polled. */
  readonly durationMs: number | null
}

/** What is known of a poll besides its outcome. */
export interface PollRecord extends PollTimes {
  /** What it printed and logged, as JSON lines; nothing where there is nothing to keep. */
  readonly log?: string | null
}

/** A poll that skipped. Of a run of them, the log of the last one is kept that has any. */
export interface SkippedTick extends PollRecord {
  readonly trigger: string
  readonly at: number
  readonly reason: string | null
  /** It answered to fire, and only a change from skip to fire counts. */
  readonly isFiring: boolean
}

export interface FiredTick extends PollRecord {
  readonly trigger: string
  /** The number of the lease under which it was polled; null: the database that gave it was lost since, and it is not compared. */
  readonly lease: number | null
  readonly at: number
  /** Deduplication key; see `FiringRow.contextHash`. */
  readonly contextHash: string
  /** False: drop it when a firing of the same trigger with the same hash is active. */
  readonly allowConcurrent: boolean
  /** So many executions of the trigger may be active; null: any number. */
  readonly maxActive: number | null
  /** True: it fires only where the answer of the poll before was not to fire. */
  readonly onChange: boolean
  /** Null: a poll. Else somebody fires it by hand, and this says so: no poll is counted by it. */
  readonly byHand: string | null
  /** Recorded in the same step, with an answer that says what the firing resulted in. */
  readonly recorded?: { readonly action: NewAction; answer(result: FiredTickResult): ActionAnswer }
  readonly firingId: string
  /** The run to start, or null when it cannot be started: the firing is recorded as ended, without a run. */
  readonly execution: NewExecution | null
}

/** `lost`: the lease has been taken by another since, and nothing is stored. */
export type FiredTickResult =
  /** `unchanged`: the poll before answered to fire, too. It is noted as a skip. */
  | { readonly kind: 'started' | 'unchanged' }
  | { readonly kind: 'lost' }
  | { readonly kind: 'limited'; readonly active: number }
  /** `executionId`: of the active firing. Null when that has no run. */
  | { readonly kind: 'duplicate'; readonly executionId: string | null }

export interface FailedTick extends PollRecord {
  readonly trigger: string
  /** The number of the lease under which it was polled; null: the database that gave it was lost since, and it is not compared. */
  readonly lease: number | null
  readonly at: number
  readonly outcome: 'failed' | 'timedOut'
  readonly error: PythonFault
  /** After so many failures in a row the trigger is disabled; null: never. */
  readonly pauseAfter: number | null
}

export type FailedTickResult =
  | { readonly kind: 'recorded' | 'lost' }
  /** The trigger is disabled by it. */
  | { readonly kind: 'paused'; readonly note: string }

/** A new execution, complete before it is stored. */
export interface NewExecution {
  readonly id: string
  readonly workflow: string
  readonly version: string
  readonly inputText: ContextText
  readonly tasks: readonly NewTask[]
  /** The execution that it tries again. */
  readonly retryOf?: string
}

export interface NewTask {
  readonly taskId: string
  readonly fullName: string
  /** What it came to in the execution that is tried again: it is not run. */
  readonly kept?: TaskRun
}

/** How one attempt changes its execution; one atomic step. */
export interface Settlement {
  readonly executionId: string
  /** The acquisition under which it is written: refused when it is not the newest one. */
  readonly ownerNumber: number
  readonly changes: readonly TaskChange[]
  /** Attempts that have ended. */
  readonly attempts?: readonly AttemptRow[]
  /** A request that the owner applies with these changes. Nothing of it is stored when a newer request replaced it. */
  readonly applied?: NumberedRequest
  /** JSON: answer to a cancel that waits, when these changes end the execution as Cancelled. */
  readonly cancelReport?: string
  /** Set when these changes end the execution. */
  readonly end: ExecutionEnd | null
  /** It is nobody's after these changes, and waits for an instance that declares its workflow. None of its tasks runs. */
  readonly isGivenBack?: true
}

/** The new state of one task run. Every field is written. */
export interface TaskChange {
  readonly taskId: string
  readonly status: 'Ready' | 'Running' | 'Completed' | 'Failed' | 'Skipped' | 'Cancelled'
  readonly attempts: number
  readonly recoveries: number
  readonly notBeforeAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly finishedOrder: number | null
  readonly outputText: ContextText | null
  readonly error: PythonFault | null
}

export interface ExecutionEnd {
  readonly status: 'Completed' | 'Failed' | 'Cancelled'
  readonly endedAt: number
  readonly finalText: ContextText
  readonly errorMessage: string | null
}

export interface Acquisition {
  readonly instanceId: string
  /** Only executions of these workflows are taken. */
  readonly workflows: readonly string[]
  readonly at: number
  readonly limit: number
  /** Take over what dead instances owned. */
  readonly recover: boolean
  /** Only these are taken, and none of a dead instance. Default: all. */
  readonly executionIds?: readonly string[]
}

/** Which executions a list has; each is a condition more. */
export interface ExecutionFilter {
  readonly workflow?: string
  readonly status?: ExecutionStatus
  /** Those that a trigger of this name started. */
  readonly trigger?: string
  /** Created at this instant or later. */
  readonly sinceAt?: number
  /** Created before this instant. */
  readonly untilAt?: number
  /** Those that try this one again, whose id is given. */
  readonly retryOf?: string
  /** Older than this one, whose id is given: the list goes on behind it. [] when it does not exist. */
  readonly after?: string
}

export interface Page {
  readonly limit: number
  readonly offset: number
}

/** Part of a list: `after` is the id of the last row of the part before, however old that row is. */
export interface PageAfter extends Page {
  readonly after?: string
}

/** Which ticks a list has; each is a condition more. */
export interface TickFilter {
  readonly outcomes?: readonly TickOutcome[]
  /** Its last instant is this one or later. */
  readonly sinceAt?: number
  /** Its first instant is before this one. */
  readonly untilAt?: number
  /** The last one of the part before. */
  readonly after?: { readonly id: string; readonly lastAt: number }
}

/** Which attempt is meant. */
export type AttemptRef = Pick<AttemptRow, 'taskId' | 'attempt'> & { readonly executionId: string }

export interface LogQuery {
  readonly executionId: string
  readonly taskId?: string
  /** Of the task that is named. */
  readonly attempt?: number
  /** Only what comes behind this piece. */
  readonly afterPiece?: number
  /** Only what comes before this piece, and the last of that. Without it, the first. */
  readonly beforePiece?: number
  /** Of pieces, of which none is larger than what an attempt may log in all. */
  readonly limit: number
}

/** Some of the log of one attempt, as it is stored. */
export interface StoredLogPiece extends LogPiece {
  /** Grows within an execution. */
  readonly piece: number
  readonly taskId: string
  readonly attempt: number
}

/** The log of one tick. */
export interface TickLog {
  readonly tickId: string
  readonly outcome: TickOutcome
  readonly at: number
  /** JSON lines. */
  readonly text: string
}
