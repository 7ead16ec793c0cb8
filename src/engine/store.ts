/**
 * Port of the store: the methods, their conditions, results and errors. The two loops of the engine share nothing else.
 * Implemented in `src/store/`, for SQLite and for PostgreSQL.
 *
 * Each method is one step: it reads, decides and writes in one transaction, and its promise settles after the commit.
 * Steps that are called in one tick of the event loop run in the order of the calls and may share a transaction; a
 * step that fails does not undo the others. No order is guaranteed between calls from different ticks or processes.
 *
 * Methods reject with `StoreError` (`DATABASE_FAILED`) if the database refuses; then nothing of the step is stored.
 * Lists are empty if the thing that they belong to does not exist. "Newest first" is the order of creation; in a tie
 * the later call is first. `after` is the id of the row before the list, which is empty if that row does not exist.
 */

import type { StoreCounters } from '../metrics/store-counters.ts'
import type { ActionAnswer, ActionRow, NewAction, SteeringRequest } from '../model/action.ts'
import type { AlertRow } from '../model/alert.ts'
import type { ContextText } from '../model/context.ts'
import type {
  AcquiredExecution,
  AttemptRow,
  Execution,
  ExecutionOrigin,
  ExecutionStatus,
  ExecutionSummary,
} from '../model/execution.ts'
import type * as rows from '../model/graphs/rows.ts'
import type * as history from '../model/history.ts'
import type { LogPiece } from '../model/log.ts'
import type { Catchup, TriggerOverrides } from '../model/policy.ts'
import type { EndedExecutions, Retention } from '../model/retention.ts'
import type * as schedule from '../model/schedule.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import type * as cron from './cron/cron-store.ts'
import type * as graph from './graphs/graph-store.ts'
import type * as port from './store-ports.ts'

/** Lost: the database was removed, replaced or damaged; `error` says what to do. Found: a database is open again. */
export type StoreChange =
  | { readonly kind: 'lost'; readonly error: Error }
  | { readonly kind: 'found'; readonly path: string }

export interface Store extends InstanceStore, TriggerStore, CronStore, ExecutionStore {
  readonly counters: StoreCounters
  readonly actions: ActionStore
  readonly alerts: AlertStore
  readonly logs: LogStore
  readonly history: HistoryStore
  readonly activity: ActivityStore
  readonly graphs: GraphStore
  /** Stores definitions, so that other processes can list and start the workflows. Replaces those with the same key. */
  saveWorkflows(workflows: readonly WorkflowDefinition[], at: number): Promise<void>
  /** Returns the newest definition of each workflow, by key. `keys`: only of these workflows. */
  listWorkflows(keys?: readonly string[]): Promise<readonly WorkflowDefinition[]>
  /** Calls back within 0.5 s after another process or store object changed the database. Returns the end of it. */
  onForeignChange(callback: () => void): () => void
  /**
   * Calls back when the database is lost, after which all calls reject with `DATABASE_REPLACED`, and when one is found:
   * the former one, a copy, or a new one, which need not have the rows that were read or written before. The open
   * instances are registered in it. Returns the end of it.
   */
  onDatabaseChange(callback: (change: StoreChange) => void): () => void
  /** Removes a small part of the rows that are older than their retention. Returns their number; 0: none is left. */
  prune(retention: Retention, at: number): Promise<number>
  countEnded(which: EndedExecutions): Promise<number>
  /** Removes a small part of these executions with their rows. Returns the number of rows; 0: no rows are left. */
  pruneExecutions(which: EndedExecutions): Promise<number>
  /** Writes all buffers, and releases the database. May be called again. Later calls of other methods reject. */
  close(): Promise<void>
}

