/**
 * The engine's settings, in milliseconds, with the defaults of the Python API's `DefaultRunnerConfig`.
 * Copied and frozen when the engine is made: later edits have no effect on it.
 */

import type { Retention } from './ports.ts'
import {
  checkSetting,
  DURATION_MS,
  FLAG,
  NUMBER,
  objectOf,
  orNull,
  type SettingCheck,
  wholeFrom,
} from './settings-check.ts'

export interface EngineConfig {
  /** Tasks that run at the same time. */
  readonly maxConcurrentTasks: number
  /**
   * The longest that a task which is ready, or whose retry is due, may stay unnoticed. This engine notices both at once,
   * so the value changes nothing.
   */
  readonly schedulerPollIntervalMs: number
  /** Limit of one attempt of a task, deferral included. */
  readonly taskTimeoutMs: number
  /** How long `execute` waits; the run itself goes on. Null: without limit. */
  readonly workflowTimeoutMs: number | null
  /** Whether triggers are polled and schedules fire here; else only tasks are run. */
  readonly pollingEnabled: boolean
  /** Limit of one poll of a trigger. */
  readonly pollDeadlineMs: number
  /** Events of a source that may wait to be accumulated: beyond it, pushes wait or are refused. */
  readonly maxWaitingEvents: number
  /** Limit of computing time of one evaluation of a predicate. A subscription whose predicate exceeds it is degraded. */
  readonly predicateTimeoutMs: number
  /**
   * Maximum number of steps of one evaluation of a predicate: evaluated parts of the expression, in loops each time.
   * Long texts and lists take additional steps.
   */
  readonly predicateSteps: number
  /** At most this much is added at random to each due time of a trigger. 0: none. Never adds up. */
  readonly pollJitterMs: number
  /** Take over the executions of instances that died. */
  readonly recoveryEnabled: boolean
  readonly cronEnabled: boolean
  /** Upper bound between two looks at the schedule table; due times in between are met exactly. */
  readonly cronPollIntervalMs: number
  /** Missed runs that a schedule whose catchup is `all` makes up for: the latest. */
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
  /** How much is kept of what one attempt prints and logs: the first quarter and the last three quarters. */
  readonly attemptLogBytes: number
  /** The same of one poll. */
  readonly pollLogBytes: number
  /** Whether the log of a poll that skipped is kept. */
  readonly keepSkipLogs: boolean
}

const DAY_MS = 86_400_000

export const DEFAULT_CONFIG: EngineConfig = Object.freeze({
  maxConcurrentTasks: 4,
  schedulerPollIntervalMs: 100,
  taskTimeoutMs: 300_000,
  workflowTimeoutMs: 3_600_000,
  pollingEnabled: true,
  pollDeadlineMs: 30_000,
  maxWaitingEvents: 10_000,
  predicateTimeoutMs: 10,
  predicateSteps: 100_000,
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
  attemptLogBytes: 1_048_576,
  pollLogBytes: 65_536,
  keepSkipLogs: false,
  retention: Object.freeze({
    skippedMs: 7 * DAY_MS,
    failedMs: 30 * DAY_MS,
    endedMs: 30 * DAY_MS,
    firingsMs: 7 * DAY_MS,
  }),
})

export const CONFIG_CHECK = objectOf({
  maxConcurrentTasks: wholeFrom(1),
  schedulerPollIntervalMs: DURATION_MS,
  taskTimeoutMs: DURATION_MS,
  workflowTimeoutMs: orNull(DURATION_MS),
  pollingEnabled: FLAG,
  pollDeadlineMs: DURATION_MS,
  maxWaitingEvents: wholeFrom(1),
  predicateTimeoutMs: wholeFrom(1),
  predicateSteps: wholeFrom(1),
  pollJitterMs: DURATION_MS,
  recoveryEnabled: FLAG,
  cronEnabled: FLAG,
  cronPollIntervalMs: DURATION_MS,
  cronMaxCatchupExecutions: wholeFrom(0),
  cronRecoveryEnabled: FLAG,
  cronRecoveryIntervalMs: DURATION_MS,
  cronLostThresholdMs: NUMBER, // negative in Python's config too: everything is lost
  cronMaxRecoveryAgeMs: DURATION_MS,
  cronMaxRecoveryAttempts: wholeFrom(0),
  retention: objectOf({
    skippedMs: orNull(DURATION_MS),
    failedMs: orNull(DURATION_MS),
    endedMs: orNull(DURATION_MS),
    firingsMs: orNull(DURATION_MS),
  } satisfies Record<keyof Retention, SettingCheck>),
  attemptLogBytes: wholeFrom(0),
  pollLogBytes: wholeFrom(0),
  keepSkipLogs: FLAG,
} satisfies Record<keyof EngineConfig, SettingCheck>)

/** The defaults with what the caller sets. Throws `INVALID_ARGUMENT` for a key or a value that means nothing. */
export function engineConfig(settings: Partial<EngineConfig> = {}): EngineConfig {
  checkSetting(settings, CONFIG_CHECK, 'config')
  const retention = Object.freeze({ ...DEFAULT_CONFIG.retention, ...wholeAges(settings.retention ?? {}) })
  return Object.freeze({ ...DEFAULT_CONFIG, ...given(settings), retention })
}

/** Databases store whole milliseconds. */
function wholeAges(retention: Partial<Retention>): Partial<Retention> {
  const ages = Object.entries(given(retention)).map(([key, age]) => [key, age === null ? null : Math.floor(age)])
  return Object.fromEntries(ages) as Partial<Retention>
}

/** Without what is undefined, which JavaScript callers write for "not given". */
function given<Settings extends object>(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings
}
