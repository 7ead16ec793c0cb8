/** The store on both databases: the methods of the port. Each method queues one step, which may run twice. */

import type {
  ActionStore,
  ActivityStore,
  AlertStore,
  Clock,
  GraphStore,
  HistoryStore,
  Settlement,
  Store,
} from '../engine/ports.ts'
import { StoreError } from '../errors.ts'
import type { StoreCounters } from '../metrics/store-counters.ts'
import type { TriggerRow } from '../model/schedule.ts'
import { type Database, runOne, type StepGroup } from './database.ts'
import { LogWriter } from './log-writer.ts'
import { declaresTriggers, type TriggerRecord, triggerRow } from './rows.ts'
import type { RunStep, Session, Step } from './session.ts'
import { SkipWriter } from './skip-writer.ts'
import { actionStore, recordedIf } from './steps/actions.ts'
import { alertStore } from './steps/alerts.ts'
import * as crons from './steps/crons.ts'
import { Declarations } from './steps/declarations.ts'
import { acquireExecutions } from './steps/executions/acquisition.ts'
import { type Creation, createExecutions } from './steps/executions/creation.ts'
import { listExecutions } from './steps/executions/listing.ts'
import * as executions from './steps/executions/reading.ts'
import { settle } from './steps/executions/settlement.ts'
import * as steering from './steps/executions/steering.ts'
import { graphStore } from './steps/graphs/graph-store.ts'
import { activityStore } from './steps/history/activity.ts'
import { historyStore, listAttempts } from './steps/history/history.ts'
import { countEnded, prune, pruneExecutions } from './steps/history/retention.ts'
import * as code from './steps/instance-code.ts'
import * as instances from './steps/instances.ts'
import { isLiving, isObservedAlive, type Liveness, livingSeqs } from './steps/liveness.ts'
import * as polls from './steps/polls.ts'
import { listTicks } from './steps/ticks.ts'
import * as leases from './steps/trigger-leases.ts'
import * as triggers from './steps/triggers.ts'
import * as workflows from './steps/workflows.ts'

/** Many executions are created together. */
const CREATION: StepGroup<Creation, void> = {
  key: ({ execution: { id } }) => id,
  *run(session, creations) {
    yield* createExecutions(session, creations)
    return creations.map(() => undefined)
  },
}

export class SqlStore implements Store {
  readonly counters: StoreCounters
  readonly actions: ActionStore
  readonly alerts: AlertStore
  readonly logs: LogWriter
  readonly history: HistoryStore
  readonly activity: ActivityStore
  readonly graphs: GraphStore
  readonly #database: Database
  readonly #run: RunStep
  readonly #liveness: Liveness
  readonly #declarations = new Declarations()
  readonly #leases = new leases.HeldLeases()
  readonly #skips: SkipWriter
  readonly #settling: StepGroup<Settlement, void>
  #closing: Promise<void> | undefined

  constructor(database: Database, clock: Clock) {
    const { run, report, liveness, isBlocking } = database
    this.#database = database
    this.#run = run
    this.#liveness = liveness
    this.counters = database.counters
    this.actions = actionStore(run)
    this.alerts = alertStore(run)
    this.history = historyStore(run, isBlocking, (session) => livingSeqs(session, liveness, clock.now()))
    this.activity = activityStore(run, isBlocking)
    this.graphs = graphStore(database, this.#declarations)
    this.#skips = new SkipWriter(clock, report, polls.writeSkips)
    this.logs = new LogWriter(clock, report, (trigger, body) => this.#readTicks(trigger, body))
    this.#settling = {
      isReport: true,
      key: ({ executionId }) => executionId,
      run: (session, settlements) => settle(session, settlements, clock.now()),
    }
    const held = this.#leases
    database.whenReplaced(function* (session, at) {
      held.forget()
      for (const id of database.instances) yield* instances.openInstance(session, liveness, id, at)
    })
  }

  readonly openInstance: Store['openInstance'] = async (instanceId, at) => {
    this.#database.instances.add(instanceId)
    await this.#run('write', (session) => instances.openInstance(session, this.#liveness, instanceId, at), 'quiet')
    await this.#database.compareClocks(at)
  }

  readonly heartbeat: Store['heartbeat'] = async (instanceId, at) => {
    const { answer, others } = await this.#run(
      'write',
      (session) => instances.heartbeat(session, this.#liveness, this.#declarations, { instanceId, at }),
      'quiet',
    )
    this.#declarations.compared(instanceId, others)
    return answer
  }

  readonly announce: Store['announce'] = (instanceId, announced, at) => {
    const isEmpty = !declaresTriggers(announced)
    const marks = this.#declarations.keep(instanceId, 'code', isEmpty, (session, at, deadSeqs, isNew) =>
      code.repeatCode(session, instanceId, announced, { at, deadSeqs, isNew }),
    )
    return this.#run(
      'write',
      (session) => code.announce(session, this.#liveness, instanceId, { code: announced, marks, at }),
      'quiet',
    )
  }

  readonly closeInstance: Store['closeInstance'] = async (instanceId, at) => {
    await this.#run('write', (session) => instances.closeInstance(session, instanceId, at))
    this.#database.instances.delete(instanceId)
    this.#declarations.forget(instanceId)
  }

