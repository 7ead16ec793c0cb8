/**
 * The sockets of the engine: what it needs of a store, of an interpreter host and of a clock. Read this file and
 * the machine is known. The plugs are `store/` (SQLite), `host/` (Pyodide) and `clock.ts`; tests plug in fakes here
 * and nowhere else. Nothing in it may assume SQLite, Pyodide or a thread.
 *
 * Instants (`…At`) are epoch milliseconds of the wall clock; durations (`…Ms`) are monotonic. Ids are UUID v4 texts.
 */

import type { StoreCounters } from '../metrics/store-counters.ts'
import type { NewAction, SteeringRequest } from '../model/action.ts'
import type { ContextText } from '../model/context.ts'
import type {
  AcquiredExecution,
  AttemptOutcome,
  AttemptRow,
  Execution,
  ExecutionOrigin,
  ExecutionStatus,
  ExecutionSummary,
} from '../model/execution.ts'
import type { LogSink } from '../model/log.ts'
import type { TriggerOverrides } from '../model/policy.ts'
import type { EndedExecutions, Retention } from '../model/retention.ts'
import type { FiringRow, InstanceRow, TickRow, TriggerRow } from '../model/schedule.ts'
import type { PollOutcome } from '../model/trigger.ts'
import type { TaskRuns, WorkflowDefinition } from '../model/workflow.ts'
import type { StartLimit } from './clock-port.ts'
import type { CronStore } from './cron/cron-store.ts'
import type { GraphHost } from './graphs/graph-host.ts'
import type { GraphStore } from './graphs/graph-store.ts'
import type {
  Acquisition,
  ActionStore,
  ActivityStore,
  AlertStore,
  ExecutionFilter,
  FailedTick,
  FailedTickResult,
  FiredTick,
  FiredTickResult,
  HeartbeatAnswer,
  HistoryStore,
  InstanceCode,
  LeasedTriggers,
  LogStore,
  NewExecution,
  Page,
  PageAfter,
  RecordedAction,
  Settlement,
  SkippedTick,
  SteeringAnswer,
  TickFilter,
  TriggerDeclaration,
  TriggerRemoval,
} from './store-ports.ts'

export type { EndedExecutions, Retention } from '../model/retention.ts'
export type { Clock, StartLimit, Timer, Trouble, WallJump } from './clock-port.ts'
export type * from './cron/cron-store.ts'
export type * from './graphs/graph-host.ts'
export type * from './graphs/graph-store.ts'
export type * from './store-ports.ts'

// ---------------------------------------------------------------------------------------------------------- codec

/**
 * What is done with a context's text without reading it into JavaScript: numbers keep their tokens. Pure. All five
 * throw `UsageError` (`INVALID_CONTEXT`) for a text that is not JSON.
 */
export interface ContextCodec {
  /** The one text that all equal values share. */
  canonicalize(json: ContextText): string
  /** SHA-256 of the canonical text, as 64 hexadecimal digits. */
  fingerprint(json: ContextText): string
  /** Objects merge key by key, lists are concatenated without repeated elements, otherwise the later wins. Of `[]`: `{}`. */
  merge(jsons: readonly ContextText[]): ContextText
  /** `merge` of all, and the `fingerprint` of the first, in one call. */
  mergeWithFingerprint(jsons: readonly [ContextText, ...ContextText[]]): {
    readonly merged: ContextText
    readonly fingerprint: string
  }
  /** The text of one top-level member, or null when there is none. */
  pick(json: ContextText, key: string): string | null
}

// ----------------------------------------------------------------------------------------------------------- host

export interface PollRequest {
  readonly script: string
  readonly trigger: string
  /** Begins when Python is entered. */
  readonly deadlineMs: number
  /** After it the function is not called, and the outcome is `notEntered`. Default: it may be called at any time. */
  readonly startLimit?: StartLimit
  /** Aborted when the engine stops: what waits to be let in gives up, what is inside goes on. Default: never. */
  readonly stopping?: AbortSignal
  /** Hears what the poll prints and logs, before its outcome; of one that skips perhaps nothing. Default: nobody. */
  readonly log?: LogSink
}

