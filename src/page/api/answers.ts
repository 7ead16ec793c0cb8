/**
 * What the HTTP interface answers at each address, as the types of the very schemas that it is checked against there. Only types
 * are imported: nothing of the schemas is in the page.
 */

import type * as v from 'valibot'
import type * as executions from '../../http/schemas/executions.ts'
import type { GRAPH, GRAPH_LIST } from '../../http/schemas/graphs.ts'
import type { LOG_LIST } from '../../http/schemas/logs.ts'
import type { NOTHING, TREND } from '../../http/schemas/parts.ts'
import type { PROCESS } from '../../http/schemas/process.ts'
import type * as reactors from '../../http/schemas/reactors.ts'
import type { SCHEDULE, SCHEDULE_LIST, SCHEDULE_SWITCH, SCHEDULE_SWITCHED } from '../../http/schemas/schedules.ts'
import type * as sources from '../../http/schemas/sources.ts'
import type { INSTANCE_LIST, STATUS_OF_ALL } from '../../http/schemas/system.ts'
import type * as triggers from '../../http/schemas/triggers.ts'
import type * as workflows from '../../http/schemas/workflows.ts'

/** Addresses below `/api/v1` that are read, and what they answer. */
export interface Reads {
  '/triggers': v.InferOutput<typeof triggers.TRIGGER_LIST>
  '/triggers/{name}': v.InferOutput<typeof triggers.TRIGGER>
  '/triggers/{name}/ticks': v.InferOutput<typeof triggers.TICK_LIST>
  '/triggers/{name}/ticks/{id}': v.InferOutput<typeof triggers.TICK_DETAIL>
  '/triggers/{name}/trend': v.InferOutput<typeof TREND>
  '/triggers/{name}/actions': v.InferOutput<typeof executions.ACTION_LIST>
  '/executions': v.InferOutput<typeof executions.EXECUTION_LIST>
  '/executions/counts': v.InferOutput<typeof executions.COUNTS>
  '/executions/trend': v.InferOutput<typeof TREND>
  '/executions/{id}': v.InferOutput<typeof executions.EXECUTION>
  '/executions/{id}/actions': v.InferOutput<typeof executions.ACTION_LIST>
  '/executions/{id}/log': v.InferOutput<typeof LOG_LIST>
  '/workflows': v.InferOutput<typeof workflows.WORKFLOW_LIST>
  '/workflows/{name}': v.InferOutput<typeof workflows.WORKFLOW>
  '/workflows/{name}/stats': v.InferOutput<typeof workflows.WORKFLOW_STATS>
  '/reactors': v.InferOutput<typeof reactors.REACTOR_LIST>
  '/reactors/{name}': v.InferOutput<typeof reactors.REACTOR>
  '/reactors/{name}/firings': v.InferOutput<typeof reactors.REACTOR_FIRING_LIST>
  '/firings/{id}': v.InferOutput<typeof reactors.FIRING_DETAIL>
  '/subscriptions': v.InferOutput<typeof reactors.SUBSCRIPTION_LIST>
  '/sources': v.InferOutput<typeof sources.SOURCE_LIST>
  '/sources/{name}': v.InferOutput<typeof sources.SOURCE>
  '/sources/{name}/events': v.InferOutput<typeof sources.EVENT_LIST>
  '/sources/{name}/events/{sequence}/firings': v.InferOutput<typeof reactors.FIRINGS_OF_EVENT>
  '/graphs': v.InferOutput<typeof GRAPH_LIST>
  '/graphs/{name}': v.InferOutput<typeof GRAPH>
  '/schedules': v.InferOutput<typeof SCHEDULE_LIST>
  '/instances': v.InferOutput<typeof INSTANCE_LIST>
  '/status': v.InferOutput<typeof STATUS_OF_ALL>
  '/process': v.InferOutput<typeof PROCESS>
}

/** Addresses that change something: what they take, and what they answer. */
export interface Writes {
  '/executions/{id}/cancel': Write<typeof executions.CANCEL, typeof executions.CANCELLED>
  '/executions/{id}/pause': Write<typeof executions.STEER, typeof executions.PAUSED>
  '/executions/{id}/resume': Write<typeof executions.STEER, typeof executions.PAUSED>
  '/executions/{id}/retry': Write<typeof executions.RETRY, typeof executions.RETRIED>
  '/triggers/{name}/enable': Write<typeof triggers.SWITCH, typeof triggers.SWITCHED>
  '/triggers/{name}/disable': Write<typeof triggers.SWITCH, typeof triggers.SWITCHED>
  '/triggers/{name}/poll': Write<typeof triggers.SWITCH, typeof triggers.POLLED>
  '/triggers/{name}/test': Write<typeof NOTHING, typeof triggers.TESTED>
  '/subscriptions/{id}/pause': Write<typeof reactors.STEER_SUBSCRIPTION, typeof reactors.SUBSCRIPTION>
  '/subscriptions/{id}/resume': Write<typeof reactors.STEER_SUBSCRIPTION, typeof reactors.SUBSCRIPTION>
  '/schedules/{schedule}/enable': Write<typeof SCHEDULE_SWITCH, typeof SCHEDULE_SWITCHED>
  '/schedules/{schedule}/disable': Write<typeof SCHEDULE_SWITCH, typeof SCHEDULE_SWITCHED>
}

interface Write<Body extends v.GenericSchema, Answer extends v.GenericSchema> {
  readonly body: v.InferInput<Body>
  readonly answer: v.InferOutput<Answer>
}

export type Trigger = v.InferOutput<typeof triggers.TRIGGER>
export type Tick = Reads['/triggers/{name}/ticks']['items'][number]
export type TickDetail = v.InferOutput<typeof triggers.TICK_DETAIL>
export type PollLogRecord = TickDetail['records'][number]
export type TestedPoll = v.InferOutput<typeof triggers.TESTED>
export type FiredByHand = v.InferOutput<typeof triggers.FIRED>
export type Trend = v.InferOutput<typeof TREND>
export type Outcome = Tick['outcome']
export type Schedule = v.InferOutput<typeof SCHEDULE>
export type Status = Reads['/status']
export type ProcessState = Reads['/process']
export type Instance = Reads['/instances']['items'][number]

export type Reactor = Reads['/reactors/{name}']
export type ReactorInput = Reactor['inputs'][number]
export type FiringRow = Reads['/firings/{id}']
export type Subscription = Reads['/subscriptions']['items'][number]
export type Source = Reads['/sources/{name}']
export type SourceEvent = Reads['/sources/{name}/events']['items'][number]
export type ComputationGraph = Reads['/graphs/{name}']

export type ExecutionRow = Reads['/executions']['items'][number]
export type Execution = Reads['/executions/{id}']
export type ExecutionStatus = ExecutionRow['status']
export type Task = Execution['tasks'][number]
export type TaskStatus = Task['status']
export type Attempt = Task['history'][number]
export type LogRecord = Reads['/executions/{id}/log']['items'][number]
export type Workflow = Reads['/workflows/{name}']
export type WorkflowRow = Reads['/workflows']['items'][number]
export type WorkflowStats = Reads['/workflows/{name}/stats']