  readonly listInstances: Store['listInstances'] = (at) =>
    this.#run('read', (session) => instances.listInstances(session, this.#liveness, at))

  readonly removeTrigger: Store['removeTrigger'] = (name, at) =>
    this.#run('accept', (session) => code.removeTrigger(session, this.#liveness, name, at))

  readonly saveWorkflows: Store['saveWorkflows'] = (definitions, at) =>
    this.#run('write', (session) => workflows.saveWorkflows(session, definitions, at))

  readonly listWorkflows: Store['listWorkflows'] = (keys) =>
    this.#run('read', (session) => workflows.listWorkflows(session, keys))

  readonly saveTriggers: Store['saveTriggers'] = async (declared, at) => {
    const records = await this.#run('write', (session) => triggers.saveTriggers(session, declared, at))
    return records.map(this.#triggerRow)
  }

  readonly listTriggers: Store['listTriggers'] = async (page) =>
    (await this.#run('read', (session) => triggers.listTriggers(session, page))).map(this.#triggerRow)

  readonly getTrigger: Store['getTrigger'] = async (name) => {
    const record = await this.#run('read', (session) => triggers.getTrigger(session, name))
    return record === null ? null : this.#triggerRow(record)
  }

  readonly setTriggerEnabled: Store['setTriggerEnabled'] = (name, isEnabled, note, at, action) =>
    this.#run('accept', (session) =>
      recordedIf(triggers.setTriggerEnabled(session, name, isEnabled, note, at), session, action),
    )

  readonly overrideTrigger: Store['overrideTrigger'] = (name, overrides, at, action) =>
    this.#run('accept', (session) =>
      recordedIf(triggers.overrideTrigger(session, name, overrides, at), session, action),
    )

  readonly noteSkip: Store['noteSkip'] = (skip) => {
    if (this.#closing !== undefined || this.#database.isReadOnly) return
    this.#skips.note(skip)
  }

  readonly recordFired: Store['recordFired'] = (tick) =>
    this.#skips.stepAfter('accept', tick.trigger, (session) => polls.recordFired(session, tick))

  readonly recordFailed: Store['recordFailed'] = (tick) =>
    this.#skips.stepAfter('write', tick.trigger, (session) => polls.recordFailed(session, tick))

  readonly listFirings: Store['listFirings'] = (trigger, page) =>
    this.#run('read', (session) => triggers.listFirings(session, trigger, page))

  readonly listTicks: Store['listTicks'] = (trigger, filter) =>
    this.#readTicks(trigger, (session) => listTicks(session, trigger, filter))

  /** Sees the skips that are not written yet. */
  #readTicks<Result>(trigger: string, body: (session: Session) => Step<Result>): Promise<Result> {
    return this.#skips.lastAt(trigger) === null
      ? this.#run('read', body)
      : this.#skips.stepAfter('write', trigger, body)
  }

  readonly createExecution: Store['createExecution'] = (execution, origin, at, recorded) =>
    this.#database.group('accept', CREATION, { execution, origin, at, recorded })

  readonly acquireExecutions: Store['acquireExecutions'] = async (acquisition) => {
    const find = this.#database.searchUnowned(acquisition)
    const taken = await this.#run(
      'write',
      (session) => acquireExecutions(session, this.#liveness, acquisition, find),
      'quiet',
    )
    this.#database.acquired(acquisition, taken)
    return taken
  }

  readonly settle: Store['settle'] = async (settlement) => {
    const { executionId, changes, end } = settlement
    const need = end === null ? 'progress' : 'accept'
    const settling = this.#settling
    // A listener that is notified of the end of an attempt finds its whole log.
    const ended =
      end === null ? new Set(changes.flatMap((task) => (task.status === 'Running' ? [] : task.taskId))) : null
    if (!this.logs.isWaiting(executionId, ended)) return this.#database.group(need, settling, settlement)
    await this.logs.stepAfter(need, executionId, ended, (session) => runOne(session, settling, settlement))
  }

  readonly listAttempts: Store['listAttempts'] = (executionId) =>
    this.#run('read', (session) => listAttempts(session, executionId))

  readonly leaseTriggers: Store['leaseTriggers'] = (instanceId, names) =>
    this.#run(
      'write',
      (session) => leases.leaseTriggers(session, this.#liveness, this.#leases, instanceId, names),
      'quiet',
    )

  readonly releaseTriggers: Store['releaseTriggers'] = (instanceId, names) =>
    this.#run('write', (session) => leases.releaseTriggers(session, instanceId, names), 'quiet')

  readonly steer: Store['steer'] = (action, request) =>
    this.#run('accept', (session) => steering.steer(session, action, request, this.#isOwnerAlive))

  readonly applyRequest: Store['applyRequest'] = (executionId, at) =>
    this.#run('accept', (session) => steering.applyRequest(session, executionId, at, this.#isOwnerAlive))

  readonly notUnderWay: Store['notUnderWay'] = (ids) =>
    this.#run('read', (session) => executions.notUnderWay(session, ids))

