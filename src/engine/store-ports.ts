/** Values of the store's methods about triggers, executions, actions and logs. */

import type { ActionAnswer, NewAction, NumberedRequest } from '../model/action.ts'
import type { ContextText } from '../model/context.ts'
import type { AttemptRow, Execution, ExecutionStatus } from '../model/execution.ts'
import type { PythonFault } from '../model/fault.ts'
import type { TriggerPolicy } from '../model/policy.ts'
import type { TickOutcome } from '../model/schedule-rows.ts'
import type { NodeWait } from '../model/waits.ts'
import type { Tags } from '../model/workflow.ts'
import type { IncidentReport, MissedDeadline } from './incidents/incident-report.ts'
import type { LimitedTask, SlotUse } from './limits/limit-store.ts'
import type { NewExecution } from './starts/new-executions.ts'
import type {
  FiringResult,
  PolledState,
  PollRecord,
  SkippedTick,
  StateChanged,
  TriggerStateRow,
} from './triggers/poll-records.ts'

/** Declaration of a polled trigger. */
export interface TriggerDeclaration {
  readonly name: string
  readonly workflow: string
  readonly pollIntervalMs: number
  readonly allowConcurrent: boolean
  readonly policy: TriggerPolicy
  /** JSON text of the state before its first change. Null if the trigger takes no state. */
  readonly initialStateText: string | null
  /** Null for the tags of the workflow. */
  readonly tags: Tags | null
  /** Null for the priority of the workflow. */
  readonly priority: number | null
}

export interface TriggerFilter {
  readonly enabledOnly: boolean
  /**
   * Only triggers that are not declared, and enabled triggers whose last poll failed or was not in their last two
   * intervals before this time. Triggers with an overridden interval may be in the list without a reason.
   */
  readonly troubledAt?: number
  /** Excludes undeclared triggers whose name a cron trigger has taken over. */
  readonly withoutReplaced?: boolean
}

export interface TriggerCounts {
  readonly all: number
  readonly enabled: number
}

/** `more`: part of its history is removed; call again. `declared`: a serving process declares the trigger. */
export type TriggerRemoval = 'removed' | 'more' | 'declared' | 'unknown'

/** Code that an instance has loaded. */
export interface InstanceCode {
  /** Whether it polls the triggers that it declares, or only runs tasks. */
  readonly isPolling: boolean
  /** Names of its triggers: polled ones, and those with a cron expression. */
  readonly polled: readonly string[]
  readonly crons: readonly string[]
  readonly workflows: readonly { readonly name: string; readonly version: string }[]
}

export interface HeartbeatAnswer {
  readonly others: number
  /** Others considered the instance dead, and may have its leases and executions. */
  readonly wasDead: boolean
}

/** Engine whose heartbeats ended although it was not closed. */
export interface LostEngine {
  readonly id: string
  readonly host: string
  readonly pid: number
  /** Time of its last heartbeat, in milliseconds since 1970. */
  readonly heartbeatAt: number
}

/** Leases of an instance. */
export interface LeasedTriggers {
  /** All leases that it holds now, in the order of the given names. */
  readonly held: readonly TriggerLease[]
  /** Names of held triggers that are the share of another instance, which waits for them. */
  readonly surplus: readonly string[]
}

/** Action that is stored with its answer, in the step that carries it out. */
export interface RecordedAction {
  readonly action: NewAction
  readonly answer: ActionAnswer
  /** Time of the answer. If it is given, another process has stored the action, and the step only stores the answer. */
  readonly answeredAt?: number
}

/** Creates the action of a step from the result of the step. */
export type ActionFactory<Result> = (result: Result) => NewAction

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

/** Right to poll a trigger. Its number increases with each acquisition, which identifies former holders. */
export interface TriggerLease {
  readonly trigger: string
  readonly number: number
}

/** Skip that is stored immediately. */
export interface StoredSkip extends SkippedTick {
  /** Given if the trigger takes a state, with the lease number as in `FiredTick`. */
  readonly polledState?: PolledState & { readonly lease: number | null }
  /** Action that is stored in the same step, if a user requested the poll. */
  readonly recorded?: RecordedAction
}

/** `lost`: another engine has taken the lease, and nothing is stored. */
export type StoredSkipResult = { readonly kind: 'recorded' | 'lost' } | StateChanged

