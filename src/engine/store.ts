/**
 * Port of the store: the methods, their conditions, results and errors. The two loops of the engine share nothing else.
 * Implemented in `src/store/`, for SQLite and for PostgreSQL.
 *
 * Each method is one step: it reads, decides and writes in one transaction, and its promise settles after the commit.
 * Only `trend`, `bars` and `lastTicks` may read in several steps, and `prune` may drop partitions in one of its own.
 * Steps that are called in one tick of the event loop run in the order of the calls and may share a transaction; a
 * step that fails does not undo the others. No order is guaranteed between calls from different ticks or processes.
 *
 * An `action` is recorded as done in the same step. It is not recorded if the step changes nothing.
 *
 * Methods reject with `StoreError` (`DATABASE_FAILED`) if the database refuses; then nothing of the step is stored.
 * Lists are empty if the thing that they belong to does not exist. "Newest first" is the order of creation; in a tie
 * the later call is first. `after` is the row before the list. If that row does not exist, lists of ticks, events,
 * polls and firings of reactors continue at its place, and other lists are empty.
 */

import type { StoreCounters } from '../metrics/store-counters.ts'
import type { ActionAnswer, ActionRow, NewAction, SteeringRequest, SwitchRow } from '../model/action.ts'
import type { ContextText } from '../model/context.ts'
import type {
  AcquiredExecution,
  AttemptRow,
  Execution,
  ExecutionOrigin,
  ExecutionStatus,
  ExecutionSummary,
} from '../model/execution.ts'
import type * as history from '../model/execution-history.ts'
import type { LogPiece } from '../model/logs/log-record.ts'
import type { TriggerOverrides } from '../model/policy.ts'
import type { EndedExecutions, Retention } from '../model/retention-limits.ts'
import type * as schedule from '../model/schedule-rows.ts'
import type { EngineWait, LimitWait } from '../model/waits.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import type { BatchStore } from './batches/batch-store.ts'
import type { ChainStore } from './chains/chain-store.ts'
import type { CronStore } from './cron/cron-store.ts'
import type { GraphStore } from './graphs/graph-store.ts'
import type { IncidentReport } from './incidents/incident-report.ts'
import type { IncidentStore } from './incidents/incident-store.ts'
import type { LimitStore } from './limits/limit-store.ts'
import type * as logs from './log-ports.ts'
import type { SearchStore } from './search/search-store.ts'
import type * as creation from './starts/new-executions.ts'
import type * as port from './store-ports.ts'
import type * as polls from './triggers/poll-records.ts'
import type { ApprovalStore } from './waits/approval-store.ts'
import type { SignalStore } from './waits/signal-store.ts'
import type { WaitStore } from './waits/wait-store.ts'

/** Lost: the database was removed, replaced or damaged; `error` says what to do. Found: a database is open again. */
export type StoreChange =
  | { readonly kind: 'lost'; readonly error: Error }
  /** `isOther`: it is another file than before, such as a copy, in which the engines of this store hold nothing. */
  | { readonly kind: 'found'; readonly path: string; readonly isOther: boolean }

export interface Store extends InstanceStore, TriggerStore, CronStore, ExecutionStore {
  readonly counters: StoreCounters
  readonly actions: ActionStore
  readonly logs: LogStore
  readonly history: HistoryStore
  readonly activity: ActivityStore
  readonly graphs: GraphStore
  readonly incidents: IncidentStore
  readonly batches: BatchStore
  readonly waits: WaitStore
  readonly limits: LimitStore
  readonly chains: ChainStore
  readonly signals: SignalStore
  readonly approvals: ApprovalStore
  readonly search: SearchStore
  /** Stores definitions, so that other processes can list and start the workflows. Replaces those with the same key. */
  saveWorkflows(workflows: readonly WorkflowDefinition[], at: number): Promise<void>
  /** Returns the newest definition of each workflow, by key. `keys`: only of these workflows. */
  listWorkflows(keys?: readonly string[]): Promise<readonly WorkflowDefinition[]>
  /** Returns the newest definitions of the first workflows whose keys are greater than `after`, by key. */
  pageWorkflows(after: string, limit: number): Promise<readonly WorkflowDefinition[]>
  /** Calls back after another process or store made a change: within 0.5 s, or 1.1 s. Returns a function to end it. */
  onForeignChange(callback: () => void): () => void
  /**
   * Calls back when the database is lost, after which all calls reject with `DATABASE_REPLACED`, and when one is found:
   * the former one, a copy, or a new one, which need not have the rows that were read or written before. The open
   * instances are registered in it. Returns the end of it.
   */
  onDatabaseChange(callback: (change: StoreChange) => void): () => void
  /**
   * Removes a small part of the rows that are older than their retention; rows without one are kept. Returns about how
   * many; 0: none can go.
   */
  prune(retention: Partial<Retention>, at: number): Promise<number>
  countEnded(which: EndedExecutions): Promise<number>
  /**
   * Removes a small part of these executions with their rows, and stores `recorded` in the same step. Returns the
   * number of rows; 0: no rows are left.
   */
  pruneExecutions(which: EndedExecutions, recorded?: port.RecordedAction): Promise<number>
  /** Writes all buffers, and releases the database. May be called again. Later calls of other methods reject. */
  close(): Promise<void>
}

