/** The public door: named exports, nothing else. */

export type { EngineConfig } from './engine/config.ts'
export type { EngineEventMap, EngineEventName } from './engine/events.ts'
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
export type { JsonObject, JsonValue } from './model/context.ts'
export type { ExecutionOrigin, ExecutionStatus, ExecutionSummary, TaskStatus } from './model/execution.ts'
export type { PythonFault } from './model/fault.ts'
export { formatInstant } from './model/instant.ts'
export type { CronFiringRow, CronRow, CronStats, FiringRow, TickRow } from './model/schedule.ts'
export type { PollOutcome } from './model/trigger.ts'
export type { TaskDefinition, WorkflowDefinition } from './model/workflow.ts'
export { type Durability, databaseFile } from './runner/composition.ts'
export type { ReloadReport, ScriptReport } from './runner/loaded-scripts.ts'
export { cutOff, type LogLevel, type LogLine, type LogSink } from './runner/log-lines.ts'
export type { RunnerOptions } from './runner/options.ts'
export { type Program, type ProgramTarget, startProgram } from './runner/program.ts'
export type { RunnerExecutions } from './runner/resources/executions.ts'
export type { PageOptions } from './runner/resources/page.ts'
export type { RunnerSchedules } from './runner/resources/schedules.ts'
export type { RunnerTriggers, TriggerInfo } from './runner/resources/triggers.ts'
export type { RunnerWorkflows } from './runner/resources/workflows.ts'
export type { ExecutionResult, TaskResult } from './runner/results.ts'
export { Runner } from './runner/runner.ts'
