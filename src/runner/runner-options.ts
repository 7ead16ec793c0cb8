/** Options of a runner and their checks. Used by `runner.ts` before anything is opened. */

import * as v from 'valibot'
import { type AlertOptions, receiverNames } from '../alerts/alert-options.ts'
import { routeProblem } from '../alerts/alert-routes.ts'
import { type EngineConfig, engineConfig } from '../engine/engine-config.ts'
import type { StreamBackends } from '../engine/graphs/stream-port.ts'
import { UsageError } from '../errors.ts'
import type { PythonChoice } from '../host/environment/python-choice.ts'
import {
  DEFAULT_LIMITS,
  type HostLimits,
  MIN_MEMORY_MEBIBYTES,
  MIN_OPEN_FILES,
  MIN_THREADS,
} from '../host/process/host-limits.ts'
import { checkedRestrictions } from '../host/restriction/checked-restrictions.ts'
import type { Restriction, Restrictions } from '../host/restriction/restriction.ts'
import { ALERT_KINDS } from '../model/alert.ts'
import { type OptionSchema, parseOptions } from '../options/checked.ts'
import { MILLISECONDS, NON_EMPTY_TEXT, optionsSchema, tableSchema, wholeNumberAtLeast } from '../options/schemas.ts'
import type { ScriptLineSink } from '../output/script-line.ts'
import type { SecretProvider } from '../secrets/provider.ts'
import { secretProvider } from '../secrets/secret-source.ts'
import { ALERT_RECEIVERS, ALERT_ROUTES } from '../settings/alert-values.ts'
import type { LimitSetting } from '../settings/limit-settings.ts'
import { COMMAND, choicesType, WEB_ADDRESS } from '../settings/value-types.ts'
import { streamBackends } from '../streams/backends.ts'
import type { LogSink } from './log/event-log-lines.ts'
import { requirePlace } from './script-sources.ts'
import type { Durability } from './start/database-choice.ts'

export type { PythonChoice } from '../host/environment/python-choice.ts'
export type { Restriction } from '../host/restriction/restriction.ts'

