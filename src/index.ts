/** The public door: named exports, nothing else. */

export { type Durability, databaseFile } from './assembly.ts'
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
export type { ReloadReport, ScriptReport } from './loaded-scripts.ts'
export { cutOff, type LogLevel, type LogLine, type LogSink } from './log.ts'
export type { JsonObject, JsonValue } from './model/context.ts'
export type { ExecutionOrigin, ExecutionStatus, ExecutionSummary, TaskStatus } from './model/execution.ts'
export { formatInstant } from './model/instant.ts'
export type { CronFiringRow, CronRow, CronStats, FiringRow, TickRow } from './model/schedule.ts'
export type { PollOutcome, PythonFault } from './model/trigger.ts'
export type { TaskDefinition, WorkflowDefinition } from './model/workflow.ts'
export { type Program, type ProgramTarget, startProgram } from './program.ts'
export type { ExecutionResult, TaskResult } from './results.ts'
export { Runner } from './runner.ts'
export type {
  PageOptions,
  RunnerExecutions,
  RunnerSchedules,
  RunnerTriggers,
  RunnerWorkflows,
  TriggerInfo,
} from './runner-doors.ts'
export type { RunnerOptions } from './runner-options.ts'
