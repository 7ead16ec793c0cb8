/** The store on SQLite. Each method of the port queues one step, which may run twice (see `step-queue.ts`). */

import type {
  Acquisition,
  ActionStore,
  ActivityStore,
  AlertStore,
  Clock,
  EndedExecutions,
  FailedTick,
  FailedTickResult,
  FiredTick,
  FiredTickResult,
  GraphStore,
  HistoryStore,
  NewExecution,
  Page,
  PageAfter,
  RecordedAction,
  Retention,
  Settlement,
  SkippedTick,
  Store,
  StoreChange,
  TickFilter,
  TriggerDeclaration,
} from '../../engine/ports.ts'
import { StoreCounters } from '../../metrics/store-counters.ts'
import type { NewAction } from '../../model/action.ts'
import type { AcquiredExecution, AttemptRow, ExecutionOrigin } from '../../model/execution.ts'
import type { TriggerOverrides } from '../../model/policy.ts'
import type { FiringRow, TickRow, TriggerRow } from '../../model/schedule.ts'
import { LogWriter } from '../log-writer.ts'
import { isProcessAlive, thisProcess } from '../process-identity.ts'
import { type TriggerRecord, triggerRow } from '../rows.ts'
import type { RunStep, Step, Session as StepSession } from '../session.ts'
import { SkipWriter } from '../skip-writer.ts'
import { actionStore, recordedIf } from '../steps/actions.ts'
import { alertStore } from '../steps/alerts.ts'
import { acquireExecutions, type FindUnowned } from '../steps/executions/acquisition.ts'
import { createExecutions } from '../steps/executions/creation.ts'
import { settleOne } from '../steps/executions/settlement.ts'
import type { IsOwnerAlive } from '../steps/executions/steering.ts'
import { graphStore } from '../steps/graphs/graph-store.ts'
import { accept } from '../steps/graphs/sources.ts'
import { activityStore } from '../steps/history/activity.ts'
import { historyStore, listAttempts } from '../steps/history/history.ts'
import { countEnded, prune, pruneExecutions } from '../steps/history/retention.ts'
import { openInstance } from '../steps/instances.ts'
import { isLiving, isObservedAlive, livingSeqs } from '../steps/liveness.ts'
import * as polls from '../steps/polls.ts'
import { listTicks } from '../steps/ticks.ts'
import * as triggers from '../steps/triggers.ts'
import type { StepNeed, StepResult } from '../steps.ts'
import { StoreExecutions } from '../store-executions.ts'
import { Checkpoints } from './file/checkpoints.ts'
import type { Connection } from './file/connection.ts'
import { DatabaseWatch } from './file/database-watch.ts'
import { readOnly } from './file/failures.ts'
import { ForeignChanges } from './file/foreign-changes.ts'
import { finish, SqliteSession } from './file/session.ts'
import { StepQueue } from './file/step-queue.ts'
import { SqliteLiveness } from './liveness.ts'
import { PRUNED_TABLES } from './pruned-tables.ts'
import { SCHEMA } from './schema/schema.ts'
import { SQL } from './sql.ts'
import { isReadOnly, type SqliteStoreOptions } from './store-options.ts'
import { unownedOn } from './unowned.ts'

export class SqliteStore extends StoreExecutions implements Store {
  readonly counters = new StoreCounters()
  readonly actions: ActionStore
  readonly alerts: AlertStore
  readonly logs: LogWriter
  readonly history: HistoryStore
  readonly activity: ActivityStore
  readonly graphs: GraphStore
  protected readonly liveness: SqliteLiveness
  readonly #connection: Connection
  readonly #session: SqliteSession
  readonly #clock: Clock
  readonly #isReadOnly: boolean
  readonly #watch: DatabaseWatch
  readonly #queue: StepQueue
  readonly #findUnowned: FindUnowned
  readonly #foreignChanges: ForeignChanges
  readonly #skips: SkipWriter
  #closing: Promise<void> | undefined