export interface InstanceStore {
  /**
   * Registers an instance, whose clock shows `at`. Must precede all calls with its id. It is dead to others if its
   * process is gone, or if it had no heartbeat for 10 s, which each database measures with a clock of its own.
   * `reportLost`: incident of an engine that the heartbeats and acquisitions of this instance find dead. Each lost
   * engine is reported once, by one of the others. An engine that was closed in order is not reported.
   */
  openInstance(instanceId: string, at: number, reportLost?: (lost: port.LostEngine) => IncidentReport): Promise<void>
  /** Registers an instance again that was declared dead. Others keep executions and triggers that they took over. */
  heartbeat(instanceId: string, at: number): Promise<port.HeartbeatAnswer>
  /**
   * Replaces the code that the instance has announced. Heartbeats repeat it if the instance must register again. Marks
   * triggers that no living instance declares, with the time, and removes the mark of those that one declares.
   */
  announce(instanceId: string, code: port.InstanceCode, at: number): Promise<void>
  /** Releases the leases and executions of the instance. Its running tasks become Ready. */
  closeInstance(instanceId: string, at: number): Promise<void>
  /**
   * Returns all registered instances, the oldest first. `isAlive` is what a single query shows: an instance of another
   * host seems alive for 10 s after its last heartbeat.
   */
  listInstances(at: number): Promise<readonly schedule.InstanceRow[]>
}

export interface TriggerStore {
  /**
   * Inserts or refreshes one row for each name, and returns the rows in the given order. An existing row keeps its id,
   * history, `enabled` and `lastPollAt`; `updatedAt` changes only if something differs.
   */
  saveTriggers(triggers: readonly port.TriggerDeclaration[], at: number): Promise<readonly schedule.TriggerRow[]>
  /**
   * Takes leases of triggers that no living instance polls, up to the share of the instance among the instances that
   * have announced these triggers. Returns those of the names that it holds, in their order. A lease that it had
   * keeps its number. Releases none: see `releaseTriggers`.
   */
  leaseTriggers(instanceId: string, names: readonly string[]): Promise<port.LeasedTriggers>
  /** Returns facts about triggers whose leases the caller has taken. Unknown triggers are missing. */
  leasedFacts(names: readonly string[]): Promise<ReadonlyMap<string, polls.LeasedFacts>>
  /** Releases leases. The caller must not poll these triggers any more. */
  releaseTriggers(instanceId: string, names: readonly string[]): Promise<void>
  /**
   * Removes a trigger, polled or with a cron expression, that no living instance declares: a part of its ticks and
   * firings in each step, and the trigger in the last step, with the action. Its executions stay.
   */
  removeTrigger(name: string, at: number, action?: NewAction): Promise<port.TriggerRemoval>
  /** Newest first. */
  listTriggers(page: port.Page & port.TriggerFilter): Promise<readonly schedule.TriggerRow[]>
  /** Counts all triggers, also those with cron expressions. Counts a name once if its trigger changed its kind. */
  countTriggers(): Promise<port.TriggerCounts>
  getTrigger(name: string): Promise<schedule.TriggerRow | null>
  /** Also sets its failures in a row to 0. Returns false if the trigger does not exist. */
  setTriggerEnabled(
    name: string,
    isEnabled: boolean,
    note: string | null,
    at: number,
    action?: NewAction,
  ): Promise<boolean>
  /**
   * Sets values that replace those of the code, also after the code changes. Values that were set before stay; null
   * resets all. Returns false if the trigger does not exist.
   */
  overrideTrigger(name: string, overrides: TriggerOverrides | null, at: number, action?: NewAction): Promise<boolean>
  /**
   * Buffers a skip, and sets `lastPollAt`. Reads nothing and returns immediately. Consecutive skips with one reason are
   * one tick with their number, their first and last time, and the maxima of lateness and duration. Written in 1 s, or
   * within `POLLS_WRITTEN_WITHIN_MS` if thousands of triggers skip again, and at `close`; reads of this store include
   * it immediately. Ignored for an unknown trigger, and after `close`.
   */
  noteSkip(skip: polls.SkippedTick): void
  /**
   * Stores a skip immediately, with the action of the user who requested the poll, and with a changed state, which
   * makes it a tick of its own. Rejects for an unknown trigger.
   */
  recordSkip(skip: port.StoredSkip): Promise<port.StoredSkipResult>
  /**
   * Stores firings with their tick, their executions and the state, and sets `lastPollAt`; results are described in
   * `FiredTickResult`. Rejects for an unknown trigger, as `recordFailed` does.
   */
  recordFired(tick: port.FiredTick): Promise<port.FiredTickResult>
  /** Lets waiting executions of a trigger begin, the oldest first, as far as its limit of active executions allows. */
  releaseWaiting(trigger: string, at: number): Promise<polls.ReleasedExecutions>
  /** Returns null if no polled trigger has the name. */
  getState(trigger: string): Promise<polls.TriggerStateRow | null>
  /** Changes the state, and increases its version. Stores the action in the same step. */
  changeState(change: port.StateChange): Promise<polls.StateChangeResult>
  /** Does not change `lastPollAt`. */
  recordFailed(tick: port.FailedTick): Promise<port.FailedTickResult>
  /** Newest first. */
  listFirings(trigger: string, page: port.PageAfter): Promise<readonly schedule.FiringRow[]>
  /** By the last time of each tick, newest first. The newest is the run of skips that may continue. */
  listTicks(trigger: string, page: port.Page & port.TickFilter): Promise<readonly schedule.TickRow[]>
}