export interface InstanceStore {
  /**
   * Registers an instance, whose clock shows `at`. Must precede all calls with its id. It is dead to others if its
   * process is gone, or if they have observed no heartbeat of it for 10 s of their own monotonic clock.
   */
  openInstance(instanceId: string, at: number): Promise<void>
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
   * host is taken for alive for 10 s of the wall clock after its last heartbeat.
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
   * have announced these triggers. Returns all leases of the instance, in the order of the names. A lease that it had
   * keeps its number. Releases none: see `releaseTriggers`.
   */
  leaseTriggers(instanceId: string, names: readonly string[]): Promise<port.LeasedTriggers>
  /** Releases leases. The caller must not poll these triggers any more. */
  releaseTriggers(instanceId: string, names: readonly string[]): Promise<void>
  /**
   * Removes a trigger, polled or with a cron expression, that no living instance declares: a part of its ticks and
   * firings in each step, and the trigger in the last step. Its executions stay.
   */
  removeTrigger(name: string, at: number): Promise<port.TriggerRemoval>
  listTriggers(page: port.Page & { readonly enabledOnly: boolean }): Promise<readonly schedule.TriggerRow[]>
  getTrigger(name: string): Promise<schedule.TriggerRow | null>
  /**
   * Also sets its failures in a row to 0. Records the action as done, in the same step. Returns false, and records no
   * action, if the trigger does not exist.
   */
  setTriggerEnabled(
    name: string,
    isEnabled: boolean,
    note: string | null,
    at: number,
    action?: NewAction,
  ): Promise<boolean>
  /**
   * Sets values that replace those of the code, also after the code changes. Values that were set before stay; null
   * resets all. Records the action as `setTriggerEnabled` does. Returns false if the trigger does not exist.
   */
  overrideTrigger(name: string, overrides: TriggerOverrides | null, at: number, action?: NewAction): Promise<boolean>
  /**
   * Buffers a skip, and sets `lastPollAt`. Reads nothing and returns immediately. Consecutive skips with one reason are
   * one tick with their number, their first and last time, and the maxima of lateness and duration. Written in 1 s, or
   * within `POLLS_WRITTEN_WITHIN_MS` if thousands of triggers skip again, and at `close`; reads of this store include
   * it immediately. Ignored for an unknown trigger, and after `close`.
   */
  noteSkip(skip: port.SkippedTick): void
  /**
   * Stores a firing with its tick and its execution, and sets `lastPollAt`; results are described in `FiredTickResult`.
   * Rejects for an unknown trigger, as `recordFailed` does.
   */
  recordFired(tick: port.FiredTick): Promise<port.FiredTickResult>
  /** Does not change `lastPollAt`. */
  recordFailed(tick: port.FailedTick): Promise<port.FailedTickResult>
  /** Newest first. */
  listFirings(trigger: string, page: port.PageAfter): Promise<readonly schedule.FiringRow[]>
  /** By the last time of each tick, newest first. The newest is the run of skips that may continue. */
  listTicks(trigger: string, page: port.Page & port.TickFilter): Promise<readonly schedule.TickRow[]>
}

/** Methods that change a schedule return false if it does not exist. */
export interface CronStore {
  /** Rejects with `DUPLICATE_INSTANCE` if the workflow has an instance with this name. */
  createCron(schedule: cron.NewCronSchedule): Promise<void>
  /** Creates schedules of cron triggers, or refreshes those whose code has changed. Returns them in the given order. */
  saveTriggerCrons(schedules: readonly cron.NewTriggerCron[]): Promise<readonly schedule.CronRow[]>
  /** Newest first. */
  listCrons(page: port.Page & { readonly enabledOnly: boolean }): Promise<readonly schedule.CronRow[]>
  getCron(id: string): Promise<schedule.CronRow | null>
  /**
   * Returns schedules whose cron trigger, instance or id has this name or, if there are none, whose id begins with it.
   * Newest first.
   */
  findCrons(name: string, limit: number): Promise<readonly schedule.CronRow[]>
  /** Returns the schedules of these cron triggers, in any order, without those that do not exist. */
  triggerCrons(triggerNames: readonly string[]): Promise<readonly schedule.CronRow[]>
  updateCron(
    id: string,
    change: { readonly expression: string; readonly timezone: string; readonly nextRunAt: number },
    at: number,
  ): Promise<boolean>
  /** Sets the value that replaces that of the code; null resets it. Records the action as `setTriggerEnabled` does. */
  overrideTriggerCron(triggerName: string, catchup: Catchup | null, at: number, action?: NewAction): Promise<boolean>
  /** Sets the next times of schedules, except of those whose `nextRunAt` has changed since it was read. */
  rescheduleCrons(moves: readonly cron.CronMove[], at: number): Promise<void>
  setCronEnabled(id: string, isEnabled: boolean, at: number): Promise<boolean>
  deleteCron(id: string): Promise<boolean>
  /** Returns all enabled schedules, the soonest first. */
  enabledCrons(): Promise<readonly schedule.CronRow[]>
  /**
   * Stores the firing of a due time, its execution, and the next and last times of the schedule. Returns false, and
   * stores nothing, if `nextRunAt` is not `dueAt` any more, or if the schedule is disabled or does not exist.
   */
  claimCron(claim: cron.CronClaim): Promise<boolean>
  /** Newest first. */
  listCronFirings(scheduleId: string, page: port.PageAfter): Promise<readonly schedule.CronFiringRow[]>
  /** Returns firings without an execution in [notBeforeAt, olderThanAt], recovered less than `maxAttempts` times. */
  lostCronFirings(query: {
    readonly notBeforeAt: number
    readonly olderThanAt: number
    readonly maxAttempts: number
  }): Promise<readonly schedule.CronFiringRow[]>
  /** Counts a recovery of a lost firing, and starts its execution if given. Returns false if it has an execution. */
  recoverCronFiring(firingId: string, execution: port.NewExecution | null, at: number): Promise<boolean>
  cronStats(sinceAt: number, at: number): Promise<schedule.CronStats>
}

