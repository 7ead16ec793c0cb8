/** The public API: named exports, nothing else. */

/// <reference lib="esnext.disposable" preserve="true" />

export type { AlertOptions } from './alerts/alert-options.ts'
export type {
  ChildResult,
  Duration,
  PollAnswer,
  PollFunction,
  PollTools,
  RunOptions,
  StatePollTools,
  TaskFailure,
  TaskFunction,
  TaskLog,
  TaskTools,
} from './authoring/function-types.ts'
export { limit } from './authoring/limit-function.ts'
export { type Fire, type FiringOptions, fire, type Skip, skip } from './authoring/poll-answers.ts'
export {
  all,
  always,
  any,
  type Comparison,
  failed,
  none,
  type Rule,
  skipped,
  succeeded,
  value,
} from './authoring/rule-builders.ts'
export { trigger } from './authoring/trigger-function.ts'
export { TryLater, type TryLaterOptions } from './authoring/try-later.ts'
export type { Frozen } from './authoring/types/json.ts'
export type { Limit, LimitOptions, WorkflowLimitOptions } from './authoring/types/limit-types.ts'
export type {
  BackoffOption,
  CronOptions,
  InputSchema,
  PollOptions,
  PythonTask,
  PythonTaskOptions,
  TaskOptions,
  TaskRetryOptions,
  WorkflowOptions,
} from './authoring/types/option-types.ts'
export type { Trigger } from './authoring/types/trigger-types.ts'
export type { ApprovalOptions, DelayOptions, SignalWaitOptions } from './authoring/types/wait-types.ts'
export type { AnyWorkflow, InputOf, OutputOf, TaskValue, Workflow } from './authoring/types/workflow-types.ts'
export { workflow } from './authoring/workflow-function.ts'
export type { ChildRow as ChildExecution } from './engine/chains/chain-store.ts'
export type { Trouble } from './engine/clock-port.ts'
export type { EngineConfig } from './engine/engine-config.ts'
export type {
  CronFiredEvent,
  EngineEventMap,
  EngineEventName,
  ExecutionFinishedEvent,
  ExecutionStartedEvent,
  ExecutionWaitingEvent,
  GraphFailedEvent,
  ReactorFiredEvent,
  ScriptQuarantinedEvent,
  SourceFailedEvent,
  StoppedEvent,
  TaskFinishedEvent,
  TaskLimitedEvent,
  TaskParkedEvent,
  TaskRetriedEvent,
  TaskStartedEvent,
  TaskTriesLaterEvent,
  TickEvent,
  TriggerFailedEvent,
  TriggerFiredEvent,
  WaitEndedEvent,
  WaitOpenedEvent,
  WarningCode,
  WarningEvent,
} from './engine/engine-events.ts'
export type { ExecuteOptions } from './engine/engine-options.ts'
export type {
  FiringDetail,
  FiringExecution,
  SourcePoll,
  SourcePollRow,
} from './engine/graphs/graph-store.ts'
export type {
  Stream,
  StreamBackend,
  StreamBackends,
  StreamMessage,
  StreamRequest,
} from './engine/graphs/stream-port.ts'
export type { DatabaseSearch as RunnerSearch, SearchOptions } from './engine/search/search-service.ts'
export type { DatabaseCounts, SearchHit, SearchHitKind } from './engine/search/search-store.ts'
export type { ActionListOptions, ActionOptions, Actions as RunnerActions } from './engine/services/action-service.ts'
export type {
  IncidentListOptions,
  Incidents as RunnerIncidents,
  SentAlerts as RunnerAlerts,
} from './engine/services/alert-service.ts'
export type {
  BackfillOptions,
  BackfillPreview,
  BackfillRange,
  Backfills as RunnerBackfills,
} from './engine/services/batches/backfill-service.ts'
export type { CancelBatchOptions } from './engine/services/batches/batch-changes.ts'
export type {
  RefireOptions,
  RefirePreview,
  RefireRange,
  Refires as RunnerRefires,
} from './engine/services/batches/refire-service.ts'
export type {
  ExecutionLogOptions,
  ExecutionLogRecord,
  LogPage,
  LogPageOptions,
  LogPlace,
} from './engine/services/executions/execution-log.ts'
export type {
  CancelReport,
  CancelResult,
  ExecutionListOptions,
  PauseResult,
  PruneOptions,
  RetryOptions,
  TrendOptions,
} from './engine/services/executions/execution-options.ts'
export type { ExecutionResult, TaskResult } from './engine/services/executions/execution-result.ts'
export type { Executions as RunnerExecutions } from './engine/services/executions/execution-service.ts'
export type { Graphs as RunnerGraphs, GraphTest } from './engine/services/graph-service.ts'
export type { Instances as RunnerInstances } from './engine/services/instance-service.ts'
export type {
  CloseLimitOptions,
  LimitActionOptions,
  LimitSettings,
  Limits as RunnerLimits,
  LimitValueOptions,
} from './engine/services/limit-service.ts'
export type { PageAfterOptions, PageOptions } from './engine/services/page-options.ts'
export type { PollLogOptions, PollLogRecords } from './engine/services/poll-logs.ts'
export type { Reactors as RunnerReactors, SubscribeOptions } from './engine/services/reactor-service.ts'
export type { Schedules as RunnerSchedules } from './engine/services/schedule-service.ts'
export type { PushOptions, Sources as RunnerSources } from './engine/services/source-service.ts'
export type {
  CronTriggerInfo,
  DisabledPeriodOptions,
  FireOptions,
  TickInfo,
  TriggerInfo,
  Triggers as RunnerTriggers,
  TriggerTrendOptions,
} from './engine/services/trigger-service.ts'
export type { DisabledPeriod } from './engine/services/triggers/disabled-periods.ts'
export type { TickListOptions } from './engine/services/triggers/tick-options.ts'
export type { StateOptions, TriggerState } from './engine/services/triggers/trigger-states.ts'
export type { FireReport, PollNowResult } from './engine/services/triggers-by-hand.ts'
export type {
  AnswerOptions,
  ApprovalListOptions,
  Approvals as RunnerApprovals,
} from './engine/services/waits/approval-service.ts'
export type { SenderOptions } from './engine/services/waits/sender.ts'
export type {
  SendSignalOptions,
  SignalListOptions,
  Signals as RunnerSignals,
} from './engine/services/waits/signal-service.ts'
export type { SubmitOptions, Workflows as RunnerWorkflows } from './engine/services/workflow-service.ts'
export type { Quantiles, TaskStats, VersionStats, WorkflowStats } from './engine/services/workflows/workflow-stats.ts'
export type { SummaryOptions, WorkflowSummary } from './engine/services/workflows/workflow-summaries.ts'
export type { PollReport } from './engine/triggers/trigger-poll.ts'
export {
  CloacaError,
  type CloacaErrorOptions,
  type ErrorCode,
  type ErrorFacts,
  HostError,
  InternalError,
  ScriptError,
  StoreError,
  UsageError,
} from './errors.ts'
export { CancelledError, DeadlineError } from './functions/calls/faults.ts'
export { type HttpHandlerOptions, httpHandler } from './http/http-handler.ts'
export type {
  EngineCounters,
  GraphCounters,
  ReactorCounters,
  SourceCounters,
  TriggerCounters,
  WorkflowCounters,
} from './metrics/engine-counters.ts'
export type { Histogram } from './metrics/histogram.ts'
export type {
  EngineGauges,
  HostMeasurements,
  InterpreterMeasurement,
  Measurements,
  RestartCause,
} from './metrics/measurements.ts'
export type { NamedCounters } from './metrics/named-counters.ts'
export type { CommitCounters, CommitKind, StoreCounters } from './metrics/store-counters.ts'
export type { ActionAnswer, ActionKind, ActionRow, ActionSource } from './model/action.ts'
export type {
  Alert,
  AlertDelivery,
  AlertKind,
  AlertReceiver,
  AlertRoute,
  AlertRow,
  AlertState,
  DeliveryTarget,
  Incident,
} from './model/alert.ts'
export type { JsonObject, JsonValue } from './model/context.ts'
export type {
  AttemptRow,
  Execution,
  ExecutionOrigin,
  ExecutionStatus,
  ExecutionSummary,
  TaskRun,
  TaskStatus,
} from './model/execution.ts'
export type {
  ActivityBar,
  BoundedCount,
  CountFilter,
  ExecutionCounts,
  ExecutionOverview,
  ExecutionTasks,
  LastTicks,
  RecentExecution,
  RecentTask,
  TaskOverview,
  TrendBar,
  WaitingWorkflow,
} from './model/execution-history.ts'
export type { PythonFault } from './model/fault.ts'
export type {
  Accumulation,
  AccumulatorKind,
  GraphDefinition,
  GraphNode,
  ReactionMode,
  ReactorDefinition,
  SourceDefinition,
} from './model/graphs/definitions.ts'
export type {
  FiringCause,
  GraphRow,
  GraphRun,
  ReactorFiring,
  ReactorInput,
  ReactorRow,
  SourceEvent,
  SourceRow,
  Subscription,
  ValueText,
} from './model/graphs/graph-model-rows.ts'
export type { StreamPosition } from './model/graphs/stream-events.ts'
export type {
  LimitDefinition,
  LimitOverrides,
  LimitRate,
  LimitRow,
  LimitValueRow,
  LimitValues,
} from './model/limits/limits.ts'
export type { LogFilter } from './model/logs/log-filter.ts'
export type { LogRecord, LogStream } from './model/logs/log-record.ts'
export type { Catchup, TriggerOverrides, TriggerPolicy, TriggerSettings } from './model/policy.ts'
export type { Retention } from './model/retention-limits.ts'
export type {
  Backfill,
  BatchCursor,
  BatchProgress,
  BatchStatus,
  CronFiringRow,
  CronRow,
  CronStats,
  FiringRow,
  InstanceRow,
  Refire,
  TickOutcome,
  TickRow,
  TriggerRow,
} from './model/schedule-rows.ts'
export { formatInstant } from './model/time/instant.ts'
export type { PolledFiring, PollOutcome, PollTest, TriggerDefinition, TriggerTiming } from './model/trigger.ts'
export type {
  ApprovalAnswer,
  ApprovalRow,
  ApprovalState,
  EngineWait,
  ExecutionWait,
  LimitWait,
  NodeWait,
  OpenWait,
  SignalReceipt,
  SignalRow,
  SignalState,
  StoredWait,
  WaitEnding,
  WaitKind,
} from './model/waits.ts'
export type {
  Backoff,
  ContextOperator,
  DailyTime,
  DelayEnd,
  OnTimeout,
  Overflow,
  RetryCondition,
  RetryPolicy,
  SourcePlace,
  Tags,
  TaskDefinition,
  TaskRuns,
  TriggerRule,
  WaitDefinition,
  WorkflowDefinition,
  WorkflowLimit,
} from './model/workflow.ts'
export type { LineOrigin, ScriptLine, ScriptLineSink } from './output/script-line.ts'
export {
  type CheckedScript,
  type CheckOptions,
  type CheckProblem,
  type CheckReport,
  checkScripts,
} from './runner/check-scripts.ts'
export type { LoadOptions, ReloadReport, ScriptReport } from './runner/loaded-scripts.ts'
export { cutOff, type LogLevel, type LogLine, type LogSink } from './runner/log/event-log-lines.ts'
export type { TestPollOptions } from './runner/poll-test.ts'
export { type ProjectOptions, projectOptions } from './runner/project-options.ts'
export { type Program, type ProgramTarget, startProgram } from './runner/python-program.ts'
export type { Readiness } from './runner/readiness.ts'
export { Runner } from './runner/runner.ts'
export type { PythonChoice, Restriction, RunnerOptions } from './runner/runner-options.ts'
export { type Durability, databaseFile } from './runner/start/database-choice.ts'
export type { ProgramLimits } from './runner/start/program-limits.ts'
export type { WorkflowResult } from './runner/workflow-result.ts'
export { type SecretFields, SecretNotGranted, type SecretProvider, type SecretRequest } from './secrets/provider.ts'
export type { LimitSetting } from './settings/limit-settings.ts'
export { type KafkaOptions, type KafkaTls, kafkaStreams } from './streams/kafka.ts'
export type { KafkaSasl } from './streams/kafka-sasl.ts'
export {
  DatabaseAdmin,
  TenantCredentials,
  type TenantOptions,
  type TenantRemoval,
} from './tenants/database-admin.ts'
export type { TenantInfo } from './tenants/tenant-info.ts'
