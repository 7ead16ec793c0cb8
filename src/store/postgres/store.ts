/** The store on PostgreSQL. Each method of the port queues one step, which may run twice (see `session/write-queue.ts`). */

import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import type {
  Acquisition,
  ActionStore,
  ActivityStore,
  AlertStore,
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
import { acquireExecutions } from '../steps/executions/acquisition.ts'
import { type Creation, createExecutions } from '../steps/executions/creation.ts'
import { settle, settleOne } from '../steps/executions/settlement.ts'
import type { IsOwnerAlive } from '../steps/executions/steering.ts'
import { graphStore } from '../steps/graphs/graph-store.ts'
import { activityStore } from '../steps/history/activity.ts'
import { historyStore, listAttempts } from '../steps/history/history.ts'
import { countEnded, prune, pruneExecutions } from '../steps/history/retention.ts'
import { openInstance } from '../steps/instances.ts'
import { isLiving, livingSeqs } from '../steps/liveness.ts'
import * as polls from '../steps/polls.ts'
import { listTicks } from '../steps/ticks.ts'
import * as triggers from '../steps/triggers.ts'
import { StoreExecutions } from '../store-executions.ts'
import { graphAcceptance } from './acceptance.ts'
import { PostgresLiveness } from './liveness.ts'
import type { PostgresAddress } from './session/address.ts'
import { clockSkew } from './session/failures.ts'
import { ForeignChanges, type KnownChanges } from './session/foreign-changes.ts'
import { Readers } from './session/readers.ts'
import { type Alike, WriteQueue } from './session/write-queue.ts'
import { REPORTS, Steps } from './steps.ts'
import type { PostgresStoreOptions } from './store-options.ts'
import { UnownedExecutions } from './unowned.ts'
import { PRUNED_TABLES, Upkeep } from './upkeep.ts'

/** More is worth a word: nothing depends on it, but people compare instants. */
const SKEW_WORTH_SAYING_MS = 1_000

/** Many executions are created together. */
const CREATION: Alike<Creation, void> = {
  need: 'accept',
  isPatient: false,
  key: ({ execution: { id } }) => id,
  run: async (connection, creations) => {
    await connection.carryOut((session) => createExecutions(session, creations))
    return creations.map(() => undefined)
  },
}

export class PostgresStore extends StoreExecutions implements Store {
  readonly actions: ActionStore
  readonly alerts: AlertStore
  readonly logs: LogWriter
  readonly history: HistoryStore
  readonly activity: ActivityStore
  readonly graphs: GraphStore
  protected readonly liveness: PostgresLiveness
  readonly upkeep: Upkeep
  readonly counters = new StoreCounters()
  readonly #address: PostgresAddress
  readonly #options: PostgresStoreOptions
  readonly #queue: WriteQueue
  readonly #readers: Readers
  readonly #steps: Steps
  readonly #foreignChanges: ForeignChanges
  readonly #skips: SkipWriter
  readonly #unowned: UnownedExecutions
  readonly #settling: Alike<Settlement, undefined>
  #closing: Promise<void> | undefined

  constructor(client: Client, address: PostgresAddress, changes: KnownChanges, options: PostgresStoreOptions) {
    super()
    this.#address = address
    this.#options = options
    const { clock, notice = () => undefined, random = Math.random, newId = randomUUID } = options
    this.#readers = new Readers(address, clock)
    const isShared = (): boolean => this.instances.size > 1
    const heard = { address, clock, readers: this.#readers, random, notice, isShared }
    this.#foreignChanges = new ForeignChanges(newId(), changes, heard)
    this.#queue = new WriteQueue(client, address, {
      ...{ clock, newId, counters: this.counters },
      syncs: options.durability === 'full',
      telling: (telling) => this.#foreignChanges.telling(telling),
      told: (rows) => this.#foreignChanges.told(rows),
      notice,
    })
    this.#steps = new Steps(this.#queue, this.#readers, address.shown, options.readOnly ?? false)
    const { process = thisProcess(), isProcessAlive: isAlive = isProcessAlive } = options
    this.liveness = new PostgresLiveness(process, isAlive, this.#serverNow)
    this.#unowned = new UnownedExecutions(() => clock.monotonic(), this.#serverNow)
    this.upkeep = new Upkeep({ address, clock, readers: this.#readers, serverNow: this.#serverNow, notice })
    this.#skips = new SkipWriter(clock, this.#report, polls.writeSkips)
    this.actions = actionStore(this.run)
    this.alerts = alertStore(this.run)
    this.history = historyStore(this.run, false, (session) => livingSeqs(session, this.liveness, clock.now()))
    this.activity = activityStore(this.run, false)
    const isOwn = (instanceId: string) => this.instances.has(instanceId)
    const accept = graphAcceptance(this.#steps, isOwn)
    this.graphs = graphStore(this.run, { accept, liveness: this.liveness, declarations: this.declarations })
    this.logs = new LogWriter(clock, this.#report, (trigger, body) => this.#readTicks(trigger, body))
    this.#settling = {
      ...REPORTS,
      key: ({ executionId }) => executionId,
      run: (connection, each) => connection.carryOut((session) => settle(session, each, clock.now())),
    }
  }

  lostConnection(client: Client): void {
    this.#queue.lost(client)
  }

  override async openInstance(instanceId: string, at: number): Promise<void> {
    this.instances.add(instanceId)
    const { liveness } = this
    const opening = function* (session: StepSession) {
      yield* openInstance(session, liveness, instanceId, at)
      return yield* liveness.skewMs(session, at)
    }
    const skewMs = await this.run('write', opening, 'quiet')
    if (Math.abs(skewMs) > SKEW_WORTH_SAYING_MS && this.#options.serverNow === undefined) {
      this.#options.notice?.(clockSkew(this.#address.shown, skewMs))
    }
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
    if (this.#closing !== undefined || this.#options.readOnly) return
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
    return this.#steps.alike(CREATION, { execution, origin, at, recorded })
  }

  async acquireExecutions(acquisition: Acquisition): Promise<readonly AcquiredExecution[]> {
    const find = this.#unowned.search(acquisition)
    const taken = await this.run(
      'write',
      (session) => acquireExecutions(session, this.liveness, acquisition, find),
      'quiet',
    )
    this.#unowned.found(acquisition, taken)
    return taken
  }

  async settle(settlement: Settlement): Promise<void> {
    const { executionId, changes, end } = settlement
    // A listener that is notified of the end of an attempt finds its whole log.
    const ended =
      end === null ? new Set(changes.flatMap((task) => (task.status === 'Running' ? [] : task.taskId))) : null
    if (!this.logs.isWaiting(executionId, ended)) return this.#queue.addAlike(this.#settling, settlement)
    await this.logs.stepAfter(end === null ? 'write' : 'accept', executionId, ended, (session) =>
      settleOne(session, settlement, this.#options.clock.now()),
    )
  }

  protected readonly isOwnerAlive: IsOwnerAlive = (session, instanceId, at) =>
    isLiving(session, this.liveness, instanceId, at)

  listAttempts(executionId: string): Promise<readonly AttemptRow[]> {
    return this.run('read', (session) => listAttempts(session, executionId))
  }

  onForeignChange(callback: () => void): () => void {
    return this.#closing === undefined ? this.#foreignChanges.listen(callback) : () => {}
  }

  /** A server that is away comes back as it was: nothing is lost or found. */
  onDatabaseChange(_callback: (change: StoreChange) => void): () => void {
    return () => {}
  }

  async prune(retention: Retention, at: number): Promise<number> {
    const dropped = this.#options.readOnly ? 0 : await this.upkeep.run(retention, at)
    if (dropped > 0) return dropped
    return await this.run('write', (session) => prune(session, PRUNED_TABLES, retention, at), 'quiet')
  }

  countEnded(which: EndedExecutions): Promise<number> {
    return this.run('read', (session) => countEnded(session, which))
  }

  pruneExecutions(which: EndedExecutions): Promise<number> {
    return this.run('write', (session) => pruneExecutions(session, PRUNED_TABLES, which), 'quiet')
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#steps.close()
    this.#foreignChanges.stop()
    // The last of all steps: those that were asked for before it are carried out.
    const last = this.#options.readOnly ? [] : [this.logs.close(), this.#skips.close()]
    const written = this.#queue.close()
    try {
      await Promise.all(last)
    } finally {
      await written
      await this.#readers.close()
    }
  }

  protected readonly run: RunStep = (need, body, trait) =>
    this.#steps.addWith(trait, need, (connection) => connection.carryOut(body))

  readonly #report: RunStep = (need, body) => this.#steps.report(need, (connection) => connection.carryOut(body))

  readonly #serverNow = (): number | null => this.#options.serverNow?.() ?? null
  readonly #triggerRow = (record: TriggerRecord): TriggerRow => triggerRow(record, this.#skips.lastAt(record.name))
}