  readonly getExecution: Store['getExecution'] = (id) =>
    this.#run('read', (session) => executions.getExecution(session, id))

  readonly countExecutions: Store['countExecutions'] = () =>
    this.#run('read', (session) => executions.countExecutions(session))

  readonly findExecutionIds: Store['findExecutionIds'] = (prefix, limit) =>
    this.#run('read', (session) => executions.findExecutionIds(session, prefix, limit))

  readonly listExecutions: Store['listExecutions'] = (filter) =>
    this.#run('read', (session) => listExecutions(session, filter))

  readonly createCron: Store['createCron'] = async (schedule) => {
    if (await this.#run('accept', (session) => crons.insertCron(session, schedule))) return
    const { workflow, instanceName } = schedule
    const message = `Workflow "${workflow}" already has an instance named "${instanceName}". Choose another name.`
    throw new StoreError('DUPLICATE_INSTANCE', message, { workflow })
  }

  readonly saveTriggerCrons: Store['saveTriggerCrons'] = (schedules) =>
    this.#run('write', (session) => crons.saveTriggerCrons(session, schedules))

  readonly listCrons: Store['listCrons'] = (page) => this.#run('read', (session) => crons.listCrons(session, page))

  readonly getCron: Store['getCron'] = (id) => this.#run('read', (session) => crons.getCron(session, id))

  readonly findCrons: Store['findCrons'] = (name, limit) =>
    this.#run('read', (session) => crons.findCrons(session, name, limit))

  readonly triggerCrons: Store['triggerCrons'] = (triggerNames) =>
    this.#run('read', (session) => crons.triggerCrons(session, triggerNames))

  readonly updateCron: Store['updateCron'] = (id, change, at) =>
    this.#run('accept', (session) => crons.updateCron(session, id, change, at))

  readonly overrideTriggerCron: Store['overrideTriggerCron'] = (triggerName, catchup, at, action) =>
    this.#run('accept', (session) =>
      recordedIf(crons.overrideTriggerCron(session, triggerName, catchup, at), session, action),
    )

  readonly rescheduleCrons: Store['rescheduleCrons'] = (moves, at) =>
    this.#run('write', (session) => crons.rescheduleCrons(session, moves, at))

  readonly setCronEnabled: Store['setCronEnabled'] = (id, isEnabled, at) =>
    this.#run('accept', (session) => crons.setCronEnabled(session, id, isEnabled, at))

  readonly deleteCron: Store['deleteCron'] = (id) => this.#run('accept', (session) => crons.deleteCron(session, id))

  readonly enabledCrons: Store['enabledCrons'] = () => this.#run('read', (session) => crons.enabledCrons(session))

  readonly claimCron: Store['claimCron'] = (claim) => this.#run('accept', (session) => crons.claimCron(session, claim))

  readonly listCronFirings: Store['listCronFirings'] = (scheduleId, page) =>
    this.#run('read', (session) => crons.listCronFirings(session, scheduleId, page))

  readonly lostCronFirings: Store['lostCronFirings'] = (query) =>
    this.#run('read', (session) => crons.lostCronFirings(session, query))

  readonly recoverCronFiring: Store['recoverCronFiring'] = (firingId, execution, at) =>
    this.#run('accept', (session) => crons.recoverCronFiring(session, firingId, execution, at))

  readonly cronStats: Store['cronStats'] = (sinceAt, at) =>
    this.#run('read', (session) => crons.cronStats(session, sinceAt, at))

  readonly onForeignChange: Store['onForeignChange'] = (callback) =>
    this.#closing === undefined ? this.#database.onForeignChange(callback) : () => {}

  readonly onDatabaseChange: Store['onDatabaseChange'] = (callback) =>
    this.#closing === undefined ? this.#database.onDatabaseChange(callback) : () => {}

  readonly prune: Store['prune'] = async (retention, at) => {
    const { isReadOnly, prunedTables } = this.#database
    const dropped = isReadOnly ? 0 : await this.#database.dropPartitions(retention, at)
    if (dropped > 0) return dropped
    return await this.#run('write', (session) => prune(session, prunedTables, retention, at), 'quiet')
  }

  readonly countEnded: Store['countEnded'] = (which) => this.#run('read', (session) => countEnded(session, which))

  readonly pruneExecutions: Store['pruneExecutions'] = (which) =>
    this.#run('write', (session) => pruneExecutions(session, this.#database.prunedTables, which), 'quiet')

  readonly close: Store['close'] = () => {
    this.#closing ??= this.#database.close(() => [this.logs.close(), this.#skips.close()])
    return this.#closing
  }

  /** A serving process has observed heartbeats by its monotonic clock, which is more certain than one query. */
  readonly #isOwnerAlive: steering.IsOwnerAlive = (session, instanceId, at) => {
    const [own] = this.#database.instances
    return own === undefined
      ? isLiving(session, this.#liveness, instanceId, at)
      : isObservedAlive(session, this.#liveness, own, instanceId)
  }

  readonly #triggerRow = (record: TriggerRecord): TriggerRow => triggerRow(record, this.#skips.lastAt(record.name))
}