  constructor(connection: Connection, options: SqliteStoreOptions) {
    super()
    this.#connection = connection
    this.#session = new SqliteSession(connection, SQL)
    this.#clock = options.clock
    this.#isReadOnly = isReadOnly(options)
    this.#watch = new DatabaseWatch(connection, options.clock, () => this.#openedAnew())
    const syncs = options.durability === 'full'
    const checkpoints = new Checkpoints(connection, options.clock, this.#watch, options.notice ?? (() => {}))
    const afterCommit = (): void => checkpoints.committed()
    const { clock, process = thisProcess(), isProcessAlive: isAlive = isProcessAlive } = options
    this.#queue = new StepQueue(connection, { clock, syncs, watch: this.#watch, afterCommit, counters: this.counters })
    this.liveness = new SqliteLiveness(process, isAlive, clock)
    this.#findUnowned = unownedOn(this.liveness)
    this.#skips = new SkipWriter(options.clock, this.run, polls.writeSkips)
    this.actions = actionStore(this.run)
    this.alerts = alertStore(this.run)
    this.history = historyStore(this.run, true, (session) => livingSeqs(session, this.liveness, clock.now()))
    this.activity = activityStore(this.run, true)
    this.graphs = graphStore(this.run, {
      liveness: this.liveness,
      declarations: this.declarations,
      accept: async (events) => {
        const [answer] = await this.run('accept', (session) => accept(session, [events], () => true))
        return answer ?? { kind: 'unknown' }
      },
    })
    this.logs = new LogWriter(options.clock, this.run, (trigger, body) => this.#readTicks(trigger, body))
    this.#foreignChanges = new ForeignChanges(options.clock, () => this.#foreignVersion())
  }

  async saveTriggers(declared: readonly TriggerDeclaration[], at: number): Promise<readonly TriggerRow[]> {
    const records = await this.run('write', (session) => triggers.saveTriggers(session, declared, at))
    return records.map(this.#triggerRow)
  }

  async listTriggers(page: Page & { readonly enabledOnly: boolean }): Promise<readonly TriggerRow[]> {
    return (await this.run('read', (session) => triggers.listTriggers(session, page))).map(this.#triggerRow)
  }

  async getTrigger(name: string): Promise<TriggerRow | null> {
    const record = await this.run('read', (session) => triggers.getTrigger(session, name))
    return record === null ? null : this.#triggerRow(record)
  }

  setTriggerEnabled(name: string, isEnabled: boolean, note: string | null, at: number, action?: NewAction) {
    return this.run('accept', (session) =>
      recordedIf(triggers.setTriggerEnabled(session, name, isEnabled, note, at), session, action),
    )
  }

  overrideTrigger(name: string, overrides: TriggerOverrides | null, at: number, action?: NewAction) {
    return this.run('accept', (session) =>
      recordedIf(triggers.overrideTrigger(session, name, overrides, at), session, action),
    )
  }

  noteSkip(skip: SkippedTick): void {
    if (this.#closing !== undefined || this.#isReadOnly) return
    this.#skips.note(skip)
  }

  recordFired(tick: FiredTick): Promise<FiredTickResult> {
    return this.#skips.stepAfter('accept', tick.trigger, (session) => polls.recordFired(session, tick))
  }

  recordFailed(tick: FailedTick): Promise<FailedTickResult> {
    return this.#skips.stepAfter('write', tick.trigger, (session) => polls.recordFailed(session, tick))
  }

  listFirings(trigger: string, page: PageAfter): Promise<readonly FiringRow[]> {
    return this.run('read', (session) => triggers.listFirings(session, trigger, page))
  }

  listTicks(trigger: string, filter: Page & TickFilter): Promise<readonly TickRow[]> {
    return this.#readTicks(trigger, (session) => listTicks(session, trigger, filter))
  }

  /** Sees the skips that are not written yet. */
  #readTicks<Result>(trigger: string, body: (session: StepSession) => Step<Result>): Promise<Result> {
    return this.#skips.lastAt(trigger) === null ? this.run('read', body) : this.#skips.stepAfter('write', trigger, body)
  }

  createExecution(execution: NewExecution, origin: ExecutionOrigin, at: number, recorded?: RecordedAction) {
    return this.run('accept', (session) => createExecutions(session, [{ execution, origin, at, recorded }]))
  }

  acquireExecutions(acquisition: Acquisition): Promise<readonly AcquiredExecution[]> {
    return this.run('write', (session) => acquireExecutions(session, this.liveness, acquisition, this.#findUnowned))
  }

  settle(settlement: Settlement): Promise<void> {
    const { executionId, changes, end } = settlement
    const need = end === null ? 'progress' : 'accept'
    // A listener that is notified of the end of an attempt finds its whole log.
    const ended =
      end === null ? new Set(changes.flatMap((task) => (task.status === 'Running' ? [] : task.taskId))) : null
    return this.logs.stepAfter(need, executionId, ended, (session) => settleOne(session, settlement, this.#clock.now()))
  }

  /** A serving process has observed heartbeats by its monotonic clock, which is more certain than one query. */
  protected readonly isOwnerAlive: IsOwnerAlive = (session, instanceId, at) => {
    const [own] = this.instances
    return own === undefined
      ? isLiving(session, this.liveness, instanceId, at)
      : isObservedAlive(session, this.liveness, own, instanceId)
  }

  listAttempts(executionId: string): Promise<readonly AttemptRow[]> {
    return this.run('read', (session) => listAttempts(session, executionId))
  }

  onForeignChange(callback: () => void): () => void {
    if (this.#closing !== undefined || this.#connection.isMemory) return () => {}
    return this.#foreignChanges.listen(callback)
  }

  onDatabaseChange(callback: (change: StoreChange) => void): () => void {
    return this.#closing === undefined ? this.#watch.listen(callback) : () => {}
  }

  prune(retention: Retention, at: number): Promise<number> {
    return this.run('write', (session) => prune(session, PRUNED_TABLES, retention, at))
  }

  countEnded(which: EndedExecutions): Promise<number> {
    return this.run('read', (session) => countEnded(session, which))
  }

  pruneExecutions(which: EndedExecutions): Promise<number> {
    return this.run('write', (session) => pruneExecutions(session, PRUNED_TABLES, which))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#foreignChanges.stop()
    this.#watch.stop()
    // The last of all steps: those that were asked for before it are carried out.
    const last = this.#isReadOnly ? [this.#step('read', () => {})] : [this.logs.close(), this.#skips.close()]
    this.#queue.close()
    try {
      await Promise.all(last)
    } finally {
      this.#connection.close()
    }
  }

  /** Runs in the tick of the event loop in which another file was opened: the next step needs instances and declarations. */
  #openedAnew(): void {
    const at = this.#clock.now()
    if (this.#isReadOnly) SCHEMA.assertReadable(this.#connection)
    else SCHEMA.migrate(this.#connection, at)
    this.#connection.opened()
    this.liveness.forget()
    this.heldLeases.forget()
    this.#foreignChanges.reset()
    if (this.instances.size === 0) return
    this.#connection.atomically(() => {
      for (const id of this.instances) finish(openInstance(this.#session, this.liveness, id, at))
    })
  }

  #foreignVersion(): string | null {
    if (!this.#watch.check()) return null
    try {
      const version = this.#connection.foreignVersion()
      // For each of several engines on this store, what the others commit is foreign.
      return this.instances.size > 1 ? `${version} ${this.#connection.countChanges()}` : `${version}`
    } catch (thrown) {
      // The next step throws it: no caller waits for an answer here.
      this.#watch.suspect(thrown)
      return null
    }
  }

  #step<Result>(need: StepNeed, run: (connection: Connection) => StepResult<Result>): Promise<Result> {
    if (this.#isReadOnly && need !== 'read') return Promise.reject(readOnly(this.#connection.path))
    return this.#queue.add(need, () => run(this.#connection))
  }

  protected readonly run: RunStep = (need, body) => this.#step(need, () => finish(body(this.#session)))
  protected readonly runQuietly = this.run
  readonly #triggerRow = (record: TriggerRecord): TriggerRow => triggerRow(record, this.#skips.lastAt(record.name))
}
