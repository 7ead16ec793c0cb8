/** Types of the answers of the HTTP interface, by address. Imports only types, so that no schema is in the page. */

import type * as v from 'valibot'
import type * as batches from '../../http/schemas/batch-schemas.ts'
import type * as executions from '../../http/schemas/execution-schemas.ts'
import type { GRAPH, GRAPH_LIST } from '../../http/schemas/graph-schemas.ts'
import type * as limits from '../../http/schemas/limit-schemas.ts'
import type { LOG_LIST } from '../../http/schemas/log-schemas.ts'
import type { PROCESS } from '../../http/schemas/process-schemas.ts'
import type * as reactors from '../../http/schemas/reactor-schemas.ts'
import type * as schedules from '../../http/schemas/schedule-schemas.ts'
import type { NO_CONTENT, TREND } from '../../http/schemas/shared-schemas.ts'
import type * as sources from '../../http/schemas/source-schemas.ts'
import type * as system from '../../http/schemas/system-schemas.ts'
import type * as triggers from '../../http/schemas/trigger-schemas.ts'
import type * as waits from '../../http/schemas/wait-schemas.ts'
import type * as workflows from '../../http/schemas/workflow-schemas.ts'

/** Addresses below `/api/v1` that the page reads, and their answers. */
export interface ReadResponses {
  '/triggers': v.InferOutput<typeof triggers.TRIGGER_LIST>
  '/triggers/{name}': v.InferOutput<typeof triggers.TRIGGER>
  '/triggers/{name}/ticks': v.InferOutput<typeof triggers.TICK_LIST>
  '/triggers/{name}/ticks/{id}': v.InferOutput<typeof triggers.TICK_DETAIL>
  '/triggers/{name}/disabled': v.InferOutput<typeof triggers.DISABLED_LIST>
  '/triggers/{name}/trend': v.InferOutput<typeof TREND>
  '/triggers/{name}/actions': v.InferOutput<typeof executions.ACTION_LIST>
  '/triggers/{name}/refires': v.InferOutput<typeof batches.REFIRE_LIST>
  '/triggers/{name}/refires/preview': v.InferOutput<typeof batches.REFIRE_PREVIEW>
  '/executions': v.InferOutput<typeof executions.EXECUTION_LIST>
  '/executions/counts': v.InferOutput<typeof executions.COUNTS>
  '/executions/trend': v.InferOutput<typeof TREND>
  '/executions/{id}': v.InferOutput<typeof executions.EXECUTION>
  '/executions/{id}/actions': v.InferOutput<typeof executions.ACTION_LIST>
  '/executions/{id}/log': v.InferOutput<typeof LOG_LIST>
  '/workflows': v.InferOutput<typeof workflows.WORKFLOW_LIST>
  '/workflows/{name}': v.InferOutput<typeof workflows.WORKFLOW>
  '/workflows/{name}/executions': v.InferOutput<typeof workflows.WORKFLOW_EXECUTIONS>
  '/workflow-summaries': v.InferOutput<typeof workflows.WORKFLOW_SUMMARY_LIST>
  '/workflows/{name}/stats': v.InferOutput<typeof workflows.WORKFLOW_STATS>
  '/reactors': v.InferOutput<typeof reactors.REACTOR_LIST>
  '/reactors/{name}': v.InferOutput<typeof reactors.REACTOR>
  '/reactors/{name}/firings': v.InferOutput<typeof reactors.REACTOR_FIRING_LIST>
  '/firings/{id}': v.InferOutput<typeof reactors.FIRING_DETAIL>
  '/subscriptions': v.InferOutput<typeof reactors.SUBSCRIPTION_LIST>
  '/sources': v.InferOutput<typeof sources.SOURCE_LIST>
  '/sources/{name}': v.InferOutput<typeof sources.SOURCE>
  '/sources/{name}/events': v.InferOutput<typeof sources.EVENT_LIST>
  '/sources/{name}/events/{sequence}/firings': v.InferOutput<typeof reactors.EVENT_FIRING_LIST>
  '/graphs': v.InferOutput<typeof GRAPH_LIST>
  '/graphs/{name}': v.InferOutput<typeof GRAPH>
  '/schedules': v.InferOutput<typeof schedules.SCHEDULE_LIST>
  '/schedules/{schedule}': v.InferOutput<typeof schedules.SCHEDULE>
  '/cron/times': v.InferOutput<typeof schedules.CRON_TIMES>
  '/schedules/{schedule}/firings': v.InferOutput<typeof schedules.CRON_FIRING_LIST>
  '/schedules/{schedule}/actions': v.InferOutput<typeof executions.ACTION_LIST>
  '/schedules/{schedule}/backfills': v.InferOutput<typeof batches.BACKFILL_LIST>
  '/schedules/{schedule}/backfills/preview': v.InferOutput<typeof batches.BACKFILL_PREVIEW>
  '/backfills': v.InferOutput<typeof batches.BACKFILL_LIST>
  '/approvals': v.InferOutput<typeof waits.APPROVAL_LIST>
  '/approvals/counts': v.InferOutput<typeof waits.APPROVAL_COUNTS>
  '/limits': v.InferOutput<typeof limits.LIMIT_LIST>
  '/limits/{name}/values': v.InferOutput<typeof limits.LIMIT_VALUE_LIST>
  '/actions': v.InferOutput<typeof executions.ACTION_LIST>
  '/alerts': v.InferOutput<typeof system.ALERT_LIST>
  '/incidents': v.InferOutput<typeof system.INCIDENT_LIST>
  '/instances': v.InferOutput<typeof system.INSTANCE_LIST>
  '/search': v.InferOutput<typeof system.SEARCH_RESULTS>
  '/attention': v.InferOutput<typeof system.ATTENTION>
  '/counts': v.InferOutput<typeof system.DATABASE_COUNTS>
  '/status': v.InferOutput<typeof system.STATUS_OF_ALL>
  '/process': v.InferOutput<typeof PROCESS>
}