/** Options of `Runner.open`. */
export interface RunnerOptions {
  /**
   * Database: `sqlite://path`, a file path, `:memory:`, or `postgresql://USER:PASSWORD@HOST/DATABASE`. Default:
   * `CLOACA_DATABASE_URL`, else `sqlite://cloaca.db` in the current folder.
   */
  readonly database?: string
  /**
   * Schema of a PostgreSQL database, created if it is missing: 1 to 63 letters, digits and underscores, not starting
   * with a digit. Engines in different schemas are independent of each other. Default: the `?schema=` of the URL, else
   * the first schema of the user's search path. If `database` is not given either, `CLOACA_SCHEMA` applies.
   */
  readonly schema?: string | null
  /**
   * `full`: accepted executions and their results survive a power failure. `normal`: faster, but a power failure can
   * lose the changes of the last second. A crash of the process loses nothing in both cases. Default:
   * `CLOACA_DURABILITY`, else `full`.
   */
  readonly durability?: Durability
  /**
   * Whether to open the database for reading only. Such a runner needs no write permission and takes no locks, and
   * its calls that write are rejected. The database must exist in the format of this version. Default: false.
   */
  readonly readOnly?: boolean
  /** Number of interpreters for the scripts, limited by the number of scripts and the memory. Default: 1. */
  readonly interpreters?: number
  /** Python that runs the scripts. Default: the included Pyodide. */
  readonly python?: PythonChoice
  /** Python for single files, folders (with all subfolders) or modules. The nearest entry takes precedence. */
  readonly pythonFor?: Readonly<Record<string, PythonChoice>>
  /**
   * Restriction of scripts in Pyodide; needs Node 26. Scripts can always read the folder that they are loaded from.
   * The restriction limits accidents, but is not a security boundary against hostile code. Default: no restriction.
   */
  readonly restrict?: Restriction | null
  /**
   * Restriction for single files, folders (with all subfolders) or modules. The nearest entry takes precedence. Keys
   * that the entry omits are taken from `restrict`. `null` removes the restriction. Scripts with different restrictions
   * run in different processes.
   */
  readonly restrictFor?: Readonly<Record<string, Restriction | null>>
  /**
   * Whether runners that scripts open (`cloaca.DefaultRunner`) poll triggers and fire schedules. False: they only run
   * requested workflows. Default: true.
   */
  readonly scriptRunners?: boolean
  /** Names of the workflows to run. Only triggers of these workflows are polled. Default: all. */
  readonly onlyWorkflows?: readonly string[]
  /** Destination of script output. Unread output is dropped, and never blocks the runner. Default: `stdout`. */
  readonly stdoutTo?: 'stdout' | 'stderr'
  /** Whether each output line of a task starts with the execution and task, if stdout is a terminal. Default: false. */
  readonly prefixOutput?: boolean
  /** Function that receives the output of scripts line by line. Default: stdout and stderr receive it. */
  readonly output?: ScriptLineSink
  /**
   * Maximum memory of one interpreter in MiB, at least 384. At this limit, Python raises MemoryError. An interpreter
   * that uses more than four fifths of the limit is replaced between polls. A process that exceeds the limit by a
   * quarter (at least 256 MiB) is killed. Default: 1024.
   */
  readonly interpreterMemoryMb?: number
  /**
   * Maximum number of open files, sockets and pipes of one interpreter, at least 128. At this limit, Python raises
   * OSError (EMFILE). An interpreter that uses more than four fifths of the limit is replaced between polls. Default:
   * 1024.
   */
  readonly interpreterOpenFiles?: number
  /**
   * Maximum number of Python threads of one interpreter, at least 16. At this limit, Python raises RuntimeError. An
   * interpreter that uses more than four fifths of the limit is replaced between polls. Default: 4000.
   */
  readonly interpreterThreads?: number
  /** Time limit for the import of a script, in milliseconds. Default: 30,000. */
  readonly loadTimeoutMs?: number
  /** Time limit for running polls and tasks of a script that is reloaded, in milliseconds. Default: 30,000. */
  readonly reloadGraceMs?: number
  /**
   * Source of secrets for tasks: a function, or a folder of files as Docker and Kubernetes mount them. Default: the
   * environment variables `CLOACA_SECRET_NAME`, which are also used in addition to a folder. `null`: no secrets.
   */
  readonly secrets?: SecretProvider | string | null
  /**
   * Backends for `stream_accumulator(type=…)`, by type. Default: `kafka` with the brokers of `KAFKA_BROKERS`.
   * `kafkaStreams` creates a backend with other options.
   */
  readonly streams?: StreamBackends
  /** Receivers and rules of alerts. Default: no alerts. A runner with `readOnly` sends none. */
  readonly alerts?: AlertOptions
  /** Values that replace those of limits by key in the code, by the name of the limit. Default: those of the code. */
  readonly limits?: Readonly<Record<string, LimitSetting>>
  /** Limits and intervals. */
  readonly config?: Partial<EngineConfig>
  /** Function that receives each log line. Default: no log. */
  readonly log?: LogSink
}

const ALERTS = optionsSchema({
  url: v.nullable(WEB_ADDRESS.schema),
  secret: v.nullable(v.string()),
  command: v.nullable(COMMAND.schema),
  on: choicesType(...ALERT_KINDS).schema,
  failuresInRow: wholeNumberAtLeast(1),
  lateByMs: MILLISECONDS,
  receivers: v.nullable(ALERT_RECEIVERS.schema),
  routes: v.nullable(ALERT_ROUTES.schema),
  repeatMs: MILLISECONDS,
  cooldownMs: MILLISECONDS,
  recovered: v.boolean(),
  allowPrivateAddresses: v.boolean(),
  heartbeatUrl: v.nullable(WEB_ADDRESS.schema),
  publicUrl: v.nullable(WEB_ADDRESS.schema),
} satisfies Record<keyof AlertOptions, OptionSchema>)

const SECRET_OPTIONS = ['alerts.url', 'alerts.secret', 'alerts.receivers', 'alerts.heartbeatUrl']

const PYTHON = v.union(
  [
    v.strictObject({ kind: v.literal('pyodide') }),
    v.strictObject({ kind: v.literal('cpython'), executable: NON_EMPTY_TEXT }),
  ],
  '{ kind: "pyodide" } or { kind: "cpython", executable: "python3" }',
)

