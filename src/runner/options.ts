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

export interface RunnerOptions {
  /** `sqlite://path`, a file path, `:memory:`, or `postgresql://USER:PASSWORD@HOST/DATABASE`. Default: `CLOACA_DATABASE_URL`, else `sqlite://cloaca.db` in the current folder. */
  readonly database?: string
  /**
   * Schema of a PostgreSQL database in which everything is kept, made when missing: 1 to 63 letters, digits and underscores, the first no
   * digit. Runners in two schemas never see anything of each other. Default, and `null`: the one that the URL names with `?schema=`, else
   * the first of the user's search path; `CLOACA_SCHEMA` counts where no `database` is given either.
   */
  readonly schema?: string | null
  /**
   * Default: `CLOACA_DURABILITY`, else `full`: what was accepted, and how it ended, survives a power cut. `normal`: faster; after a power cut the
   * last moments may be missing. The death of the process alone costs nothing either way.
   */
  readonly durability?: Durability
  /**
   * Opens the database to look at it: nothing is written, no right and no lock to write is needed, and what would write
   * rejects. The file must be there, in the form of this version. Default false.
   */
  readonly readOnly?: boolean
  /** How many interpreters the scripts are spread over: no more than there are scripts, and than there is memory for. Default 1. */
  readonly interpreters?: number
  /**
   * The Python that runs scripts: `{ kind: 'pyodide' }`, which comes along and is the default, or `{ kind: 'cpython', executable }`, one of
   * the machine's, 3.9 or newer, by a name on the PATH or a path; that of a virtual environment is its `bin/python`.
   */
  readonly python?: PythonChoice
  /** The same for the scripts of single files, folders (with all below them) and modules: the nearest counts. */
  readonly pythonFor?: Readonly<Record<string, PythonChoice>>
  /**
   * What scripts are held to, besides reading the folder that they are loaded from; `{}`: to that alone. Pyodide's only, on Node 26 or newer.
   * It limits accidents, and is no boundary against hostile code. Default, and `null`: they may do what this process may.
   */
  readonly restrict?: Restriction | null
  /**
   * The same for the scripts of single files, folders (with all below them) and modules: the nearest counts. What it does not name is as
   * `restrict` has it; `null`: these are not restricted. Scripts that are held to something else live in another process.
   */
  readonly restrictFor?: Readonly<Record<string, Restriction | null>>
  /**
   * Whether the runners that scripts open themselves (`cloaca.DefaultRunner`) poll triggers and fire schedules, as they do
   * everywhere else. False: they run what they are asked for, and nothing by themselves. Default true.
   */
  readonly scriptRunners?: boolean
  /** Only these workflows are run, and only triggers that start them polled. Default: all. */
  readonly onlyWorkflows?: readonly string[]
  /** Where what scripts print goes. Default: `stdout`. It never blocks the runner: what nobody reads is eventually dropped. */
  readonly stdoutTo?: 'stdout' | 'stderr'
  /** At a terminal each line that a task prints begins with its execution's short id and its own. Default: it does not. */
  readonly prefixOutput?: boolean
  /**
   * How much memory one interpreter may use, in MiB, at least 384. Beyond it Python raises MemoryError; above four fifths of
   * it the interpreter is replaced between polls; a process that goes a quarter beyond it all the same (256 MiB at least)
   * is ended at once. Default 1024.
   */
  readonly interpreterMemoryMb?: number
  /**
   * How many files, sockets and pipes one interpreter may have open, at least 128; the system may allow fewer. Beyond it Python
   * raises OSError (EMFILE); above four fifths of it the interpreter is replaced between polls. Default 1024.
   */
  readonly interpreterOpenFiles?: number
  /**
   * How many threads of Python one interpreter may have at once, at least 16. Beyond it Python raises RuntimeError; above four
   * fifths of it the interpreter is replaced between polls. Default 4000.
   */
  readonly interpreterThreads?: number
  /** How long the import of a script may take. Default 30,000. */
  readonly loadTimeoutMs?: number
  /** How long polls and tasks of a script may take to end when it is reloaded. Default 30,000. */
  readonly reloadGraceMs?: number
  /**
   * Where the secrets of tasks come from (`ctx.secret`): a function that is asked by name, or a folder of files as Docker and
   * Kubernetes mount them, besides the variables `CLOACA_SECRET_NAME` of the environment. Default: those variables, where one
   * is set. `null`: tasks have no secrets.
   */
  readonly secrets?: SecretProvider | string | null
  /**
   * What the streams of each type are read with (`stream_accumulator(type=…)`). Of the type `kafka` there is one in any case, for the
   * brokers of `KAFKA_BROKERS`; `kafkaStreams` makes others.
   */
  readonly streams?: StreamBackends
  /** Who is told when something is wrong, and of what. Default: nobody. Nothing of it for a runner that only reads. */
  readonly alerts?: AlertOptions
  /** Limits and intervals; see `EngineConfig`. */
  readonly config?: Partial<EngineConfig>
  /** Gets each log line. Default: none. */
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
  expected: 'an object that maps each place to such a Python',
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
  expected: 'an object that maps each place to its grants',
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
