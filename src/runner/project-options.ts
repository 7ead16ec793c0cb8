/** The settings of a project as the options of a runner. Used by the command line, and by Node programs that heed `cloaca.toml`. */

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { StreamBackends } from '../engine/graphs/streams.ts'
import { PYODIDE_CHOICE, type PythonChoice, restrictedCPython } from '../host/environment/python-choice.ts'
import { loadSettings, type Settings } from '../settings/settings.ts'
import { kafkaStreams } from '../streams/kafka.ts'
import type { RunnerOptions } from './options.ts'
import type { ProgramLimits, ProgramTarget } from './program.ts'
import { restrictionOf, restrictionsByPlace } from './restriction/of-settings.ts'
import { refuseRestrictedProgram } from './restriction/restrictions.ts'

const MEBIBYTE = 1024 ** 2

/** Options of `projectOptions`. */
export interface ProjectOptions {
  /** Folder with `cloaca.toml` or `package.json`. Default: the current folder. */
  readonly folder?: string
  /** Settings file that replaces `cloaca.toml` and `package.json`. Default: the value of `CLOACA_SETTINGS`. */
  readonly file?: string
  /** Environment variables. Default: those of the process. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/**
 * Returns the options from `cloaca.toml` (or the key `cloaca` of `package.json`) and the environment, for
 * `Runner.open({ ...projectOptions(), log })`. Throws `INVALID_SETTINGS` with a list of all invalid settings.
 */
export function projectOptions({ folder = '.', file, environment = process.env }: ProjectOptions = {}): RunnerOptions {
  return optionsOf(loadSettings({ folder, file, environment }))
}

/** What these settings come to. How a log is written is for whoever writes it. */
export function optionsOf(settings: Settings): RunnerOptions {
  return {
    database: settings.get('database'),
    schema: settings.get('schema'),
    durability: settings.get('durability'),
    interpreters: settings.get('interpreters'),
    python: pythonOf(settings),
    pythonFor: pythonsByPlace(settings),
    restrict: restrictionOf(settings),
    restrictFor: restrictionsByPlace(settings),
    ...secretsOf(settings),
    streams: streamsOf(settings),
    interpreterMemoryMb: mebibytes(settings),
    interpreterOpenFiles: settings.get('limits.open-files'),
    interpreterThreads: settings.get('limits.threads'),
    loadTimeoutMs: settings.get('limits.load'),
    reloadGraceMs: settings.get('grace'),
    alerts: {
      url: settings.get('alerts.url'),
      secret: settings.get('alerts.secret'),
      command: settings.get('alerts.command'),
      on: settings.get('alerts.on'),
      failuresInRow: settings.get('alerts.failures-in-row'),
      lateByMs: settings.get('alerts.late-by'),
    },
    config: {
      maxConcurrentTasks: settings.get('max-concurrent-tasks'),
      taskTimeoutMs: settings.get('limits.task'),
      pollDeadlineMs: settings.get('limits.poll'),
      pollJitterMs: settings.get('jitter'),
      attemptLogBytes: settings.get('limits.log'),
      pollLogBytes: settings.get('limits.poll-log'),
      predicateTimeoutMs: settings.get('limits.predicate'),
      predicateSteps: settings.get('limits.predicate-steps'),
      keepSkipLogs: settings.get('retention.skip-logs'),
      retention: {
        endedMs: settings.get('retention.executions'),
        skippedMs: settings.get('retention.skips'),
        failedMs: settings.get('retention.failures'),
        firingsMs: settings.get('retention.firings'),
      },
    },
  }
}

/** Of a script that is run as a program: what it opens, it configures itself. */
export function programLimitsOf(settings: Settings): ProgramLimits {
  return {
    durability: settings.get('durability'),
    restrict: restrictionOf(settings),
    restrictFor: restrictionsByPlace(settings),
    ...secretsOf(settings),
    streams: streamsOf(settings),
    memoryMebibytes: mebibytes(settings),
    threads: settings.get('limits.threads'),
  }
}

/**
 * Returns the Python that the settings choose for scripts and programs. Throws `INVALID_ARGUMENT` for a CPython if all
 * scripts, or this program, are to be restricted. `program`: null for none, and for one that is neither a file nor a
 * module.
 */
export function pythonOf(settings: Settings, program: ProgramTarget | null = null): PythonChoice {
  const python = pythonChoice(settings.get('python'), settings.folderOf('python'))
  if (python.kind !== 'cpython') return python
  if (settings.get('restrict')) throw restrictedCPython(python.executable)
  if (program !== null) refuseRestrictedProgram(program, restrictionsByPlace(settings), python.executable)
  return python
}

function pythonsByPlace(settings: Settings): Readonly<Record<string, PythonChoice>> {
  const folder = settings.folderOf('python-for')
  const entries = Object.entries(settings.get('python-for') ?? {}).map(([place, python]) => {
    const path = join(folder, place)
    return [existsSync(path) ? path : place, pythonChoice(python, folder)] as const
  })
  return Object.fromEntries(entries)
}

/** A path counts from the folder; a name is looked up on the PATH. */
function pythonChoice(python: string, folder: string): PythonChoice {
  if (python === PYODIDE_CHOICE.kind) return PYODIDE_CHOICE
  return { kind: 'cpython', executable: python.includes('/') ? resolve(folder, python) : python }
}

/** Without a folder the default counts. */
function secretsOf(settings: Settings): { readonly secrets?: string } {
  const folder = settings.get('secrets')
  return folder === null ? {} : { secrets: folder }
}

function streamsOf(settings: Settings): StreamBackends {
  const brokers = settings.get('streams.kafka.brokers')
  const files = given({
    caFile: settings.get('streams.kafka.ca'),
    certFile: settings.get('streams.kafka.cert'),
    keyFile: settings.get('streams.kafka.key'),
  })
  const mechanism = settings.get('streams.kafka.sasl')
  const user = given({
    username: settings.get('streams.kafka.username'),
    password: settings.get('streams.kafka.password'),
  })
  return {
    kafka: kafkaStreams({
      ...(brokers !== null && { brokers }),
      start: settings.get('streams.kafka.start'),
      tls: Object.keys(files).length > 0 ? files : settings.get('streams.kafka.tls'),
      ...(mechanism !== null && { sasl: { mechanism, ...user } }),
    }),
  }
}

/** Without what is not set. */
function given<Key extends string>(values: Readonly<Record<Key, string | null>>): Partial<Record<Key, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Partial<
    Record<Key, string>
  >
}

function mebibytes(settings: Settings): number {
  return Math.floor(settings.get('limits.memory') / MEBIBYTE)
}
