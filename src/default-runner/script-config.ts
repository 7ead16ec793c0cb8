/** Converts a script's `DefaultRunnerConfig`, which Python has checked, to settings. Pure; used by `runners.ts`. */

import * as v from 'valibot'
import type { EngineConfig } from '../engine/engine-config.ts'

/** The keys of `DefaultRunnerConfig.to_dict()`. */
export const scriptConfigSchema = v.object({
  max_concurrent_tasks: v.number(),
  scheduler_poll_interval_ms: v.number(),
  task_timeout_seconds: v.number(),
  workflow_timeout_seconds: v.nullable(v.number()),
  db_pool_size: v.number(),
  enable_recovery: v.boolean(),
  enable_cron_scheduling: v.boolean(),
  cron_poll_interval_seconds: v.number(),
  cron_max_catchup_executions: v.number(),
  cron_enable_recovery: v.boolean(),
  cron_recovery_interval_seconds: v.number(),
  cron_lost_threshold_minutes: v.number(),
  cron_max_recovery_age_seconds: v.number(),
  cron_max_recovery_attempts: v.number(),
})

export type ScriptConfig = v.InferOutput<typeof scriptConfigSchema>

export function toEngineSettings(config: ScriptConfig): Partial<EngineConfig> {
  const { workflow_timeout_seconds: workflowTimeoutS } = config
  return {
    maxConcurrentTasks: config.max_concurrent_tasks,
    schedulerPollIntervalMs: config.scheduler_poll_interval_ms,
    taskTimeoutMs: config.task_timeout_seconds * 1000,
    workflowTimeoutMs: workflowTimeoutS === null ? null : workflowTimeoutS * 1000,
    recoveryEnabled: config.enable_recovery,
    cronEnabled: config.enable_cron_scheduling,
    cronPollIntervalMs: config.cron_poll_interval_seconds * 1000,
    cronMaxCatchupExecutions: config.cron_max_catchup_executions,
    cronRecoveryEnabled: config.cron_enable_recovery,
    cronRecoveryIntervalMs: config.cron_recovery_interval_seconds * 1000,
    cronLostThresholdMs: config.cron_lost_threshold_minutes * 60_000,
    cronMaxRecoveryAgeMs: config.cron_max_recovery_age_seconds * 1000,
    cronMaxRecoveryAttempts: config.cron_max_recovery_attempts,
  }
}
