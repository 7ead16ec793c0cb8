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

/** Limits and intervals of an engine. All times are in milliseconds. */
export interface EngineConfig {
  /** Number of slots, which is the maximum number of tasks that run at the same time. Default: 4. */
  readonly maxConcurrentTasks: number
  /** No effect: ready tasks and due retries start immediately. Accepted for compatibility. Default: 100. */
  readonly schedulerPollIntervalMs: number
  /** Time limit of one attempt of a task, including the time in `deferUntil`. Default: 300,000. */
  readonly taskTimeoutMs: number
  /** Maximum wait of `execute`; the execution itself continues. Null for no limit. Default: 3,600,000. */
  readonly workflowTimeoutMs: number | null
  /** Whether this engine polls triggers and fires schedules, in addition to running tasks. Default: true. */
  readonly pollingEnabled: boolean
  /** Time limit of one poll of a trigger. Default: 30,000. */
  readonly pollDeadlineMs: number
  /** Maximum number of queued events per source. Further pushes wait, then are rejected. Default: 10,000. */
  readonly maxWaitingEvents: number
  /**
   * Maximum computing time of one evaluation of a predicate. A subscription whose predicate exceeds it repeatedly is
   * degraded. Default: 10.
   */
  readonly predicateTimeoutMs: number
  /**
   * Maximum number of steps of one evaluation of a predicate. Each evaluation of a part of the expression is a step,
   * also in loops. Long texts and lists take additional steps. Default: 100,000.
   */
  readonly predicateSteps: number
  /** Maximum random delay of each poll. A delay does not move the later polls. Default: 0. */
  readonly pollJitterMs: number
  /** Whether to take over the executions of engines that died. Default: true. */
  readonly recoveryEnabled: boolean
  /** Whether to fire cron schedules. Default: true. */
  readonly cronEnabled: boolean
  /**
   * Maximum time between two reads of the schedule table. Schedules that are due between two reads still fire on time.
   * Default: 30,000.
   */
  readonly cronPollIntervalMs: number
  /**
   * Maximum number of missed runs to start for a schedule with catchup `all`. Older missed runs are skipped. Default:
   * 100.
   */
  readonly cronMaxCatchupExecutions: number
  /** Whether to start cron runs that were recorded but never started. Default: true. */
  readonly cronRecoveryEnabled: boolean
  /** Time between two searches for cron runs that were recorded but never started. Default: 300,000. */
  readonly cronRecoveryIntervalMs: number
  /**
   * Age at which a cron run that was recorded but not started is considered lost, and is started again. Default:
   * 600,000.
   */
  readonly cronLostThresholdMs: number
  /** Age after which a lost run is no longer started. Default: 86,400,000 (1 day). */
  readonly cronMaxRecoveryAgeMs: number
  /** Maximum number of attempts to start a lost run. Default: 3. */
  readonly cronMaxRecoveryAttempts: number
  /** Time to keep history. Default: `skippedMs` and `firingsMs` 7 days, `failedMs` and `endedMs` 30 days. */
  readonly retention: Retention
  /**
   * Maximum size of the log of one attempt, in bytes. Of a larger log, cloaca keeps the beginning (a quarter of this
   * size) and the end (three quarters). Default: 1,048,576.
   */
  readonly attemptLogBytes: number
  /** Maximum size of the log of one poll, in bytes. Default: 65,536. */
  readonly pollLogBytes: number
  /** Whether to keep the logs of polls that skipped. Default: false. */
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
