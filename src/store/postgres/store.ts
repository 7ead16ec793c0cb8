/**
 * The store on PostgreSQL: the `Store` port, method by method, in the port's order. Made by `postgres-store.ts`. Each method is one step; what a step does stands in the files of its topic, and no step touches anything but
 * the database, since it may be run twice (see `session/write-queue.ts`).
 */

import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import type {
  Acquisition,
  ActionStore,
  ActivityStore,
  AlertStore,
  EndedExecutions,
  ExecutionFilter,
  FailedTick,
  FailedTickResult,
  FiredTick,
  FiredTickResult,
  GraphStore,
  HistoryStore,
  LeasedTriggers,
  NewExecution,
  Page,
  PageAfter,
  RecordedAction,
  Retention,
  Settlement,
  SkippedTick,
  SteeringAnswer,
  Store,
  StoreChange,
  TickFilter,
  TriggerDeclaration,
} from '../../engine/ports.ts'
import { StoreCounters } from '../../metrics/store-counters.ts'
import type { NewAction, SteeringRequest } from '../../model/action.ts'
import type {
  AcquiredExecution,
  AttemptRow,
  Execution,
  ExecutionOrigin,
  ExecutionSummary,
} from '../../model/execution.ts'
import type { TriggerOverrides } from '../../model/policy.ts'
import type { FiringRow, TickRow, TriggerRow } from '../../model/schedule.ts'
import { LogWriter } from '../log-writer.ts'
import { isProcessAlive, thisProcess } from '../process-identity.ts'
import { type TriggerRecord, triggerRow } from '../rows.ts'
import type { RunStep, Step, Session as StepSession } from '../session.ts'
import { SkipWriter } from '../skip-writer.ts'
import { actionStore, recordedIf } from '../steps/actions.ts'
import { alertStore } from '../steps/alerts.ts'
import { graphStore } from '../steps/graphs/graph-store.ts'
import { activityStore } from '../steps/history/activity.ts'
import { historyStore, listAttempts } from '../steps/history/history.ts'
import { countEnded, prune, pruneExecutions } from '../steps/history/retention.ts'
import { openInstance } from '../steps/instances.ts'
import { deadSeqs, isLiving, livingSeqs } from '../steps/liveness.ts'
import * as polls from '../steps/polls.ts'
import { listTicks } from '../steps/ticks.ts'
import * as triggers from '../steps/triggers.ts'
import type { StepNeed } from '../steps.ts'
import { StoreInstances } from '../store-instances.ts'
import * as executions from './executions/execution-steps.ts'
import { settle } from './executions/settlement-steps.ts'
import { applyRequest, steer } from './executions/steering-steps.ts'
import { countWaiting, listWaiting } from './executions/waiting-steps.ts'
import { graphAcceptance } from './graphs/acceptance.ts'
import { PRUNED_TABLES, Upkeep } from './history/upkeep.ts'
import { PostgresLiveness } from './liveness.ts'
import type { PostgresAddress } from './session/address.ts'
import { clockSkew, readOnly } from './session/failures.ts'
import { ForeignChanges, type KnownChanges } from './session/foreign-changes.ts'
import { Readers } from './session/readers.ts'
import type { Session } from './session/session.ts'
import { carryOut, type PostgresSession, type SessionParts } from './session/step-session.ts'
import { type Alike, WriteQueue } from './session/write-queue.ts'
import { SQL } from './sql.ts'
import { REPORTS, type Run, Steps, WRITES } from './steps.ts'
import type { PostgresStoreOptions } from './store-options.ts'
import * as leases from './trigger-leases.ts'

/** More is worth a word: nothing depends on it, but people compare instants. */
const SKEW_WORTH_SAYING_MS = 1_000

const SESSION_PARTS: SessionParts = { sql: SQL, insertExecutions: executions.insertExecutions }