const SECRETS = v.union([v.null(), v.function(), NON_EMPTY_TEXT], 'a function, the path of a folder, or null')

const PLACES = v.array(NON_EMPTY_TEXT)
const RESTRICTION = v.nullable(
  optionsSchema({ read: PLACES, write: PLACES, net: PLACES, env: PLACES, ffi: v.boolean() } satisfies Record<
    keyof Restriction,
    OptionSchema
  >),
)

const LIMITS = tableSchema(
  optionsSchema({
    maxActive: wholeNumberAtLeast(1),
    rate: v.strictObject({ count: wholeNumberAtLeast(1), windowMs: wholeNumberAtLeast(1_000) }),
  } satisfies Record<keyof LimitSetting, OptionSchema>),
)

const OPTIONS = optionsSchema({
  database: v.string(),
  schema: v.nullable(v.string()),
  durability: v.picklist(['full', 'normal']),
  readOnly: v.boolean(),
  interpreters: wholeNumberAtLeast(1),
  python: PYTHON,
  pythonFor: tableSchema(PYTHON),
  restrict: RESTRICTION,
  restrictFor: tableSchema(RESTRICTION),
  scriptRunners: v.boolean(),
  onlyWorkflows: v.array(v.string()),
  stdoutTo: v.picklist(['stdout', 'stderr']),
  prefixOutput: v.boolean(),
  output: v.function(),
  interpreterMemoryMb: wholeNumberAtLeast(MIN_MEMORY_MEBIBYTES),
  interpreterOpenFiles: wholeNumberAtLeast(MIN_OPEN_FILES),
  interpreterThreads: wholeNumberAtLeast(MIN_THREADS),
  loadTimeoutMs: wholeNumberAtLeast(1),
  reloadGraceMs: wholeNumberAtLeast(0),
  secrets: SECRETS,
  streams: tableSchema(v.function()),
  alerts: ALERTS,
  limits: LIMITS,
  config: v.unknown(),
  log: v.function(),
} satisfies Record<keyof RunnerOptions, OptionSchema>)

export function hostLimits(options: Omit<RunnerOptions, 'secrets'>): HostLimits {
  const { interpreterMemoryMb, interpreterOpenFiles, interpreterThreads, loadTimeoutMs } = options
  return {
    ...DEFAULT_LIMITS,
    ...(interpreterMemoryMb !== undefined && { memoryMebibytes: interpreterMemoryMb }),
    ...(interpreterOpenFiles !== undefined && { openFiles: interpreterOpenFiles }),
    ...(interpreterThreads !== undefined && { threads: interpreterThreads }),
    ...(loadTimeoutMs !== undefined && { loadDeadlineMs: loadTimeoutMs }),
    logs: logLimits(engineConfig(options.config)),
  }
}

function logLimits({ attemptLogBytes, pollLogBytes, keepSkipLogs }: EngineConfig): HostLimits['logs'] {
  return { attemptBytes: attemptLogBytes, pollBytes: pollLogBytes, keepsSkips: keepSkipLogs }
}

/** Options that are checked, with the sources of secrets and streams. */
export type CheckedOptions = Omit<RunnerOptions, 'secrets'> & {
  readonly restrictions: Restrictions
  readonly secrets: SecretProvider | null
  readonly streams: StreamBackends
}

/** Returns a frozen copy. Throws `INVALID_ARGUMENT` for an unknown or invalid option or setting of `config`. */
export function runnerOptions(options: RunnerOptions): CheckedOptions {
  parseOptions(OPTIONS, options, '', { secrets: SECRET_OPTIONS })
  const { alerts = {} } = options
  const problem = routeProblem(alerts.routes ?? [], receiverNames(alerts))
  if (problem !== null) throw new UsageError('INVALID_ARGUMENT', problem, { path: 'alerts.routes' })
  engineConfig(options.config)
  for (const place of Object.keys({ ...options.pythonFor, ...options.restrictFor })) requirePlace(place)
  return Object.freeze({
    ...options,
    restrictions: checkedRestrictions(options),
    secrets: secretProvider(options.secrets),
    streams: streamBackends(options.streams),
  })
}
