/** Creates the services of an engine, which are its API: one for each noun. */

import type { ActionInbox } from '../actions/action-inbox.ts'
import type { ActionRequests } from '../actions/action-requests.ts'
import type { InputChecks } from '../actions/input-checks.ts'
import type { BatchLoop } from '../batches/batch-loop.ts'
import type { CronScheduler } from '../cron/cron-scheduler.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { Executor } from '../executions/executor.ts'
import type { RunEnds } from '../executions/run-ends.ts'
import type { Graphs as LiveGraphs } from '../graphs/hosted-graphs.ts'
import { DatabaseSearch } from '../search/search-service.ts'
import type { Scheduler } from '../triggers/scheduler.ts'
import { Actions } from './action-service.ts'
import { Incidents, SentAlerts } from './alert-service.ts'
import { Backfills } from './batches/backfill-service.ts'
import { Refires } from './batches/refire-service.ts'
import { ExecutionRequests } from './executions/execution-requests.ts'
import { Executions } from './executions/execution-service.ts'
import { Graphs } from './graph-service.ts'
import { type EnterCall, guarded } from './guarded.ts'
import { Instances } from './instance-service.ts'
import { Limits } from './limit-service.ts'
import { Reactors } from './reactor-service.ts'
import { Schedules } from './schedule-service.ts'
import { Sources } from './source-service.ts'
import { Triggers } from './trigger-service.ts'
import { TriggerStates } from './triggers/trigger-states.ts'
import { TriggersByHand } from './triggers-by-hand.ts'
import { Approvals } from './waits/approval-service.ts'
import { Signals } from './waits/signal-service.ts'
import { type Submit, Workflows } from './workflow-service.ts'

export interface Services {
  readonly triggers: Triggers
  readonly workflows: Workflows
  readonly executions: Executions
  readonly schedules: Schedules
  readonly instances: Instances
  readonly alerts: SentAlerts
  readonly incidents: Incidents
  readonly actions: Actions
  readonly sources: Sources
  readonly reactors: Reactors
  readonly graphs: Graphs
  readonly signals: Signals
  readonly approvals: Approvals
  readonly limits: Limits
  readonly search: DatabaseSearch
}

export interface ServiceParts {
  readonly executor: Executor
  readonly scheduler: Scheduler
  readonly cronScheduler: CronScheduler
  readonly batches: BatchLoop
  readonly graphs: LiveGraphs
  readonly ends: RunEnds
  readonly requests: ActionRequests
  readonly inputs: InputChecks
  readonly inbox: ActionInbox
  readonly submit: Submit
}

export function makeServices(ports: EnginePorts, parts: ServiceParts, enter: EnterCall): Services {
  const { executor, scheduler, cronScheduler, batches, graphs, ends, requests, inputs, inbox, submit } = parts
  const { acquirer } = executor
  // Guarded as well: the engine may stop while a service reads what a request is about.
  const byHand = guarded(new TriggersByHand(ports, { inbox, scheduler, requests, inputs, acquirer }), enter)
  const states = guarded(new TriggerStates(ports, { inbox, scheduler, requests }), enter)
  const executionRequests = guarded(new ExecutionRequests(ports, { inbox, executor, ends, requests }), enter)
  const executions = guarded(new Executions(ports, { ends, requests: executionRequests, acquirer }), enter)
  const backfills = guarded(new Backfills(ports, { cronScheduler, batches, executions }), enter)
  const refires = guarded(new Refires(ports, { batches, executions }), enter)
  const schedules = guarded(new Schedules(ports, cronScheduler, backfills), enter)
  return {
    schedules,
    triggers: guarded(new Triggers(ports, { polled: scheduler.triggers, schedules, byHand, states, refires }), enter),
    workflows: guarded(new Workflows(ports, submit), enter),
    executions,
    instances: guarded(new Instances(ports), enter),
    alerts: guarded(new SentAlerts(ports), enter),
    incidents: guarded(new Incidents(ports), enter),
    actions: guarded(new Actions(ports), enter),
    sources: guarded(new Sources(ports, graphs), enter),
    reactors: guarded(new Reactors(ports, graphs), enter),
    graphs: guarded(new Graphs(ports, graphs), enter),
    signals: guarded(new Signals(ports, executor.waits), enter),
    approvals: guarded(new Approvals(ports, executor.waits), enter),
    limits: guarded(new Limits(ports, executor.waits), enter),
    search: guarded(new DatabaseSearch(ports), enter),
  }
}
