/** The store on both databases: the methods of the port. A method queues a step, which may run twice. */

import type { Clock } from '../engine/clock-port.ts'
import type { CreationResult } from '../engine/starts/new-executions.ts'
import type { ExecutionStore, InstanceStore, LogStore, Store } from '../engine/store.ts'
import type { Settled, Settlement } from '../engine/store-ports.ts'
import { LogWriter } from './log-writer.ts'
import { SkipWriter } from './skip-writer.ts'
import { actionStore } from './steps/action-steps.ts'
import { batchStore } from './steps/batch-steps.ts'
import { cronStore } from './steps/cron-steps.ts'
import { LiveDeclarations } from './steps/declaration-steps.ts'
import { acquireExecutions } from './steps/executions/acquisition.ts'
import { approvalStore } from './steps/executions/approval-steps.ts'
import { chainStore } from './steps/executions/chain-steps.ts'
import { type Creation, createExecutions } from './steps/executions/creation.ts'
import { findStartKey, KEYED_CREATION } from './steps/executions/keyed-creation.ts'
import * as executions from './steps/executions/reading-steps.ts'
import { openedSignals, settle } from './steps/executions/settlement.ts'
import { signalStore } from './steps/executions/signal-steps.ts'
import * as steering from './steps/executions/steering-steps.ts'
import { waitStore } from './steps/executions/wait-steps.ts'
import { graphStore } from './steps/graphs/graph-steps.ts'
import { activityStore } from './steps/history/activity-steps.ts'
import { historyStore, listAttempts } from './steps/history/history-steps.ts'
import { listLog, listTickLogs } from './steps/history/log-steps.ts'
import { countEnded, prune, pruneExecutions } from './steps/history/retention-steps.ts'
import { incidentStore } from './steps/incidents/incident-store-steps.ts'
import * as instances from './steps/instance-steps.ts'
import { usesSlots } from './steps/limits/attempt-slots.ts'
import { limitStore } from './steps/limits/limit-steps.ts'
import { writeSkips } from './steps/poll-steps.ts'
import { searchStore } from './steps/search-steps.ts'
import { HeldLeases } from './steps/trigger-lease-steps.ts'
import { triggerStore } from './steps/trigger-steps.ts'
import { listWorkflows, pageWorkflows, saveWorkflows } from './steps/workflow-steps.ts'
import { type Database, runOne, type StepGroup } from './store-database.ts'
import { type Session, stepMethod } from './store-session.ts'

export function sqlStore(database: Database, clock: Clock): Store {
  const { run, report, isBlocking, isReadOnly, prunedTables } = database
  const declarations = new LiveDeclarations()
  const held = new HeldLeases()
  const skips = new SkipWriter(clock, report, writeSkips)
  const logs = new LogWriter(clock, report)
  const lossReports: LossReports = new Map()
  let closing: Promise<void> | undefined
  database.whenReplaced(function* (session, at, isOther) {
    held.forget()
    // In a copy, the engines have executions and leases that they may have ended or released since.
    const enter = isOther ? instances.register : instances.openInstance
    for (const id of database.instances) yield* enter(session, id, at)
  })
  return {
    counters: database.counters,
    actions: actionStore(run),
    logs: logStore(logs, skips),
    history: historyStore(run, isBlocking, clock),
    activity: activityStore(run, isBlocking),
    graphs: graphStore(database, declarations),
    incidents: incidentStore(run),
    batches: batchStore(run),
    waits: waitStore(run, clock),
    limits: limitStore(run, declarations, clock),
    chains: chainStore(run),
    signals: signalStore(run),
    approvals: approvalStore(run),
    search: searchStore(run),
    ...instanceStore(database, declarations, lossReports),
    ...triggerStore(database, skips, held),
    ...cronStore(run),
    ...executionStore(database, clock, logs, lossReports),
    saveWorkflows: stepMethod(run, 'write', saveWorkflows),
    listWorkflows: stepMethod(run, 'read', listWorkflows),
    pageWorkflows: stepMethod(run, 'read', pageWorkflows),
    onForeignChange: (callback) => (closing === undefined ? database.onForeignChange(callback) : () => {}),
    onDatabaseChange: (callback) => (closing === undefined ? database.onDatabaseChange(callback) : () => {}),
    prune: async (retention, at) => {
      const dropped = isReadOnly ? 0 : await database.dropPartitions(retention, at)
      if (dropped > 0) return dropped
      return await run('write', (session) => prune(session, prunedTables, retention, at), 'quiet')
    },
    countEnded: stepMethod(run, 'read', countEnded),
    pruneExecutions: (which, recorded) =>
      run('write', (session) => pruneExecutions(session, prunedTables, which, recorded), 'quiet'),
    close: () => {
      closing ??= database.close(() => [logs.close(), skips.close()])
      return closing
    },
  }
}