export interface ExecutionStore {
  /**
   * Stores a Pending execution without an owner, whose tasks are NotStarted. Stores `recorded` in the same step.
   * Stores nothing unless the result is `created`.
   */
  createExecution(
    execution: creation.NewExecution,
    origin: ExecutionOrigin,
    at: number,
    recorded?: port.RecordedAction,
  ): Promise<creation.CreationResult>
  /**
   * Stores an execution as `createExecution` does, with the origin `call`, unless the workflow has the key. Then it
   * stores nothing and returns the execution that has the key, whatever its input. Of simultaneous calls with one key,
   * also of other stores of the database, one creates.
   */
  createExecutionOnce(creation: creation.KeyedExecution): Promise<creation.CreatedOnce>
  /** Returns the execution that was started with a key of a workflow, or null. Keys are kept for `Retention.keysMs`. */
  findStartKey(workflow: string, key: string): Promise<creation.KeyHolder | null>
  /**
   * Gives executions without an owner to the instance, by rank (see `executionRank`) and age, and with `recover`
   * those of dead instances. Takes an execution of another version of its workflow only if no living instance has
   * announced that version, except with `executionIds`. They become Running, or stay Paused, and their running tasks
   * become Ready with one more in `recoveries`. Returns them in this state, with a new owner number. Applies waiting
   * requests: answers a pause or resume, and returns a cancel with its execution.
   */
  acquireExecutions(acquisition: port.Acquisition): Promise<readonly AcquiredExecution[]>
  /**
   * Stores the changes of an execution. An end also closes its firing, removes its owner and answers the waiting
   * request. Rejects with `EXECUTION_NOT_OWNED` if the owner number is not the current one. Slots that the changes free
   * are offered to the first executions in their lines. Changes that take slots may be stored as waits: see `Settled`.
   */
  settle(settlement: port.Settlement): Promise<port.Settled>
  /**
   * Stores a request with the next number, and its action, if the answer is `applied` or `requested`. Joins a
   * waiting request of its kind, and replaces another one, whose action is answered as refused; nothing replaces a
   * cancel (`cancelling`). Without a living owner, the same step applies the request, and judges the deadlines of an
   * execution that it ends.
   */
  steer(action: NewAction, request: SteeringRequest, judge?: port.JudgeUnowned): Promise<port.SteeringAnswer>
  /** Applies the waiting request unless a living instance owns the execution; see `steer`. */
  applyRequest(executionId: string, at: number, judge?: port.JudgeUnowned): Promise<port.SteeringAnswer>
  getExecution(id: string): Promise<Execution | null>
  /** Returns those of the executions that have ended, and null for those that do not exist. */
  notUnderWay(ids: readonly string[]): Promise<ReadonlyMap<string, Execution | null>>
  /** Returns the number of executions in each status that has any. */
  countExecutions(): Promise<Readonly<Partial<Record<ExecutionStatus, number>>>>
  /** Returns the ids that begin with a text, sorted. */
  findExecutionIds(prefix: string, limit: number): Promise<readonly string[]>
  /** By the ends of the attempts. */
  listAttempts(executionId: string): Promise<readonly AttemptRow[]>
  /** Newest first. */
  listExecutions(page: port.Page & port.ExecutionFilter): Promise<readonly ExecutionSummary[]>
}

