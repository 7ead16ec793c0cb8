/**
 * Settings of the engine, in milliseconds, with the defaults of the Python API's `DefaultRunnerConfig`. Copied and
 * frozen when the engine is created.
 */

import * as v from 'valibot'
import type { Retention } from '../model/retention-limits.ts'
import { DEFAULT_STATE_BYTES } from '../model/trigger.ts'
import { type OptionSchema, parseOptions } from '../options/checked.ts'
import { FINITE_NUMBER, MILLISECONDS, optionsSchema, wholeNumberAtLeast } from '../options/schemas.ts'

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
  /** Time after which a task that waits for a child is parked: it starts again after the wait. Default: 60,000. */
  readonly parkMs: number
  /** Maximum number of times that one task may end with `TryLater`. Then it fails. From 1 to 10,000. Default: 100. */
  readonly triesLater: number
  /** Whether this engine polls triggers and fires schedules, in addition to running tasks. Default: true. */
  readonly pollingEnabled: boolean
  /** Time limit of one poll of a trigger. Default: 30,000. */
  readonly pollDeadlineMs: number
  /** Maximum number of queued events per source. Further pushes wait, then are rejected. Default: 10,000. */
  readonly maxWaitingEvents: number
  /** Maximum computing time of one evaluation of a predicate. Repeated excess degrades a subscription. Default: 10. */
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
  /** Maximum time between reads of the schedule table. Schedules due in between fire on time. Default: 30,000. */
  readonly cronPollIntervalMs: number
  /** Maximum number of missed runs to start with catchup `all`. Older missed runs are skipped. Default: 100. */
  readonly cronMaxCatchupExecutions: number
  /** Whether to start cron runs that were recorded but never started. Default: true. */
  readonly cronRecoveryEnabled: boolean
  /** Time between two searches for cron runs that were recorded but never started. Default: 300,000. */
  readonly cronRecoveryIntervalMs: number
  /** Age at which a recorded cron run that did not start is lost, and is started again. Default: 600,000. */
  readonly cronLostThresholdMs: number
  /** Age after which a lost run is no longer started. Default: 86,400,000 (1 day). */
  readonly cronMaxRecoveryAgeMs: number
  /** Maximum number of attempts to start a lost run. Default: 3. */
  readonly cronMaxRecoveryAttempts: number
  /** Time to keep history. Default: `skippedMs` and `firingsMs` 7 days, the others 30 days. */
  readonly retention: Retention
  /**
   * Maximum size of the log of one attempt, in bytes. Of a larger log, cloaca keeps the beginning (a quarter of this
   * size) and the end (three quarters). Default: 1,048,576.
   */
  readonly attemptLogBytes: number
  /** Maximum size of the log of one poll, in bytes. Default: 65,536. */
  readonly pollLogBytes: number
  /** Maximum size of the state of a trigger, in bytes. A poll that returns a larger state fails. Default: 65,536. */
  readonly triggerStateBytes: number
  /** Whether to keep the logs of polls that skipped. Default: false. */
  readonly keepSkipLogs: boolean
}

const DAY_MS = 86_400_000

export const DEFAULT_CONFIG: EngineConfig = Object.freeze({
  maxConcurrentTasks: 4,
  schedulerPollIntervalMs: 100,
  taskTimeoutMs: 300_000,
  workflowTimeoutMs: 3_600_000,
  parkMs: 60_000,
  triesLater: 100,
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
  triggerStateBytes: DEFAULT_STATE_BYTES,
  keepSkipLogs: false,
  retention: Object.freeze({
    skippedMs: 7 * DAY_MS,
    failedMs: 30 * DAY_MS,
    endedMs: 30 * DAY_MS,
    firingsMs: 7 * DAY_MS,
    scheduleTimesMs: 400 * DAY_MS,
    keysMs: 30 * DAY_MS,
    signalsMs: 7 * DAY_MS,
  }),
})

const CONFIG = optionsSchema({
  maxConcurrentTasks: wholeNumberAtLeast(1),
  schedulerPollIntervalMs: MILLISECONDS,
  taskTimeoutMs: MILLISECONDS,
  workflowTimeoutMs: v.nullable(MILLISECONDS),
  parkMs: MILLISECONDS,
  triesLater: wholeNumberAtLeast(1, 10_000),
  pollingEnabled: v.boolean(),
  pollDeadlineMs: MILLISECONDS,
  maxWaitingEvents: wholeNumberAtLeast(1),
  predicateTimeoutMs: wholeNumberAtLeast(1),
  predicateSteps: wholeNumberAtLeast(1),
  pollJitterMs: MILLISECONDS,
  recoveryEnabled: v.boolean(),
  cronEnabled: v.boolean(),
  cronPollIntervalMs: MILLISECONDS,
  cronMaxCatchupExecutions: wholeNumberAtLeast(0),
  cronRecoveryEnabled: v.boolean(),
  cronRecoveryIntervalMs: MILLISECONDS,
  cronLostThresholdMs: FINITE_NUMBER, // negative in Python's config too: everything is lost
  cronMaxRecoveryAgeMs: MILLISECONDS,
  cronMaxRecoveryAttempts: wholeNumberAtLeast(0),
  retention: optionsSchema({
    skippedMs: v.nullable(MILLISECONDS),
    failedMs: v.nullable(MILLISECONDS),
    endedMs: v.nullable(MILLISECONDS),
    firingsMs: v.nullable(MILLISECONDS),
    scheduleTimesMs: v.nullable(MILLISECONDS),
    keysMs: v.nullable(MILLISECONDS),
    signalsMs: v.nullable(MILLISECONDS),
  } satisfies Record<keyof Retention, OptionSchema>),
  attemptLogBytes: wholeNumberAtLeast(0),
  pollLogBytes: wholeNumberAtLeast(0),
  triggerStateBytes: wholeNumberAtLeast(2),
  keepSkipLogs: v.boolean(),
} satisfies Record<keyof EngineConfig, OptionSchema>)

/** Merges the defaults and the given settings. Throws `INVALID_ARGUMENT` for an unknown key or an invalid value. */
export function engineConfig(settings: Partial<EngineConfig> = {}): EngineConfig {
  parseOptions(CONFIG, settings, 'config')
  const retention = Object.freeze({ ...DEFAULT_CONFIG.retention, ...wholeAges(settings.retention ?? {}) })
  return Object.freeze({ ...DEFAULT_CONFIG, ...given(settings), retention })
}

/** Databases store whole milliseconds. */
function wholeAges(retention: Partial<Retention>): Partial<Retention> {
  const ages = Object.entries(given(retention)).map(([key, age]) => [key, age === null ? null : Math.floor(age)])
  return Object.fromEntries(ages) as Partial<Retention>
}

/** Removes undefined values, which JavaScript callers write for "not given". */
function given<Settings extends object>(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings
}
