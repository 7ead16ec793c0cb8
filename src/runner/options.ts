/** What a runner is opened with, and the check of it. Used by `runner.ts` before anything is opened. */

import type { AlertOptions } from '../alerts/alerts.ts'
import { CONFIG_CHECK, type EngineConfig, engineConfig } from '../engine/config.ts'
import type { StreamBackends } from '../engine/graphs/streams.ts'
import {
  checkSetting,
  DURATION_MS,
  FLAG,
  FUNCTION,
  objectOf,
  oneOf,
  orNull,
  type SettingCheck,
  TEXT,
  TEXTS,
  wholeFrom,
} from '../engine/settings-check.ts'
import type { PythonChoice } from '../host/environment/python-choice.ts'
import {
  DEFAULT_LIMITS,
  type HostLimits,
  LEAST_MEMORY_MEBIBYTES,
  LEAST_OPEN_FILES,
  LEAST_THREADS,
} from '../host/process/host-limits.ts'
import type { Restriction, Restrictions } from '../host/restriction/restriction.ts'
import { ALERT_KINDS } from '../model/alert.ts'
import type { SecretProvider } from '../secrets/provider.ts'
import { secretProvider } from '../secrets/secret-source.ts'
import { COMMAND, someOf, type ValueType, WEB_ADDRESS } from '../settings/value-types.ts'
import { streamBackends } from '../streams/backends.ts'
import type { Durability } from './composition.ts'
import type { LogSink } from './log-lines.ts'
import { checkedRestrictions } from './restriction/restrictions.ts'
import { requirePlace } from './script-sources.ts'

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
   * lose the changes of the last moments. A crash of the process loses nothing in both cases. Default:
   * `CLOACA_DURABILITY`, else `full`.
   */
  readonly durability?: Durability
  /**
   * Whether to open the database for reading only. Such a runner needs no write permission and takes no locks, and
   * its calls that write are rejected. The database must exist in the format of this version. Default: false.
   */
  readonly readOnly?: boolean
  /**
   * Number of interpreters that the scripts are spread over, limited by the number of scripts and the memory. Default:
   * 1.
   */
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
  /**
   * Destination of the output of scripts. Output never blocks the runner; if it is not read, it is dropped. Default:
   * `stdout`.
   */
  readonly stdoutTo?: 'stdout' | 'stderr'
  /**
   * Whether each output line of a task starts with the execution and the task, if stdout is a terminal. Default: false.
   */
  readonly prefixOutput?: boolean
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
  /** Limits and intervals. */
  readonly config?: Partial<EngineConfig>
  /** Function that receives each log line. Default: no log. */
  readonly log?: LogSink
}

/** The same as of the settings of a project. */
function asSetting({ expected, read, wrongPart }: ValueType<unknown>): SettingCheck {
  return { expected, fits: (value) => read(value) !== undefined, ...(wrongPart && { wrongPart }) }
}

const ALERTS_CHECK = objectOf({
  url: orNull({ ...asSetting(WEB_ADDRESS), isPrivate: true }),
  secret: orNull({ ...TEXT, isPrivate: true }),
  command: orNull(asSetting(COMMAND)),
  on: asSetting(someOf(...ALERT_KINDS)),
  failuresInRow: wholeFrom(1),
  lateByMs: DURATION_MS,
} satisfies Record<keyof AlertOptions, SettingCheck>)

const SECRETS_CHECK: SettingCheck = {
  expected: 'a function, the path of a folder, or null',
  fits: (value) => value === null || typeof value === 'function' || (typeof value === 'string' && value !== ''),
}

const PYTHON_CHECK: SettingCheck = {
  expected: '{ kind: "pyodide" } or { kind: "cpython", executable: "python3" }',
  fits: isPythonChoice,
}

const PYTHON_FOR_CHECK: SettingCheck = {
  expected: 'an object that maps files, folders or modules to objects such as { kind: "pyodide" }',
  fits: (value) => typeof value === 'object' && value !== null && Object.values(value).every(isPythonChoice),
}

function isPythonChoice(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { kind, executable, ...others } = value as Readonly<Record<string, unknown>>
  if (Object.keys(others).length > 0) return false
  if (kind === 'pyodide') return executable === undefined
  return kind === 'cpython' && typeof executable === 'string' && executable !== ''
}

const STREAMS_CHECK: SettingCheck = {
  expected: 'an object of functions',
  fits: (value) =>
    typeof value === 'object' && value !== null && Object.values(value).every((each) => typeof each === 'function'),
}

const PATHS: SettingCheck = {
  expected: 'a list of strings',
  fits: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== ''),
}
const RESTRICTION_CHECK = orNull(
  objectOf({ read: PATHS, write: PATHS, net: PATHS, env: PATHS, ffi: FLAG } satisfies Record<
    keyof Restriction,
    SettingCheck
  >),
)

const BY_PLACE: SettingCheck = {
  expected: 'an object that maps files, folders or modules to restrictions, or to null',
  fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

const OPTIONS_CHECK = objectOf({
  database: TEXT,
  schema: orNull(TEXT),
  durability: oneOf('full', 'normal'),
  readOnly: FLAG,
  interpreters: wholeFrom(1),
  python: PYTHON_CHECK,
  pythonFor: PYTHON_FOR_CHECK,
  restrict: RESTRICTION_CHECK,
  restrictFor: BY_PLACE,
  scriptRunners: FLAG,
  onlyWorkflows: TEXTS,
  stdoutTo: oneOf('stdout', 'stderr'),
  prefixOutput: FLAG,
  interpreterMemoryMb: wholeFrom(LEAST_MEMORY_MEBIBYTES),
  interpreterOpenFiles: wholeFrom(LEAST_OPEN_FILES),
  interpreterThreads: wholeFrom(LEAST_THREADS),
  loadTimeoutMs: wholeFrom(1),
  reloadGraceMs: wholeFrom(0),
  secrets: SECRETS_CHECK,
  streams: STREAMS_CHECK,
  alerts: ALERTS_CHECK,
  config: CONFIG_CHECK,
  log: FUNCTION,
} satisfies Record<keyof RunnerOptions, unknown>)

/** What one interpreter may use and take. */
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

/** A frozen copy. Throws `INVALID_ARGUMENT` for an option, or a setting of `config`, that does not exist or means nothing. */
export function runnerOptions(options: RunnerOptions): CheckedOptions {
  checkSetting(options, OPTIONS_CHECK, '')
  for (const place of Object.keys(options.pythonFor ?? {})) requirePlace(place)
  for (const [place, each] of Object.entries(options.restrictFor ?? {})) {
    requirePlace(place)
    checkSetting(each, RESTRICTION_CHECK, `restrictFor.${place}`)
  }
  return Object.freeze({
    ...options,
    restrictions: checkedRestrictions(options),
    secrets: secretProvider(options.secrets),
    streams: streamBackends(options.streams),
  })
}
