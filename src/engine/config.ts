/**
 * The engine's settings, in milliseconds, with the defaults of the Python API's `DefaultRunnerConfig`.
 * Copied and frozen when the engine is made: later edits have no effect on it.
 */

import type { Retention } from './ports.ts'

export interface EngineConfig {
  /** Tasks that run at the same time. */
  readonly maxConcurrentTasks: number
  /**
   * The latest that a task which became ready, or whose retry is due, may be noticed. This engine is told of both at
   * once and looks at no clock for them, so it is always within this limit, whatever the value.
   */
  readonly schedulerPollIntervalMs: number
  /** Limit of one attempt of a task, deferral included. */
  readonly taskTimeoutMs: number
  /** How long `execute` waits; the run itself goes on. Null: without limit. */
  readonly workflowTimeoutMs: number | null
  /** Limit of one poll of a trigger. */
  readonly pollDeadlineMs: number
  /** At most this much is added at random to each due time of a trigger. 0: none. Never adds up. */
  readonly pollJitterMs: number
  /** Take over the executions of instances that died. */
  readonly recoveryEnabled: boolean
  readonly cronEnabled: boolean
  /** Upper bound between two looks at the schedule table; due times in between are met exactly. */
  readonly cronPollIntervalMs: number
  /** Cap on replayed runs. Every schedule skips what it missed, so that nothing is ever replayed. */
  readonly cronMaxCatchupExecutions: number
  /** Start again the cron runs that were recorded but never started. */
  readonly cronRecoveryEnabled: boolean
  readonly cronRecoveryIntervalMs: number
  /** Age at which such a run counts as lost. */
  readonly cronLostThresholdMs: number
  /** Older ones are given up. */
  readonly cronMaxRecoveryAgeMs: number
  readonly cronMaxRecoveryAttempts: number
  readonly retention: Retention
}

const DAY_MS = 86_400_000

export const DEFAULT_CONFIG: EngineConfig = Object.freeze({
  maxConcurrentTasks: 4,
  schedulerPollIntervalMs: 100,
  taskTimeoutMs: 300_000,
  workflowTimeoutMs: 3_600_000,
  pollDeadlineMs: 30_000,
  pollJitterMs: 0,
  recoveryEnabled: true,
  cronEnabled: true,
  cronPollIntervalMs: 30_000,
  cronMaxCatchupExecutions: 100,
  cronRecoveryEnabled: true,
  cronRecoveryIntervalMs: 300_000,
  cronLostThresholdMs: 600_000,
  cronMaxRecoveryAgeMs: DAY_MS,
  cronMaxRecoveryAttempts: 3,
  retention: Object.freeze({ skippedMs: 7 * DAY_MS, failedMs: 30 * DAY_MS, endedMs: null }),
})

/** The defaults with what the caller sets. */
export function engineConfig(settings: Partial<EngineConfig> = {}): EngineConfig {
  const retention = Object.freeze({ ...DEFAULT_CONFIG.retention, ...settings.retention })
  return Object.freeze({ ...DEFAULT_CONFIG, ...settings, retention })
}