/** Actions of people, and requests to the serving process. Kept as long as executions. */
export interface ActionStore {
  /** Stores an unanswered action, which another process or a later step carries out. */
  ask(action: NewAction): Promise<void>
  record(action: NewAction, answer: ActionAnswer): Promise<void>
  /** Oldest first. */
  unanswered(limit: number): Promise<readonly ActionRow[]>
  /** Returns false if the action was answered before or does not exist. */
  answer(id: string, answer: ActionAnswer, at: number): Promise<boolean>
  get(id: string): Promise<ActionRow | null>
  remove(id: string): Promise<void>
  /** Newest first. */
  list(filter: port.ActionFilter, page: port.PageAfter): Promise<readonly ActionRow[]>
  /**
   * Returns the actions that enabled or disabled a target in a period, and the last one before it, newest first. If the
   * period has `limit` or more, returns only its newest `limit`.
   */
  switches(target: string, filter: port.SwitchFilter): Promise<readonly SwitchRow[]>
}

/** Output and log records of attempts and polls. Kept as long as their executions and ticks. */
export interface LogStore {
  /**
   * Adds to the log of an attempt, which keeps the first quarter and the last three quarters of `limitBytes`. Returns
   * immediately. Written within 1 s, in the step that ends the task, and at `close`; reads of this store include it.
   * Ignored if the execution does not exist, and after `close`.
   */
  append(attempt: logs.AttemptRef, piece: LogPiece, limitBytes: number): void
  /** Returns the logs of a trigger's ticks, newest first. `tickPrefix`: only ticks whose id begins with it. */
  listOfTicks(trigger: string, query: port.Page & { readonly tickPrefix?: string }): Promise<readonly logs.TickLog[]>
  /** In the order of writing, which is the order of the pieces of each attempt. */
  list(query: logs.LogQuery): Promise<readonly logs.StoredLogPiece[]>
}

/** Queries whose cost does not grow with the history. */
export interface HistoryStore {
  /** Reads no context. */
  overview(executionId: string): Promise<history.ExecutionOverview | null>
  /** Returns the stored text; null if the execution, the task or the text does not exist. */
  contextText(executionId: string, of: history.ContextSelector): Promise<ContextText | null>
  /** Counts executions in each status, up to a limit. */
  counts(filter: history.CountFilter): Promise<history.ExecutionCounts>
  /** The oldest bar first. */
  trend(query: history.TrendQuery): Promise<readonly history.TrendBar[]>
  /** By their end, the last one first. */
  lastFailed(limit: number): Promise<readonly ExecutionSummary[]>
  /**
   * Returns the reasons why executions have not begun, or cannot continue, by id. `limit`: others of their trigger must
   * end first. `engine`: they are active, not paused, created at this time or before, and no living instance owns them
   * or has announced their workflow. If no instance lives, their age does not matter.
   */
  listWaiting(
    executionIds: readonly string[],
    createdUntil: number,
  ): Promise<ReadonlyMap<string, LimitWait | EngineWait>>
  /**
   * Counts all executions that wait for an engine by workflow, sorted by name. The cost grows with the number of active
   * executions.
   */
  countWaiting(createdUntil: number): Promise<readonly history.WaitingWorkflow[]>
  /** Newest first. */
  sample(
    workflow: string,
    limits: { readonly executions: number; readonly attempts: number },
  ): Promise<history.WorkflowSample>
  /**
   * Returns the newest executions of each workflow, newest first; workflows without executions are missing. `limit`:
   * maximum number for each workflow. Leaves out active executions that are older than 5,000 other active ones.
   */
  recent(workflows: readonly string[], limit: number): Promise<ReadonlyMap<string, readonly history.RecentExecution[]>>
  /** Returns the newest executions of a workflow with the states of their tasks, newest first. */
  withTasks(workflow: string, limit: number): Promise<readonly history.ExecutionTasks[]>
}

/** Results of polls. The cost of the queries does not grow with the history. */
export interface ActivityStore {
  /** The oldest bar first. */
  bars(query: history.ActivityQuery): Promise<readonly history.ActivityBar[]>
  /** By trigger, without triggers that were never polled. Skips of the last second may be missing. */
  lastTicks(triggers: readonly string[]): Promise<ReadonlyMap<string, history.LastTicks>>
  /** `untilAt`: a time up to which the tick lasted, such as its `lastAt` in a list. */
  tick(trigger: string, id: string, untilAt: number): Promise<history.TickDetail | null>
}