function logStore(logs: LogWriter, skips: SkipWriter): LogStore {
  return {
    append: (attempt, piece, limitBytes) => logs.append(attempt, piece, limitBytes),
    list: (query) => logs.read(query.executionId, (session) => listLog(session, query)),
    listOfTicks: (trigger, query) => skips.read(trigger, (session) => listTickLogs(session, trigger, query)),
  }
}

/** Reports about lost engines, by the engine that registered with them. */
type LossReports = Map<string, instances.ReportLost>

function instanceStore(database: Database, declarations: LiveDeclarations, lossReports: LossReports): InstanceStore {
  const { run } = database
  return {
    openInstance: async (instanceId, at, reportLost) => {
      database.instances.add(instanceId)
      lossReports.set(instanceId, reportLost)
      const opening = (session: Session) => instances.openInstance(session, instanceId, at)
      database.warnOfSkew(await run('write', opening, 'quiet'))
    },
    heartbeat: async (instanceId, at) => {
      const reportLost = lossReports.get(instanceId)
      const beating = (session: Session) => instances.heartbeat(session, declarations, instanceId, at, reportLost)
      const beat = await run('write', beating, 'quiet')
      declarations.compared(instanceId, beat.others)
      return beat.answer
    },
    announce: (instanceId, code, at) => instances.announce(run, declarations, instanceId, code, at),
    closeInstance: async (instanceId, at) => {
      await run('write', (session) => instances.closeInstance(session, instanceId, at))
      database.instances.delete(instanceId)
      lossReports.delete(instanceId)
      declarations.forget(instanceId)
    },
    listInstances: stepMethod(run, 'read', instances.listInstances),
  }
}

/** Many executions are created together. */
const CREATION: StepGroup<Creation, CreationResult> = {
  key: ({ execution: { id } }) => id,
  run: createExecutions,
}

function executionStore(database: Database, clock: Clock, logs: LogWriter, lossReports: LossReports): ExecutionStore {
  const { run } = database
  const settling: StepGroup<Settlement, Settled> = {
    isReport: true,
    key: ({ executionId }) => executionId,
    run: (session, settlements) => settle(session, settlements, clock.now()),
  }
  // Alone: it locks signals before executions. Collected: waits of older executions use kept signals first.
  const opening = { ...settling, isAlone: true, isCollected: true }
  return {
    createExecution: (execution, origin, at, recorded) =>
      database.group('accept', CREATION, { execution, origin, at, recorded }),
    createExecutionOnce: (creation) => database.group('accept', KEYED_CREATION, creation),
    findStartKey: stepMethod(run, 'read', findStartKey),
    acquireExecutions: async (acquisition) => {
      const find = database.searchUnowned(acquisition)
      const reportLost = lossReports.get(acquisition.instanceId)
      const acquiring = (session: Session) => acquireExecutions(session, acquisition, find, reportLost)
      const acquired = await run('write', acquiring, 'quiet')
      database.acquired(acquisition, acquired.last)
      return acquired.executions
    },
    settle: async (settlement) => {
      const { executionId, changes, end } = settlement
      // Other engines see the slots that an attempt takes.
      const need = end !== null ? 'accept' : usesSlots(settlement) ? 'write' : 'progress'
      // A listener that is notified of the end of an attempt finds its whole log.
      const ended =
        end === null ? new Set(changes.flatMap((task) => (task.status === 'Running' ? [] : task.taskId))) : null
      if (openedSignals(settlement).length > 0) {
        await logs.stepAfter(need, executionId, ended, function* () {})
        return await database.group(need, opening, settlement)
      }
      if (!logs.isWaiting(executionId, ended)) return database.group(need, settling, settlement)
      return await logs.stepAfter(need, executionId, ended, (session) => runOne(session, settling, settlement))
    },
    steer: stepMethod(run, 'accept', steering.steer),
    applyRequest: stepMethod(run, 'accept', steering.applyRequest),
    getExecution: stepMethod(run, 'read', executions.getExecution),
    notUnderWay: stepMethod(run, 'read', executions.inactiveExecutions),
    countExecutions: stepMethod(run, 'read', executions.countExecutions),
    findExecutionIds: stepMethod(run, 'read', executions.findExecutionIds),
    listAttempts: stepMethod(run, 'read', listAttempts),
    listExecutions: stepMethod(run, 'read', executions.listExecutions),
  }
}