export class PostgresStore extends StoreInstances implements Store {
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
  readonly #unowned = new executions.UnownedSince(() => this.#options.clock.monotonic())
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
    this.upkeep = new Upkeep({ address, clock, readers: this.#readers, serverNow: this.#serverNow, notice })
    this.#skips = new SkipWriter(clock, this.#report, polls.writeSkips)
    this.actions = actionStore(this.run)
    this.alerts = alertStore(this.run)
    const { liveness } = this
    this.history = historyStore(this.run, false, {
      *list(session, ids, createdUntil) {
        const living = yield* livingSeqs(session, liveness, clock.now())
        return (yield listWaiting((session as PostgresSession).connection, ids, createdUntil, living)) as Awaited<
          ReturnType<typeof listWaiting>
        >
      },
      *count(session, createdUntil) {
        const living = yield* livingSeqs(session, liveness, clock.now())
        return (yield countWaiting((session as PostgresSession).connection, createdUntil, living)) as Awaited<
          ReturnType<typeof countWaiting>
        >
      },
    })
    this.activity = activityStore(this.run, false)
    const isOwn = (instanceId: string) => this.instances.has(instanceId)
    const accept = graphAcceptance(this.#steps, isOwn, SESSION_PARTS)
    this.graphs = graphStore(this.run, { accept, liveness: this.liveness, declarations: this.declarations })
    this.logs = new LogWriter(clock, this.#report, (trigger, body) => this.#readTicks(trigger, body))
    this.#settling = {
      ...REPORTS,
      key: ({ executionId }) => executionId,
      run: (session, each) => settle(session, each, clock.now()),
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

  leaseTriggers(instanceId: string, names: readonly string[]): Promise<LeasedTriggers> {
    return this.#queue.add(WRITES, async (session) => {
      const dead = await this.#deadSeqs(session, instanceId)
      return leases.leaseTriggers(session, instanceId, names, dead)
    })
  }

  releaseTriggers(instanceId: string, names: readonly string[]): Promise<void> {
    return this.#queue.add(WRITES, (session) => leases.releaseTriggers(session, instanceId, names))
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
    if (this.#options.readOnly) return Promise.reject(readOnly(this.#address.shown))
    return this.#queue.addAlike(executions.CREATION, { execution, origin, at, recorded })
  }

  async acquireExecutions(acquisition: Acquisition): Promise<readonly AcquiredExecution[]> {
    const sinceAt = this.#unowned.next(acquisition)
    const taken = await this.#queue.add(WRITES, async (session) => {
      const dead = acquisition.recover ? await this.#deadSeqs(session, acquisition.instanceId) : []
      return executions.acquireExecutions(session, acquisition, dead, this.#serverNow(), sinceAt)
    })
    this.#unowned.found(acquisition, taken)
    return taken
  }

  async settle(settlement: Settlement): Promise<void> {
    const { executionId, changes, end } = settlement
    // A listener that is notified of the end of an attempt finds its whole log.
    const ended =
      end === null ? new Set(changes.flatMap((task) => (task.status === 'Running' ? [] : task.taskId))) : null
    if (!this.logs.isWaiting(executionId, ended)) return this.#queue.addAlike(this.#settling, settlement)
    const settling = this.#settling
    await this.logs.stepAfter(end === null ? 'write' : 'accept', executionId, ended, function* (session) {
      const { connection } = session as PostgresSession
      const [refusal] = (yield settling.run(connection, [settlement])) as Awaited<ReturnType<typeof settling.run>>
      if (refusal !== undefined) throw refusal
    })
  }

  steer(action: NewAction, request: SteeringRequest): Promise<SteeringAnswer> {
    return this.#step('accept', (session) => steer(session, action, request, this.#isAlive(session, action.at)))
  }

  applyRequest(executionId: string, at: number): Promise<SteeringAnswer> {
    return this.#step('accept', (session) => applyRequest(session, executionId, at, this.#isAlive(session, at)))
  }

  #isAlive(session: Session, at: number): (instanceId: string) => Promise<boolean> {
    return (instanceId) => this.#part(session, (part) => isLiving(part, this.liveness, instanceId, at))
  }

  notUnderWay(ids: readonly string[]): Promise<ReadonlyMap<string, Execution | null>> {
    return this.#step('read', (session) => executions.notUnderWay(session, ids))
  }

  getExecution(id: string): Promise<Execution | null> {
    return this.#step('read', (session) => executions.getExecution(session, id))
  }

  countExecutions() {
    return this.#step('read', executions.countExecutions)
  }

  findExecutionIds(prefix: string, limit: number): Promise<readonly string[]> {
    return this.#step('read', (session) => executions.findExecutionIds(session, prefix, limit))
  }

  listAttempts(executionId: string): Promise<readonly AttemptRow[]> {
    return this.run('read', (session) => listAttempts(session, executionId))
  }

  listExecutions(filter: Page & ExecutionFilter): Promise<readonly ExecutionSummary[]> {
    return this.#step('read', (session) => executions.listExecutions(session, filter))
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

  #step<Result>(need: StepNeed, run: Run<Result>): Promise<Result> {
    return this.#steps.add(need, run)
  }

  protected readonly run: RunStep = (need, body, trait) =>
    this.#steps.addWith(trait, need, (connection) => carryOut(connection, body, SESSION_PARTS))

  readonly #report: RunStep = (need, body) =>
    this.#steps.report(need, (connection) => carryOut(connection, body, SESSION_PARTS))

  /** Runs a step, or a part of a step that is written for PostgreSQL. */
  #part<Result>(connection: Session, body: (session: StepSession) => Step<Result>): Promise<Result> {
    return carryOut(connection, body, SESSION_PARTS)
  }

  readonly #deadSeqs = (connection: Session, instanceId: string): Promise<readonly number[]> =>
    this.#part(connection, (session) => deadSeqs(session, this.liveness, instanceId))

  readonly #serverNow = (): number | null => this.#options.serverNow?.() ?? null
  readonly #triggerRow = (record: TriggerRecord): TriggerRow => triggerRow(record, this.#skips.lastAt(record.name))
}