/** The concurrency slot of one task run, as `TaskHandle.defer_until` uses it. */
export interface TaskSlot {
  release(): void
  /** Settles when the slot is held again. */
  acquire(): Promise<void>
}

export interface TaskRequest {
  readonly script: string
  readonly executionId: string
  readonly workflow: string
  readonly taskId: string
  /** What runs in place of a function of that name in that script. */
  readonly runs?: TaskRuns | undefined
  /** 1 for the first. */
  readonly attempt: number
  readonly inputText: ContextText
  readonly deadlineMs: number
  /** Time after which the task must not start, as for polls. */
  readonly startLimit?: StartLimit
  readonly slot: TaskSlot
  readonly stopping?: AbortSignal
  /** Hears what the attempt prints and logs, before its outcome, and what threads say that it left behind. Default: nobody. */
  readonly log?: LogSink
}

/** It never began. Nothing of it counts. */
export interface NotEntered {
  readonly kind: 'notEntered'
  /** Nothing that is loaded here runs it. Otherwise the engine has stopped while there was no interpreter for it. */
  readonly isUnserved?: true
  /** Its `startLimit` was over before its function could be called. */
  readonly isLate?: true
}

/**
 * Runs Python. Both calls always settle, with the outcome as a value: a Python exception, a hang (stopped at its
 * deadline), a dead interpreter and a closed host are outcomes, never rejections. While there is no interpreter, as when
 * one is started again or cannot be, a call waits for it. Calls overlap freely.
 */
export interface ScriptHost extends GraphHost {
  poll(request: PollRequest): Promise<PollOutcome | NotEntered>
  runTask(request: TaskRequest): Promise<AttemptOutcome | NotEntered>
  /**
   * Stops what runs of an execution, wherever it waits or computes: each of these attempts settles as `cancelled`, or
   * as it would have anyway. What does not stop within 5 s is ended with its interpreter.
   */
  cancelTasks(executionId: string): void
}

// ---------------------------------------------------------------------------------------------------------- store

/** What became of a database while it was open. */
export type StoreChange =
  /** It was removed, replaced or damaged, or what is in its place cannot be used: `error` says what to do. */
  | { readonly kind: 'lost'; readonly error: Error }
  /** A database is there again, and open. */
  | { readonly kind: 'found'; readonly path: string }

/**
 * Where state lives; the only thing between the two loops.
 *
 * Each method is one atomic step: it looks, decides and writes, and its promise settles after the commit. Steps asked
 * for in one tick of the event loop are carried out in the order of the calls, and may share a transaction; a step
 * that fails does not undo its neighbours. Methods reject with `StoreError` (`DATABASE_FAILED`) when the database
 * refuses, and then nothing of that step is stored. "Newest first" means by creation, the later call first on a tie.
 * What is not promised: any order between calls of different ticks of the event loops of different processes.
 */
export interface Store extends CronStore {
  /** What it did since it was opened. */
  readonly counters: StoreCounters

  // -- instances: who is alive

  /**
   * Enters a runner, as heard of at `at`. Must precede whatever takes an `instanceId`. It is dead to others when its
   * process is gone, or when they have seen its heartbeats stand still for 10 s of their own monotonic time, looking with
   * each heartbeat of theirs; a looker that stood still itself has seen nothing meanwhile.
   */
  openInstance(instanceId: string, at: number): Promise<void>
  /**
   * An instance that was declared dead enters again. Executions and triggers that other instances took over remain theirs.
   */
  heartbeat(instanceId: string, at: number): Promise<HeartbeatAnswer>
  /**
   * Says what code the instance has, in place of what was said before. It is said again by itself when the instance has to enter
   * again. Triggers that no living instance declares any more are marked, with the instant, and those that one declares are not.
   */
  announce(instanceId: string, code: InstanceCode, at: number): Promise<void>
  /** Gives back everything the instance holds: its leases, and its executions, whose running tasks become Ready. */
  closeInstance(instanceId: string, at: number): Promise<void>