export interface NewTriggerFiring {
  readonly firingId: string
  /** Deduplication key; see `FiringRow.contextHash`. */
  readonly contextHash: string
  /** Key that fires once. Null: the rule for equal contexts applies. */
  readonly key: string | null
  /** Run to start. Null if it cannot be started: the firing is stored as ended, without a run. */
  readonly execution: NewExecution | null
}

/** Incident that the given number of consecutive failures of a trigger opens, and each further one extends. */
export interface RepeatedFailure {
  readonly report: IncidentReport
  readonly failuresInRow: number
}

/** Reason why the firings of a poll start nothing. It is a failure of the trigger, but never disables it. */
export interface FiringRefusal {
  readonly reason: string
  /** Incident `trigger-failing`. */
  readonly failing?: RepeatedFailure
}

export interface FiredTick extends PollRecord {
  readonly trigger: string
  /** Lease number of the poll. Null, not compared, if the database that gave the lease was lost since. */
  readonly lease: number | null
  readonly at: number
  /**
   * At least one and at most `MAX_FIRINGS`, in order. Each starts an execution unless it is a duplicate. None has an
   * execution if there is a refusal.
   */
  readonly firings: readonly NewTriggerFiring[]
  /** False: a firing without a key is dropped if a firing of the same trigger with the same hash is active. */
  readonly allowConcurrent: boolean
  /** Maximum number of active executions of the trigger. Null for no limit. */
  readonly maxActive: number | null
  /** Firings above `maxActive`: `dropped` (only of a single firing), or stored as executions that wait. */
  readonly aboveLimit: 'dropped' | 'waits'
  /** Whether it fires only if the previous poll did not answer to fire. */
  readonly onChange: boolean
  /** State of the trigger, if its function takes one and the firings are not refused. */
  readonly polledState?: PolledState
  readonly refusal?: FiringRefusal
  /** Time until which the keys are remembered. Null for ever. */
  readonly keysExpireAt: number | null
  /** User or interface that fires the trigger by hand, which is not counted as a poll. Null for a poll. */
  readonly byHand: string | null
  /** Makes the action that is stored in the same step, if a user requested the poll or the firing. */
  readonly recorded?: (result: FiredTickResult) => RecordedAction
}

/** `lost`: another engine has taken the lease, and nothing is stored. */
export type FiredTickResult =
  | FiringResult
  /** Results of several firings, in their order. */
  | { readonly kind: 'several'; readonly firings: readonly FiringResult[] }
  /** `unchanged`: the previous poll also answered to fire. Recorded as a skip. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'lost' }
  | StateChanged

/** Change of the state of a trigger by a user. */
export interface StateChange {
  readonly trigger: string
  /** New state. Null: the state before the first change. */
  readonly text: ContextText | null
  /** Version that the stored state must have. Null for any. */
  readonly version: number | null
  /** Lease number of the engine that makes the change. Null: refused if a living engine holds the lease. */
  readonly lease: number | null
  readonly at: number
  readonly recorded: (state: TriggerStateRow) => RecordedAction
}

export interface FailedTick extends PollRecord {
  readonly trigger: string
  /** Lease number of the poll. Null, not compared, if the database that gave the lease was lost since. */
  readonly lease: number | null
  readonly at: number
  readonly outcome: 'failed' | 'timedOut'
  readonly error: PythonFault
  /** Number of consecutive failures that disables the trigger. Null for never. */
  readonly pauseAfter: number | null
  /** Incident `trigger-failing`. */
  readonly failing?: RepeatedFailure
  /** Incident `trigger-disabled`, opened if the failure disables the trigger. */
  readonly disabled?: IncidentReport
  /** Action that is stored in the same step, if a user requested the poll. */
  readonly recorded?: RecordedAction
}

export type FailedTickResult =
  | { readonly kind: 'recorded' | 'lost' }
  /** The failure has disabled the trigger. */
  | { readonly kind: 'paused'; readonly note: string }