/** Addresses that change something, with their bodies and answers. */
export interface WriteResponses {
  '/executions/{id}/cancel': Write<typeof executions.CANCEL, typeof executions.CANCELLED>
  '/executions/{id}/pause': Write<typeof executions.STEER, typeof executions.PAUSED>
  '/executions/{id}/resume': Write<typeof executions.STEER, typeof executions.PAUSED>
  '/executions/{id}/retry': Write<typeof executions.RETRY, typeof executions.RETRIED>
  '/triggers/{name}/enable': Write<typeof triggers.SWITCH, typeof triggers.SWITCHED>
  '/triggers/{name}/disable': Write<typeof triggers.SWITCH, typeof triggers.SWITCHED>
  '/triggers/{name}/delete': Write<typeof triggers.SWITCH, typeof triggers.DELETED>
  '/triggers/{name}/poll': Write<typeof triggers.SWITCH, typeof triggers.POLLED>
  '/triggers/{name}/test': Write<typeof NO_CONTENT, typeof triggers.TESTED>
  '/subscriptions/{id}/pause': Write<typeof reactors.STEER_SUBSCRIPTION, typeof reactors.SUBSCRIPTION>
  '/subscriptions/{id}/resume': Write<typeof reactors.STEER_SUBSCRIPTION, typeof reactors.SUBSCRIPTION>
  '/schedules/{schedule}/enable': Write<typeof schedules.SCHEDULE_SWITCH, typeof schedules.SCHEDULE_SWITCHED>
  '/schedules/{schedule}/disable': Write<typeof schedules.SCHEDULE_SWITCH, typeof schedules.SCHEDULE_SWITCHED>
  '/schedules/{schedule}/set': Write<typeof schedules.CHANGED_SCHEDULE, typeof schedules.SCHEDULE>
  '/schedules/{schedule}/run': Write<typeof schedules.SCHEDULE_SWITCH, typeof schedules.SCHEDULE_RUN>
  '/schedules/{schedule}/backfills': Write<typeof batches.NEW_BACKFILL, typeof batches.BACKFILL>
  '/backfills/{id}/pause': Write<typeof batches.STEER_BATCH, typeof batches.BACKFILL>
  '/backfills/{id}/resume': Write<typeof batches.STEER_BATCH, typeof batches.BACKFILL>
  '/backfills/{id}/cancel': Write<typeof batches.CANCEL_BATCH, typeof batches.BACKFILL>
  '/triggers/{name}/refires': Write<typeof batches.NEW_REFIRE, typeof batches.REFIRE>
  '/limits/{name}/set': Write<typeof limits.LIMIT_SETTING, typeof limits.LIMIT>
  '/limits/{name}/close': Write<typeof limits.LIMIT_CLOSING, typeof limits.LIMIT>
  '/limits/{name}/open': Write<typeof limits.LIMIT_OPENING, typeof limits.LIMIT>
  '/refires/{id}/cancel': Write<typeof batches.CANCEL_BATCH, typeof batches.REFIRE>
}

