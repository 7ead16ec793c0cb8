/** The store on both databases: the methods of the port. Each method queues one step, which may run twice. */

import type { Clock, ExecutionStore, InstanceStore, LogStore, Settlement, Store } from '../engine/ports.ts'
import { type Database, runOne, type StepGroup } from './database.ts'
import { LogWriter } from './log-writer.ts'
import { method } from './session.ts'
import { SkipWriter } from './skip-writer.ts'
import { actionStore } from './steps/actions.ts'
import { alertStore } from './steps/alerts.ts'
import { cronStore } from './steps/crons.ts'
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
import { listLog, listTickLogs } from './steps/history/logs.ts'
import { countEnded, prune, pruneExecutions } from './steps/history/retention.ts'
import { announce } from './steps/instance-code.ts'
import * as instances from './steps/instances.ts'
import { livingSeqs } from './steps/liveness.ts'
import { writeSkips } from './steps/polls.ts'
import { HeldLeases } from './steps/trigger-leases.ts'
import { triggerStore } from './steps/triggers.ts'
import { listWorkflows, saveWorkflows } from './steps/workflows.ts'

export function sqlStore(database: Database, clock: Clock): Store {
  const { run, report, liveness, isBlocking, isReadOnly, prunedTables } = database
  const declarations = new Declarations()
  const held = new HeldLeases()
  const skips = new SkipWriter(clock, report, writeSkips)
  const logs = new LogWriter(clock, report)
  let closing: Promise<void> | undefined
  database.whenReplaced(function* (session, at) {
    held.forget()
    for (const id of database.instances) yield* instances.openInstance(session, liveness, id, at)
  })
  return {
    counters: database.counters,
    actions: actionStore(run),
    alerts: alertStore(run),
    logs: logStore(logs, skips),
    history: historyStore(run, isBlocking, (session) => livingSeqs(session, liveness, clock.now())),
    activity: activityStore(run, isBlocking),
    graphs: graphStore(database, declarations),
    ...instanceStore(database, declarations),
    ...triggerStore(database, skips, held),
    ...cronStore(run),
    ...executionStore(database, clock, logs),
    saveWorkflows: method(run, 'write', saveWorkflows),
    listWorkflows: method(run, 'read', listWorkflows),
    onForeignChange: (callback) => (closing === undefined ? database.onForeignChange(callback) : () => {}),
    onDatabaseChange: (callback) => (closing === undefined ? database.onDatabaseChange(callback) : () => {}),
    prune: async (retention, at) => {
      const dropped = isReadOnly ? 0 : await database.dropPartitions(retention, at)
      if (dropped > 0) return dropped
      return await run('write', (session) => prune(session, prunedTables, retention, at), 'quiet')
    },
    countEnded: method(run, 'read', countEnded),
    pruneExecutions: (which) => run('write', (session) => pruneExecutions(session, prunedTables, which), 'quiet'),
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

function instanceStore(database: Database, declarations: Declarations): InstanceStore {
  const { run, liveness } = database
  return {
    openInstance: async (instanceId, at) => {
      database.instances.add(instanceId)
      await run('write', (session) => instances.openInstance(session, liveness, instanceId, at), 'quiet')
      await database.compareClocks(at)
    },
    heartbeat: async (instanceId, at) => {
      const beat = await run(
        'write',
        (session) => instances.heartbeat(session, liveness, declarations, instanceId, at),
        'quiet',
      )
      declarations.compared(instanceId, beat.others)
      return beat.answer
    },
    announce: (instanceId, code, at) => announce(database, declarations, instanceId, code, at),
    closeInstance: async (instanceId, at) => {
      await run('write', (session) => instances.closeInstance(session, instanceId, at))
      database.instances.delete(instanceId)
      declarations.forget(instanceId)
    },
    listInstances: (at) => run('read', (session) => instances.listInstances(session, liveness, at)),
  }
}

/** Many executions are created together. */
const CREATION: StepGroup<Creation, void> = {
  key: ({ execution: { id } }) => id,
  *run(session, creations) {
    yield* createExecutions(session, creations)
    return creations.map(() => undefined)
  },
}

function executionStore(database: Database, clock: Clock, logs: LogWriter): ExecutionStore {
  const { run, liveness } = database
  const settling: StepGroup<Settlement, void> = {
    isReport: true,
    key: ({ executionId }) => executionId,
    run: (session, settlements) => settle(session, settlements, clock.now()),
  }
  const isOwnerAlive: steering.IsOwnerAlive = function* (session, instanceId, at) {
    const [own] = database.instances
    if (own === undefined) {
      return (yield* liveness.list(session, at)).some(({ id, isAlive }) => id === instanceId && isAlive)
    }
    // An engine has observed heartbeats by its monotonic clock, which is more certain than one query.
    const others = yield* liveness.others(session, own)
    return instanceId === own || others.some(({ id, isDead }) => id === instanceId && !isDead)
  }
  return {
    createExecution: (execution, origin, at, recorded) =>
      database.group('accept', CREATION, { execution, origin, at, recorded }),
    acquireExecutions: async (acquisition) => {
      const find = database.searchUnowned(acquisition)
      const taken = await run('write', (session) => acquireExecutions(session, liveness, acquisition, find), 'quiet')
      database.acquired(acquisition, taken)
      return taken
    },
    settle: async (settlement) => {
      const { executionId, changes, end } = settlement
      const need = end === null ? 'progress' : 'accept'
      // A listener that is notified of the end of an attempt finds its whole log.
      const ended =
        end === null ? new Set(changes.flatMap((task) => (task.status === 'Running' ? [] : task.taskId))) : null
      if (!logs.isWaiting(executionId, ended)) return database.group(need, settling, settlement)
      await logs.stepAfter(need, executionId, ended, (session) => runOne(session, settling, settlement))
    },
    steer: (action, request) => run('accept', (session) => steering.steer(session, action, request, isOwnerAlive)),
    applyRequest: (executionId, at) =>
      run('accept', (session) => steering.applyRequest(session, executionId, at, isOwnerAlive)),
    getExecution: method(run, 'read', executions.getExecution),
    notUnderWay: method(run, 'read', executions.notUnderWay),
    countExecutions: method(run, 'read', executions.countExecutions),
    findExecutionIds: method(run, 'read', executions.findExecutionIds),
    listAttempts: method(run, 'read', listAttempts),
    listExecutions: method(run, 'read', listExecutions),
  }
}
