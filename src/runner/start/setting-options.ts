/** Converts settings to options of runners and programs, for the command line and `projectOptions`. */

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type AlertOptions, receiverNames } from '../../alerts/alert-options.ts'
import { routeProblem } from '../../alerts/alert-routes.ts'
import type { StreamBackends } from '../../engine/graphs/stream-port.ts'
import { UsageError } from '../../errors.ts'
import { PYODIDE_CHOICE, type PythonChoice, restrictedCPython } from '../../host/environment/python-choice.ts'
import { refuseRestrictedProgram } from '../../host/restriction/checked-restrictions.ts'
import type { Restriction } from '../../host/restriction/restriction.ts'
import type { GrantedSettings } from '../../settings/grants-by-place.ts'
import type { Settings } from '../../settings/settings.ts'
import { kafkaStreams } from '../../streams/kafka.ts'
import type { ProgramTarget } from '../python-program.ts'
import type { RunnerOptions } from '../runner-options.ts'
import type { ProgramLimits } from './program-limits.ts'

const MEBIBYTE = 1024 ** 2
const GRANTS = ['allow-read', 'allow-write', 'allow-net', 'allow-env'] as const
/** Values of settings that grant nothing. */
const NOTHING: ReadonlySet<unknown> = new Set([null, false])

/** Returns the options for these settings, except for the log, which the caller writes. */
export function runnerOptionsFromSettings(settings: Settings): RunnerOptions {
  return {
    database: settings.get('database'),
    schema: settings.get('schema'),
    durability: settings.get('durability'),
    interpreters: settings.get('interpreters'),
    python: pythonFromSettings(settings),
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
    alerts: alertOptionsFromSettings(settings),
    ...limitsOf(settings),
    config: {
      maxConcurrentTasks: settings.get('max-concurrent-tasks'),
      taskTimeoutMs: settings.get('limits.task'),
      parkMs: settings.get('limits.park'),
      triesLater: settings.get('limits.try-later'),
      cronMaxCatchupExecutions: settings.get('limits.catchup'),
      pollDeadlineMs: settings.get('limits.poll'),
      pollJitterMs: settings.get('jitter'),
      attemptLogBytes: settings.get('limits.log'),
      pollLogBytes: settings.get('limits.poll-log'),
      triggerStateBytes: settings.get('limits.trigger-state'),
      predicateTimeoutMs: settings.get('limits.predicate'),
      predicateSteps: settings.get('limits.predicate-steps'),
      keepSkipLogs: settings.get('retention.skip-logs'),
      retention: {
        endedMs: settings.get('retention.executions'),
        skippedMs: settings.get('retention.skips'),
        failedMs: settings.get('retention.failures'),
        firingsMs: settings.get('retention.firings'),
        scheduleTimesMs: settings.get('retention.schedule-times'),
        keysMs: settings.get('retention.keys'),
        signalsMs: settings.get('retention.signals'),
      },
    },
  }
}

/** Throws `INVALID_SETTINGS` for a route to an unknown receiver. */
export function alertOptionsFromSettings(settings: Settings): AlertOptions {
  const options = {
    url: settings.get('alerts.url'),
    secret: settings.get('alerts.secret'),
    command: settings.get('alerts.command'),
    receivers: settings.get('alerts.receiver'),
    routes: settings.get('alerts.route'),
    on: settings.get('alerts.on'),
    failuresInRow: settings.get('alerts.failures-in-row'),
    lateByMs: settings.get('alerts.late-by'),
    repeatMs: settings.get('alerts.repeat'),
    cooldownMs: settings.get('alerts.cooldown'),
    recovered: settings.get('alerts.recovered'),
    allowPrivateAddresses: settings.get('alerts.allow-private-addresses'),
    heartbeatUrl: settings.get('alerts.heartbeat-url'),
    publicUrl: settings.get('http.public-url'),
  }
  const problem = routeProblem(options.routes ?? [], receiverNames(options))
  if (problem !== null) throw new UsageError('INVALID_SETTINGS', problem, { path: 'alerts.route' })
  return options
}

/** Returns the options of a program. The program configures the runners that it opens itself. */
export function programLimitsFromSettings(settings: Settings): ProgramLimits {
  return {
    durability: settings.get('durability'),
    restrict: restrictionOf(settings),
    restrictFor: restrictionsByPlace(settings),
    ...secretsOf(settings),
    streams: streamsOf(settings),
    memoryMebibytes: mebibytes(settings),
    threads: settings.get('limits.threads'),
    ...limitsOf(settings),
  }
}

/**
 * Returns the Python that the settings choose for scripts and programs. Throws `INVALID_ARGUMENT` for a CPython if all
 * scripts, or this program, are to be restricted. `program`: null for none, and for one that is neither a file nor a
 * module.
 */
export function pythonFromSettings(settings: Settings, program: ProgramTarget | null = null): PythonChoice {
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

/** Resolves a path from the folder. A name is searched on the PATH. */
function pythonChoice(python: string, folder: string): PythonChoice {
  if (python === PYODIDE_CHOICE.kind) return PYODIDE_CHOICE
  return { kind: 'cpython', executable: python.includes('/') ? resolve(folder, python) : python }
}

function secretsOf(settings: Settings): { readonly secrets?: string } {
  const folder = settings.get('secrets')
  return folder === null ? {} : { secrets: folder }
}

function limitsOf(settings: Settings): Pick<RunnerOptions & ProgramLimits, 'limits'> {
  const limits = settings.get('limit')
  return limits === null ? {} : { limits }
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

function given<Key extends string>(values: Readonly<Record<Key, string | null>>): Partial<Record<Key, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Partial<
    Record<Key, string>
  >
}

function mebibytes(settings: Settings): number {
  return Math.floor(settings.get('limits.memory') / MEBIBYTE)
}

/**
 * Returns null if scripts are not restricted. Throws `INVALID_SETTINGS` if there is a grant without a restriction,
 * because the user wants to restrict scripts.
 */
function restrictionOf(settings: Settings): Restriction | null {
  const granted = [...GRANTS, 'allow-ffi' as const].find((key) => !NOTHING.has(settings.get(key)))
  if (settings.get('restrict')) {
    const paths = (key: (typeof GRANTS)[number]) =>
      (settings.get(key) ?? []).map((path) => resolve(settings.folderOf(key), path))
    return {
      read: paths('allow-read'),
      write: paths('allow-write'),
      net: settings.get('allow-net') ?? [],
      env: settings.get('allow-env') ?? [],
      ffi: settings.get('allow-ffi'),
    }
  }
  if (granted === undefined) return null
  throw new UsageError(
    'INVALID_SETTINGS',
    `"${granted}" is set, but "restrict" is not, so scripts would not be restricted. ` +
      `Set "restrict" too (--restrict), or remove "${granted}".`,
    { path: granted },
  )
}

/** Returns the restrictions by file or folder. Relative paths begin at the folder of the settings file. */
function restrictionsByPlace(settings: Settings): Readonly<Record<string, Restriction | null>> {
  const folder = settings.folderOf('restrict-for')
  const entries = Object.entries(settings.get('restrict-for') ?? {}).map(([place, granted]) => {
    const path = join(folder, place)
    return [existsSync(path) ? path : place, granted === false ? null : wholePaths(granted, folder)] as const
  })
  return Object.fromEntries(entries)
}

function wholePaths({ read, write, ...others }: GrantedSettings, folder: string): Restriction {
  return {
    ...others,
    ...(read && { read: read.map((path) => resolve(folder, path)) }),
    ...(write && { write: write.map((path) => resolve(folder, path)) }),
  }
}
