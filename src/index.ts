/** The public API: named exports, nothing else. */

/// <reference lib="esnext.disposable" preserve="true" />

export type { AlertOptions } from './alerts/alerts.ts'
export { type Fire, fire, type Skip, skip } from './authoring/answers.ts'
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
} from './authoring/rules.ts'
export { trigger } from './authoring/trigger.ts'
export type { Frozen } from './authoring/types/json.ts'
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
} from './authoring/types/options.ts'
export type { Trigger } from './authoring/types/trigger.ts'
export type { AnyWorkflow, InputOf, OutputOf, TaskValue, Workflow } from './authoring/types/workflow.ts'
export type {
  Duration,
  PollAnswer,
  PollFunction,
  PollTools,
  TaskFunction,
  TaskLog,
  TaskTools,
} from './authoring/types.ts'
export { workflow } from './authoring/workflow.ts'
export type { EngineConfig } from './engine/config.ts'
export type {
  CronFiredEvent,
  EngineEventMap,
  EngineEventName,
  ExecutionFinishedEvent,
  ExecutionStartedEvent,
  GraphFailedEvent,
  ReactorFiredEvent,
  ScriptQuarantinedEvent,
  SourceFailedEvent,
  StoppedEvent,
  TaskFinishedEvent,
  TaskRetriedEvent,
  TaskStartedEvent,
  TickEvent,
  TriggerFailedEvent,
  TriggerFiredEvent,
  WarningCode,
  WarningEvent,
} from './engine/events.ts'
export type {
  FiringDetail,
  FiringExecution,
  SourcePoll,
  SourcePollRow,
  StreamPosition,
} from './engine/graphs/graph-store.ts'
export type { Stream, StreamBackend, StreamBackends, StreamMessage, StreamRequest } from './engine/graphs/streams.ts'
export type { Retention, Trouble } from './engine/ports.ts'
export type { CancelReport, CancelResult, PauseResult } from './engine/steering/execution-steering.ts'
export type { FireReport, PollNowResult, PollReport } from './engine/steering/trigger-steering.ts'
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
export type { Alert, AlertDelivery, AlertKind, AlertRow } from './model/alert.ts'
export type { JsonObject, JsonValue } from './model/context.ts'
export type {
  AttemptRow,
  Execution,
  ExecutionOrigin,
  ExecutionStatus,
  ExecutionSummary,
  ExecutionWait,
  TaskRun,
  TaskStatus,
} from './model/execution.ts'
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
} from './model/graphs/rows.ts'
export type {
  ActivityBar,
  BoundedCount,
  CountFilter,
  ExecutionCounts,
  ExecutionOverview,
  LastTicks,
  TaskOverview,
  TrendBar,
  WaitingWorkflow,
} from './model/history.ts'
export type { LogRecord, LogStream } from './model/log.ts'
export type { Catchup, TriggerOverrides, TriggerPolicy, TriggerSettings } from './model/policy.ts'
export type {
  CronFiringRow,
  CronRow,
  CronStats,
  FiringRow,
  InstanceRow,
  TickOutcome,
  TickRow,
  TriggerRow,
} from './model/schedule.ts'
export { formatInstant } from './model/time/instant.ts'
export type { PollOutcome, PollTest, TriggerDefinition, TriggerTiming } from './model/trigger.ts'
export type {
  Backoff,
  ContextOperator,
  RetryCondition,
  RetryPolicy,
  SourcePlace,
  TaskDefinition,
  TaskRuns,
  TriggerRule,
  WorkflowDefinition,
} from './model/workflow.ts'
export {
  type CheckedScript,
  type CheckOptions,
  type CheckProblem,
  type CheckReport,
  checkScripts,
} from './runner/check.ts'
export { type Durability, databaseFile } from './runner/composition.ts'
export type { LoadOptions, ReloadReport, ScriptReport } from './runner/loaded-scripts.ts'
export { cutOff, type LogLevel, type LogLine, type LogSink } from './runner/log-lines.ts'
export type { PythonChoice, Restriction, RunnerOptions } from './runner/options.ts'
export { type Program, type ProgramLimits, type ProgramTarget, startProgram } from './runner/program.ts'
export { type ProjectOptions, projectOptions } from './runner/project-options.ts'
export type { Readiness } from './runner/readiness.ts'
export type { ActionOptions } from './runner/resources/action-options.ts'
export type { RunnerActions } from './runner/resources/actions.ts'
export type { RunnerAlerts } from './runner/resources/alerts.ts'
export type {
  ExecutionLogOptions,
  ExecutionLogRecord,
  LogPage,
  LogPageOptions,
  LogPlace,
} from './runner/resources/execution-log.ts'
export type {
  ExecutionListOptions,
  PruneOptions,
  RetryOptions,
  RunnerExecutions,
  TrendOptions,
} from './runner/resources/executions.ts'
export type { GraphTest, RunnerGraphs } from './runner/resources/graphs.ts'
export type { RunnerInstances } from './runner/resources/instances.ts'
export type { PageAfterOptions, PageOptions } from './runner/resources/page.ts'
export type { PollLogOptions, PollLogRecords } from './runner/resources/poll-logs.ts'
export type { RunnerReactors, SubscribeOptions } from './runner/resources/reactors.ts'
export type { RunnerSchedules } from './runner/resources/schedules.ts'
export type { PushOptions, RunnerSources } from './runner/resources/sources.ts'
export type {
  CronTriggerInfo,
  FireOptions,
  RunnerTriggers,
  TickInfo,
  TickListOptions,
  TriggerInfo,
  TriggerTrendOptions,
} from './runner/resources/triggers.ts'
export type { Quantiles, TaskStats, VersionStats, WorkflowStats } from './runner/resources/workflow-stats.ts'
export type { RunnerWorkflows } from './runner/resources/workflows.ts'
export type { ExecutionResult, TaskResult, WorkflowResult } from './runner/results.ts'
export { Runner } from './runner/runner.ts'
export { type SecretFields, SecretNotGranted, type SecretProvider, type SecretRequest } from './secrets/provider.ts'
export {
  DatabaseAdmin,
  TenantCredentials,
  type TenantInfo,
  type TenantOptions,
  type TenantRemoval,
} from './store/postgres/admin/database-admin.ts'
export { type KafkaOptions, type KafkaSasl, type KafkaTls, kafkaStreams } from './streams/kafka.ts'