  /**
   * Whether any instance is open in a living process, as far as one look shows: of a process of another host it is believed for
   * 10 s of the wall clock after its last heartbeat.
   */
  hasLivingInstance(at: number): Promise<boolean>

  /** Every instance that is entered, the oldest first, and whether it lives, as far as one look shows. */
  listInstances(at: number): Promise<readonly InstanceRow[]>

  // -- triggers

  /**
   * Inserts or refreshes one row per name and returns the rows in the order given. A row that exists keeps its id,
   * history, `enabled` and `lastPollAt`; the rest is refreshed, `updatedAt` only when something differs.
   */
  saveTriggers(triggers: readonly TriggerDeclaration[], at: number): Promise<readonly TriggerRow[]>
  /**
   * Shares these triggers, of which the instance has the code, with the living instances that have it too, as `announce` said:
   * takes the triggers of its share that no living instance polls, and returns all leases that it holds now, in the order of the
   * names. A lease that it held already keeps its number. It gives up nothing: see `releaseTriggers`.
   */
  leaseTriggers(instanceId: string, names: readonly string[]): Promise<LeasedTriggers>
  /** Gives up leases that the instance holds. The caller must not poll these triggers any more. */
  releaseTriggers(instanceId: string, names: readonly string[]): Promise<void>
  /**
   * Removes a trigger that no living instance declares, polled or with a cron expression: its ticks and firings a part in each
   * step, and itself in the last. Its executions stay.
   */
  removeTrigger(name: string, at: number): Promise<TriggerRemoval>
  listTriggers(page: Page & { readonly enabledOnly: boolean }): Promise<readonly TriggerRow[]>
  getTrigger(name: string): Promise<TriggerRow | null>
  /**
   * False when there is no such trigger, and then no action is recorded. Its failures in a row are forgotten. `action`: recorded
   * as done, in the same step.
   */
  setTriggerEnabled(
    name: string,
    isEnabled: boolean,
    note: string | null,
    at: number,
    action?: NewAction,
  ): Promise<boolean>
  /**
   * What counts in place of what the code declares, now and after it is declared anew. Adds to what was set before; null
   * resets all. False when there is no such trigger. An `action` is recorded in the same step, as in `setTriggerEnabled`.
   */
  overrideTrigger(name: string, overrides: TriggerOverrides | null, at: number, action?: NewAction): Promise<boolean>

  /**
   * Notes a skip. Returns at once, costs no database read, and is written within a second (one that only lengthens a run that is
   * written, among those of thousands of triggers, within `POLLS_WRITTEN_WITHIN_MS`) or at `close`: a run of
   * consecutive skips with the same reason is one tick row with a count, a first and a last instant, and the longest
   * lateness and duration among them. Also sets `lastPollAt`. This store's reads show it at once. Dropped for an unknown
   * trigger, and after `close`.
   */
  noteSkip(skip: SkippedTick): void
  /**
   * A firing, its tick row and its execution are one step. Sets `lastPollAt`. `duplicate`: with `allowConcurrent`
   * false and an active firing of the same trigger and hash, no firing and no execution are stored, only the tick,
   * with the id of the active firing; `limited`: the same while `maxActive` executions of the trigger are active.
   * `unchanged`: see `onChange`. `lost`: another has taken the lease under which it was polled. Rejects for a trigger
   * that was never saved, as `recordFailed` does.
   */
  recordFired(tick: FiredTick): Promise<FiredTickResult>
  /** Does not touch `lastPollAt`. */
  recordFailed(tick: FailedTick): Promise<FailedTickResult>
  /** Newest first; [] for an unknown trigger. */
  listFirings(trigger: string, page: PageAfter): Promise<readonly FiringRow[]>
  /** By their last instants, newest first; the open run of skips is the newest. */
  listTicks(trigger: string, page: Page & TickFilter): Promise<readonly TickRow[]>

  // -- executions