/** Changes of an execution by one attempt, in one atomic step. */
export interface Settlement {
  readonly executionId: string
  /** Number of the acquisition. The step is rejected unless it is the newest one. */
  readonly ownerNumber: number
  readonly changes: readonly TaskChange[]
  readonly attempts?: readonly AttemptRow[]
  /** Request that the owner applies with these changes. Nothing is stored if a newer request replaced it. */
  readonly applied?: NumberedRequest
  /** Answer to a pending cancel as JSON, if these changes end the execution as Cancelled. */
  readonly cancelReport?: string
  /** Deadlines that passed before these changes. They are judged in the same step, before the end. */
  readonly missed?: readonly MissedDeadline[]
  /** Earliest time of kept signals that new waits use. Set if a wait for a signal opens. */
  readonly signalsSinceAt?: number
  /** Set if these changes end an execution with the origin `child`, for which a task may wait. */
  readonly isChild?: true
  /** Set when these changes end the execution. */
  readonly end: ExecutionEnd | null
  /** Releases an execution without running tasks: for an instance that declares it, or until a wait has ended. */
  readonly givenBack?: 'unserved' | 'waiting'
}

/** Result of a settlement. */
export interface Settled {
  /** Ids of executions that can begin or continue after these changes. */
  readonly released: readonly string[]
  /** Tasks whose attempts did not begin. Their waits are stored instead of their changes. */
  readonly limited: readonly LimitedTask[]
}

/** New state of a task run. All fields are written. */
export interface TaskChange {
  readonly taskId: string
  /** Set if an attempt with limits begins or has ended. */
  readonly slots?: SlotUse
  readonly status: 'Ready' | 'Running' | 'Waiting' | 'Completed' | 'Failed' | 'Skipped' | 'Cancelled'
  /** Wait that opens, or null to remove the stored wait. Not set for most tasks. */
  readonly wait?: NodeWait | null
  readonly attempts: number
  readonly recoveries: number
  /** Number of attempts that ended with `TryLater`. Default: 0. */
  readonly triesLater?: number
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
  /** Set if the status is Failed. */
  readonly failure?: ExecutionFailure
  /** Incident of the failure. Not set if the engine does not report this kind. */
  readonly report?: IncidentReport
}

/** First failed task of an execution, in the order of completion. */
export interface ExecutionFailure {
  /** Line for people: `TASK: TYPE: MESSAGE (1 of 3 tasks failed)`. */
  readonly cause: string
  readonly taskId: string
  readonly errorType: string
}

/** Returns the deadlines that an execution without an owner has missed at its end. */
export type JudgeUnowned = (execution: Execution, endedAt: number) => readonly MissedDeadline[]

export interface Acquisition {
  readonly instanceId: string
  readonly workflows: readonly string[]
  readonly at: number
  readonly limit: number
  /** Whether to take over executions of dead instances. */
  readonly recover: boolean
  /** Only these. Default: all. */
  readonly executionIds?: readonly string[]
}

/** Filter for executions. All given conditions must apply. */
export interface ExecutionFilter {
  readonly workflow?: string
  readonly status?: ExecutionStatus
  /** Name of the trigger that started them. */
  readonly trigger?: string
  /** Earliest creation time. */
  readonly sinceAt?: number
  /** Creation times must be before this time. */
  readonly untilAt?: number
  /** Id of the execution that they retry. */
  readonly retryOf?: string
  /** Id of the execution after which the list continues with older ones. [] if it does not exist. */
  readonly after?: string
}

export interface Page {
  readonly limit: number
  readonly offset: number
}

/** Part of a list. `after`: id of the last row of the previous part, however old. */
export interface PageAfter extends Page {
  readonly after?: string
}

/** Filter for actions. All given conditions must apply. */
export interface ActionFilter {
  /** Name or id of the object that the action changes. */
  readonly target?: string
  /** Earliest time of the request. */
  readonly sinceAt?: number
  /** Requests must be before this time. */
  readonly untilAt?: number
}

/** Period of actions that enabled or disabled a target. */
export interface SwitchFilter {
  /** Earliest time of the request. */
  readonly sinceAt: number
  /** Requests must be before this time. */
  readonly untilAt: number
  readonly limit: number
}

/** Filter for ticks. All given conditions must apply. */
export interface TickFilter {
  readonly outcomes?: readonly TickOutcome[]
  /** Earliest last time of the tick. */
  readonly sinceAt?: number
  /** The first time of the tick must be before this time. */
  readonly untilAt?: number
  /** Last tick of the previous part. */
  readonly after?: { readonly id: string; readonly lastAt: number }
}