export interface ExecutionStore {
  /** Stores a Pending execution without an owner, whose tasks are NotStarted. Stores `recorded` in the same step. */
  createExecution(
    execution: port.NewExecution,
    origin: ExecutionOrigin,
    at: number,
    recorded?: port.RecordedAction,
  ): Promise<void>
  /**
   * Gives the oldest executions without an owner to the instance, and with `recover` those of dead instances. Takes an
   * execution of another version of its workflow only if no living instance has announced that version. They become
   * Running, and their running tasks Ready with one more in `recoveries`. Returns them in this state, with a new owner
   * number. Applies waiting requests: answers a pause or resume, and returns a cancel with its execution.
   */
  acquireExecutions(acquisition: port.Acquisition): Promise<readonly AcquiredExecution[]>
  /**
   * Stores the changes of an execution. An end also closes its firing, removes its owner and answers the waiting
   * request. Rejects with `EXECUTION_NOT_OWNED` if the owner number is not the current one.
   */
  settle(settlement: port.Settlement): Promise<void>
  /**
   * Stores a request with the next number, and its action, if the answer is `applied` or `requested`. Replaces a
   * waiting request and answers its action as refused. Without a living owner, the same step applies the request.
   */
  steer(action: NewAction, request: SteeringRequest): Promise<port.SteeringAnswer>
  /** Applies the waiting request unless a living instance owns the execution; see `steer`. */
  applyRequest(executionId: string, at: number): Promise<port.SteeringAnswer>
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
  /** Newest first. `target`: only actions on it. */
  list(target: string | null, page: port.PageAfter): Promise<readonly ActionRow[]>
}

/** Alerts and their results. Kept as long as failed polls. */
export interface AlertStore {
  /** Inserts or replaces an alert. */
  save(alert: AlertRow): Promise<void>
  /** Newest first. */
  list(page: port.PageAfter): Promise<readonly AlertRow[]>
}

/** Output and log records of attempts and polls. Kept as long as their executions and ticks. */
export interface LogStore {
  /**
   * Adds to the log of an attempt, which keeps the first quarter and the last three quarters of `limitBytes`. Returns
   * immediately. Written within 1 s, in the step that ends the task, and at `close`; reads of this store include it.
   * Ignored if the execution does not exist, and after `close`.
   */
  append(attempt: port.AttemptRef, piece: LogPiece, limitBytes: number): void
  /** Returns the logs of a trigger's ticks, newest first. `tickPrefix`: only ticks whose id begins with it. */
  listOfTicks(trigger: string, query: port.Page & { readonly tickPrefix?: string }): Promise<readonly port.TickLog[]>
  /** In the order of writing, which is the order of the pieces of each attempt. */
  list(query: port.LogQuery): Promise<readonly port.StoredLogPiece[]>
}