interface Write<Body extends v.GenericSchema, Answer extends v.GenericSchema> {
  readonly body: v.InferInput<Body>
  readonly answer: v.InferOutput<Answer>
}

/** The text of an answer has the exact numbers of the values. */
export type Approval = v.InferOutput<typeof waits.APPROVAL>
export type ListedBackfill = v.InferOutput<typeof batches.BACKFILL>
export type ListedRefire = v.InferOutput<typeof batches.REFIRE>
export type Trigger = v.InferOutput<typeof triggers.TRIGGER>
export type Tick = ReadResponses['/triggers/{name}/ticks']['items'][number]
export type DisabledSpan = ReadResponses['/triggers/{name}/disabled']['items'][number]
export type TickDetail = v.InferOutput<typeof triggers.TICK_DETAIL>
/** The text of an answer has the exact numbers of the state. */
export type StateAnswer = v.InferOutput<typeof triggers.STATE>
export type PollLogRecord = TickDetail['records'][number]
export type TestedPoll = v.InferOutput<typeof triggers.TESTED>
export type FiredByHand = v.InferOutput<typeof triggers.FIRED>
export type Trend = v.InferOutput<typeof TREND>
export type TickOutcome = Tick['outcome']
export type Schedule = v.InferOutput<typeof schedules.SCHEDULE>
export type Status = ReadResponses['/status']
export type ProcessState = ReadResponses['/process']
export type ListedAlert = ReadResponses['/alerts']['items'][number]
export type ListedLimit = v.InferOutput<typeof limits.LIMIT>
export type ListedLimitValue = ReadResponses['/limits/{name}/values']['items'][number]
export type ListedIncident = ReadResponses['/incidents']['items'][number]
export type ListedAction = ReadResponses['/actions']['items'][number]
export type SearchResult = ReadResponses['/search']['items'][number]
export type NavCounts = ReadResponses['/counts']
export type Instance = ReadResponses['/instances']['items'][number]

export type Reactor = ReadResponses['/reactors/{name}']
export type ReactorInput = Reactor['inputs'][number]
export type ReactorFiringDetail = ReadResponses['/firings/{id}']
export type Subscription = ReadResponses['/subscriptions']['items'][number]
export type Source = ReadResponses['/sources/{name}']
export type SourceEvent = ReadResponses['/sources/{name}/events']['items'][number]
export type ComputationGraph = ReadResponses['/graphs/{name}']

export type ExecutionRow = ReadResponses['/executions']['items'][number]
export type Execution = ReadResponses['/executions/{id}']
export type ExecutionStatus = ExecutionRow['status']
export type Task = Execution['tasks'][number]
export type TaskStatus = Task['status']
export type Attempt = Task['history'][number]
export type LogRecord = ReadResponses['/executions/{id}/log']['items'][number]
export type Workflow = ReadResponses['/workflows/{name}']
export type WorkflowSummary = ReadResponses['/workflow-summaries']['items'][number]
export type RecentExecution = WorkflowSummary['newest'][number]
export type ExecutionTasks = ReadResponses['/workflows/{name}/executions']['items'][number]
export type Attention = ReadResponses['/attention']
export type AttentionItem = Attention['items'][number]
export type WorkflowStats = ReadResponses['/workflows/{name}/stats']