  /** Stores it as Pending, unowned, with every task NotStarted. `recorded`: an action that is recorded in the same step. */
  createExecution(
    execution: NewExecution,
    origin: ExecutionOrigin,
    at: number,
    recorded?: RecordedAction,
  ): Promise<void>
  /**
   * Gives unfinished executions to the instance, oldest first: unowned ones, and with `recover` those of dead
   * instances. Those of a version that it has not announced only while no living instance has announced it. They become Running. A task run found Running becomes Ready with `recoveries` one higher. Returns them
   * as they are after that, each with a number that is one higher than that of the acquisition before. Requests that wait are
   * applied: a pause and a resume are answered, a cancel is returned with the execution.
   */
  acquireExecutions(acquisition: Acquisition): Promise<readonly AcquiredExecution[]>
  /**
   * Writes the changes, and the end. Ending closes the firing that started it, gives up ownership and answers the request that
   * waits. Rejects with a `StoreError` that has the fact `executionId` when the execution is not owned under the number of the
   * settlement any more: it was taken over.
   */
  settle(settlement: Settlement): Promise<void>
  /**
   * Stores a request with the next number, and its action. A request that was not applied is replaced, and its action is answered
   * as refused. Without a living owner the request is applied in the same step: a cancel ends the execution. Nothing is stored
   * unless it is `applied` or `requested`.
   */
  steer(action: NewAction, request: SteeringRequest): Promise<SteeringAnswer>
  /** Applies the request that waits, when no living instance owns the execution, as `steer` does. `requested`: its owner applies it. */
  applyRequest(executionId: string, at: number): Promise<SteeringAnswer>
  getExecution(id: string): Promise<Execution | null>
  /** Those of these that are not under way: they have ended, or do not exist, which is null. */
  notUnderWay(ids: readonly string[]): Promise<ReadonlyMap<string, Execution | null>>
  /** How many there are in each status; those that there are none of are missing. */
  countExecutions(): Promise<Readonly<Partial<Record<ExecutionStatus, number>>>>
  /** The ids that begin with a text, in the order of their letters. */
  findExecutionIds(prefix: string, limit: number): Promise<readonly string[]>
  /** In the order of their ends. [] for an unknown execution. */
  listAttempts(executionId: string): Promise<readonly AttemptRow[]>
  /** Newest first. */
  listExecutions(page: Page & ExecutionFilter): Promise<readonly ExecutionSummary[]>

  // -- workflows

  /** Remembers what the code declares, replacing by key, so that other processes can list and start it. */
  saveWorkflows(workflows: readonly WorkflowDefinition[], at: number): Promise<void>
  /** The newest definition of each workflow that was ever saved, by key. `keys`: of these workflows only. */
  listWorkflows(keys?: readonly string[]): Promise<readonly WorkflowDefinition[]>

  readonly actions: ActionStore
  readonly alerts: AlertStore
  readonly logs: LogStore
  readonly history: HistoryStore
  readonly activity: ActivityStore
  readonly graphs: GraphStore

  // -- upkeep

  /** Calls back when another process or another store object changed the database; within 0.5 s. Returns the end of it. */
  onForeignChange(callback: () => void): () => void
  /**
   * Calls back when the database is lost: from then on every call rejects with `DATABASE_REPLACED`. And when it is found:
   * the one that was moved away, a copy, or a new and empty one, so that nothing that was read or written before need
   * be in it. Instances that are open here are entered in it already. Returns the end of it.
   */
  onDatabaseChange(callback: (change: StoreChange) => void): () => void
  /** Removes what is older than its retention, in a small step. Returns how many rows; 0 means done. */
  prune(retention: Retention, at: number): Promise<number>
  /** How many of these executions there are. */
  countEnded(which: EndedExecutions): Promise<number>
  /** Removes some of them with all that belongs to them, in a small step. Returns how many rows; 0 means done. */
  pruneExecutions(which: EndedExecutions): Promise<number>
  /** Writes what is buffered and releases the database. Idempotent. Later calls reject. */
  close(): Promise<void>
}