/** Queries whose cost does not grow with the history. */
export interface HistoryStore {
  /** Reads no context. */
  overview(executionId: string): Promise<history.ExecutionOverview | null>
  /** Returns the stored text; null if the execution, the task or the text does not exist. */
  contextText(executionId: string, of: history.ContextOf): Promise<ContextText | null>
  /** Counts executions in each status, up to a limit. */
  counts(filter: history.CountFilter): Promise<history.ExecutionCounts>
  /** The oldest bar first. */
  trend(query: history.TrendQuery): Promise<readonly history.TrendBar[]>
  /** By their end, the last one first. */
  lastFailed(limit: number): Promise<readonly ExecutionSummary[]>
  /**
   * Returns those of the executions that wait for an engine: active, not paused, created at this time or before, and no
   * living instance owns them or has announced their workflow.
   */
  listWaiting(executionIds: readonly string[], createdUntil: number): Promise<ReadonlySet<string>>
  /** Counts all such executions by workflow, sorted by name. The cost grows with the number of active executions. */
  countWaiting(createdUntil: number): Promise<readonly history.WaitingWorkflow[]>
  /** Newest first. */
  sample(
    workflow: string,
    limits: { readonly executions: number; readonly attempts: number },
  ): Promise<history.WorkflowSample>
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

export interface GraphStore {
  /**
   * Replaces the declarations of an instance, and inserts or refreshes a row for each name, also for sources that only
   * reactors name. Marks names that no living instance declares, with the time. A reactor whose sources have changed
   * keeps the values of the sources that remain. A new graph begins with the next firing.
   */
  declare(instanceId: string, declared: graph.DeclaredGraphs, at: number): Promise<void>
  /** Takes leases of sources that no living instance has. Returns all its leases, in the order of the names. */
  leaseSources(instanceId: string, names: readonly string[]): Promise<readonly graph.SourceLease[]>
  releaseSources(instanceId: string, names: readonly string[]): Promise<void>
  /** Stores events of one source in the given order; see `AcceptedEvents`. They survive a power cut. */
  accept(events: graph.NewEvents): Promise<graph.AcceptedEvents>
  /** Counts events that were refused because too many wait. Ignored for an unknown source. */
  refuse(source: string, events: number): Promise<void>
  /** Returns the position of each partition of a stream. */
  positions(source: string): Promise<readonly graph.StreamPosition[]>
  /** Returns events after a sequence, oldest first: up to `maxChars` of their texts, but at least one event. */
  eventsAfter(
    source: string,
    sequence: number,
    limits: { readonly events: number; readonly maxChars: number },
  ): Promise<readonly rows.SourceEvent[]>
  /** Moves the mark of a source, and gives the values to all declared reactors that list it, one after the other. */
  deliver(delivery: graph.Delivery): Promise<graph.DeliveryResult>
  /** Stores polls without events. Ignored for an unknown source. */
  recordPolls(source: string, polls: readonly graph.SourcePoll[]): Promise<void>
  /** Newest first. */
  listPolls(source: string, page: port.PageAfter): Promise<readonly graph.SourcePollRow[]>
  /** Moves the marks of graphs over at most `limit` firings each, fewer if these are large, and returns the firings. */
  claimRuns(graphs: readonly string[], limit: number): Promise<readonly graph.GraphClaim[]>
  /** Adds to the counts of graphs. */
  recordRuns(runs: readonly graph.GraphRuns[]): Promise<void>
  /**
   * Fires a reactor by hand with its newest values; those of `payloadText`, a JSON object or null, replace them. Its
   * dirty marks stay. Returns null if the reactor does not exist or lacks a source that the payload names.
   */
  fire(reactor: string, payloadText: rows.ValueText | null, by: string, at: number): Promise<rows.ReactorFiring | null>
  /**
   * Returns the id of the subscription. An existing one with the same reactor, workflow and tenant keeps its id and its
   * mark, gets the new predicate, and is not degraded any more.
   */
  subscribe(subscription: graph.NewSubscription): Promise<string>
  /** Returns false if it does not exist. The executions that it started stay. */
  unsubscribe(reactor: string, workflow: string, tenant: string): Promise<boolean>
  /** By reactor, workflow and tenant. */
  listSubscriptions(filter: {
    readonly tenant?: string
    readonly reactor?: string
    readonly enabledOnly: boolean
  }): Promise<readonly rows.Subscription[]>
  getSubscription(id: string): Promise<rows.Subscription | null>
  /** Returns false if it does not exist. */
  setSubscriptionEnabled(id: string, isEnabled: boolean, at: number): Promise<boolean>
  /**
   * Sets the mark before a sequence: the firings from there on start executions again. Returns the first of these
   * sequences that is retained, or null if the subscription does not exist.
   */
  replay(id: string, fromSequence: number, at: number): Promise<number | null>
  /**
   * Returns enabled subscriptions of these workflows that are not degraded, with at most `limit` firings after their
   * marks, fewer if these are large.
   */
  pendingSubscriptions(workflows: readonly string[], limit: number): Promise<readonly graph.PendingSubscription[]>
  /**
   * Returns false, and stores nothing, if the mark has moved, or the subscription is disabled or does not exist. A
   * firing starts one execution for each subscription and replay.
   */
  advance(step: graph.SubscriptionStep): Promise<boolean>
  listSources(): Promise<readonly rows.SourceRow[]>
  getSource(name: string): Promise<rows.SourceRow | null>
  /** Newest first. `after`: a sequence as text. */
  listEvents(source: string, page: port.PageAfter): Promise<readonly rows.SourceEvent[]>
  listReactors(): Promise<readonly rows.ReactorRow[]>
  getReactor(name: string): Promise<rows.ReactorRow | null>
  /** Newest first. */
  listReactorFirings(reactor: string, page: port.PageAfter): Promise<readonly rows.ReactorFiring[]>
  getFiring(id: string): Promise<graph.FiringDetail | null>
  /** Returns the firings that an event of a source helped to cause, newest first. */
  firingsOf(source: string, sequence: number, limit: number): Promise<readonly rows.ReactorFiring[]>
  listGraphs(): Promise<readonly rows.GraphRow[]>
  getGraph(name: string): Promise<rows.GraphRow | null>
}
