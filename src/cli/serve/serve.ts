/** `cloaca serve`: loads scripts, polls their triggers and runs their workflows until it is stopped. */

import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { StoreError, toError, UsageError } from '../../errors.ts'
import { uncaughtLine } from '../../functions/calls/faults.ts'
import type { HttpServer } from '../../http/server.ts'
import { cutOff, type LogSink, Runner, type ScriptReport } from '../../index.ts'
import { MAX_POLL_WAIT_MS } from '../../model/time/poll-wait.ts'
import { findScripts, missingModules } from '../../runner/script-sources.ts'
import { scriptProcess } from '../../runner/start/script-process.ts'
import { runnerOptionsFromSettings } from '../../runner/start/setting-options.ts'
import type { Settings } from '../../settings/settings.ts'
import { durationSetting } from '../../settings/value-types.ts'
import { withExamples } from '../help-examples.ts'
import { settingsFrom } from '../settings/flags.ts'
import { whenNpmIsGone } from '../start/npm.ts'
import { openHttp } from './http.ts'
import { convertRawOutput } from './raw-output.ts'
import { countText, declarationsText, hasDeclarations, ScriptLog } from './script-log.ts'
import { type ServeOptions, withServeOptions } from './serve-options.ts'
import { openServeOutput } from './serve-output.ts'
import { FileWatch } from './watch.ts'

const DONE = 0
const FAILED = 1
const INTERRUPTED = 130

/** Time after the grace for the last writes, and for the end of the interpreters. */
const CLOSED_WITHIN_MS = 10_000

const MEBIBYTE = 1024 ** 2
const MAX_NAMES_IN_LINE = 10

const OTHER_SOURCES =
  '\nSettings can also be in cloaca.toml or in environment variables. To print them all: cloaca config'

export function serveCommand(finish: (exitCode: number) => void): Command {
  const command = withServeOptions(new Command('serve'))
    .description('poll the triggers of scripts and run their workflows')
    .argument('<places...>', 'files (Python or TypeScript), folders, or Python modules')
    .action(async (places: string[], options: ServeOptions) => finish(await serve(places, options)))
  const examples = [
    'cloaca serve jobs',
    'cloaca serve triggers.py orders.ts',
    'cloaca serve jobs/inbox.py --watch --db sqlite://jobs.db',
  ]
  return withExamples(command, ...examples).addHelpText('after', OTHER_SOURCES)
}

/** Throws the error of a failed start when everything is closed, so that it is the last line. */
async function serve(places: readonly string[], options: ServeOptions): Promise<number> {
  const settings = settingsFrom(options)
  const { log, isJson, ...output } = openServeOutput(settings, options.prefix)
  const graceMs = settings.get('grace')
  findScripts(places) // Throws for missing places before a database is created.
  if (isJson) convertRawOutput()
  const runner = await Runner.open({ ...workerOptions(settings, options), ...output, log })
  log({ level: 'info', message: settingsText(settings) })
  logUncaught(log)
  const stop = stopSignal(() => log({ level: 'warn', message: `stopped immediately${cutOff(runner.underWay)}` }))
  let http: HttpServer | null = null
  const close = () =>
    closedInTime(async () => {
      await runner.close({ graceMs })
      await http?.close()
    }, graceMs)
  let end: number | string
  try {
    // First, so that an unavailable address is reported immediately.
    if (options.http && settings.get('http.enabled')) {
      http = await openHttp(runner, settings, log).catch((thrown) => rejectWithMissing(places, settings, thrown))
    }
    end = await loadAndServe({ places, options, settings, log }, runner, stop)
  } catch (thrown) {
    // The error of the start is the cause of this one, and is printed after it.
    await close().catch((error) => log({ level: 'warn', message: `stopping failed: ${toError(error).message}` }))
    throw thrown
  }
  await close()
  if (typeof end === 'number') return end
  log({ level: 'error', message: end }) // Last, so that the log ends with the reason.
  return FAILED
}

/** Throws if the database does not answer, because the last writes would be repeated until it does. */
async function closedInTime(close: () => Promise<void>, graceMs: number): Promise<void> {
  const closed = new AbortController()
  const late = sleep(graceMs + CLOSED_WITHIN_MS, null, { signal: closed.signal }).then(() => {
    const message =
      `The database has not answered within ${shownGrace(CLOSED_WITHIN_MS)} after the grace, so cloaca stops ` +
      `without its last writes. Other engines continue the work of this one when its lease has ended.`
    throw new StoreError('DATABASE_FAILED', message)
  })
  await Promise.race([close(), late]).finally(() => closed.abort())
}

interface Serving {
  readonly places: readonly string[]
  readonly options: ServeOptions
  readonly settings: Settings
  readonly log: LogSink
}

/** Returns the exit code after a signal, or the reason why there is nothing to serve. */
async function loadAndServe(
  { places, options, settings, log }: Serving,
  runner: Runner,
  stop: Promise<number>,
): Promise<number | string> {
  let isStopping = false
  void stop.then(() => {
    isStopping = true
    log({ level: 'info', message: stopping(runner.underWay, settings.get('grace')) })
  })
  const since = performance.timeOrigin + performance.now()
  // A script may load slowly. The others are served while it does, and the user may want to stop it.
  let early: Promise<void> | null = null
  const lagging = (): void => {
    early ??= runner
      .start()
      .then(() => log({ level: 'info', message: 'serving the scripts that are loaded; the others are still loading' }))
    early.catch(() => undefined) // Ignored: the start is awaited below
  }
  const scriptLog = new ScriptLog(log, places)
  const loaded = (report: ScriptReport): void => {
    if (!isStopping) scriptLog.loaded(report, options.watch ? 'info' : 'debug')
  }
  const reports = await Promise.race([runner.loadAll(places, { lagging, loaded }), stop])
  if (typeof reports === 'number') return reports
  const nothing = whyNothing(reports, places) ?? unknownWorkflow(reports, options.onlyWorkflows)
  if (nothing !== null) return nothing
  await early
  await runner.start()
  const watch = options.watch ? await watchScripts(runner, places, { reports, since }, { log, scriptLog }) : null
  log({ level: 'info', message: `serving ${summaryOf(runner, reports)}; press Ctrl-C to stop` })
  process.on('SIGUSR2', () => void runner.logStacks())
  const exitCode = await stop
  await watch?.close()
  return exitCode
}

/** Logs errors outside of tasks and polls, which would end the process otherwise. */
function logUncaught(log: LogSink): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (thrown: unknown) => log({ level: 'error', ...uncaughtLine(thrown, event) }))
  }
}

/** Rejects with the reason why there is no HTTP. Missing places are reported first. */
async function rejectWithMissing(places: readonly string[], settings: Settings, thrown: unknown): Promise<never> {
  const memoryMebibytes = settings.get('limits.memory') / MEBIBYTE
  const { cwd, pythonPath, sitePackages } = scriptProcess([''], () => undefined, { memoryMebibytes })
  const [missing] = missingModules(places, [cwd, ...pythonPath, ...sitePackages])
  if (missing === undefined) throw thrown
  const message =
    `File, folder or Python module "${missing}" not found in "${cwd}" or in the installed packages. ` +
    `Check the name. HTTP could not start either: ${toError(thrown).message}`
  throw new UsageError('INVALID_ARGUMENT', message, { script: missing, cause: thrown })
}

/** Returns the share of this process in the work of the database. */
function workerOptions(settings: Settings, { poll, onlyWorkflows }: ServeOptions) {
  const options = runnerOptionsFromSettings(settings)
  return {
    ...options,
    ...(onlyWorkflows !== undefined && { onlyWorkflows }),
    config: { ...options.config, pollingEnabled: poll },
  }
}

/** Names the settings file: a process that was started in the wrong folder would silently use another database. */
function settingsText({ file }: Settings): string {
  return file === null ? `no settings file in "${process.cwd()}"` : `settings are read from "${file}"`
}

/** Reloads scripts when their files change, until it is closed. `since`: when the first loading began. */
async function watchScripts(
  runner: Runner,
  places: readonly string[],
  { reports, since }: { readonly reports: readonly ScriptReport[]; readonly since: number },
  { log, scriptLog }: { readonly log: LogSink; readonly scriptLog: ScriptLog },
): Promise<FileWatch> {
  const reload = async (changed: readonly string[]): Promise<void> => {
    const begunAt = performance.timeOrigin + performance.now()
    const report = await runner.reload(places, changed)
    scriptLog.removed(report)
    for (const each of report.loaded) {
      scriptLog.loaded(each, 'info')
      watch.add(each.files, begunAt)
    }
  }
  const files = reports.flatMap((report) => report.files)
  const watch = await FileWatch.open([...new Set([...places, ...files])], since, {
    changed: (changed) =>
      reload(changed).catch((thrown: unknown) => {
        if (!watch.isClosed)
          log({ level: 'error', message: `changed scripts could not be loaded: ${toError(thrown).message}` })
      }),
    failed: ({ message }) =>
      log({ level: 'warn', message: `cannot watch all files, so some changes may not be noticed: ${message}` }),
  })
  return watch
}

/** Returns null if scripts declare all wanted workflows. */
function unknownWorkflow(reports: readonly ScriptReport[], wanted: readonly string[] = []): string | null {
  const known = new Set(reports.flatMap(({ workflows }) => workflows))
  const missing = wanted.find((name) => !known.has(name))
  if (missing === undefined) return null
  return (
    `workflow "${missing}" of --only-workflows not found; declared workflows: ` +
    `${[...known].map((name) => `"${name}"`).join(', ') || 'none'}`
  )
}

/** Returns the numbers of served declarations and loaded scripts, and the names of broken triggers. */
function summaryOf({ served }: Runner, reports: readonly ScriptReport[]): string {
  const scripts = reports.filter((report) => report.error === null).length
  return `${declarationsText(served)} from ${countText(scripts, 'script')}${brokenText(served.brokenTriggers)}`
}

function brokenText(broken: readonly string[]): string {
  if (broken.length === 0) return ''
  const names = broken.slice(0, MAX_NAMES_IN_LINE).map((name) => `"${name}"`)
  const rest = broken.length - names.length
  const more = rest > 0 ? ` and ${rest} more` : ''
  return `; broken: ${broken.length === 1 ? 'trigger' : 'triggers'} ${names.join(', ')}${more}`
}

/** Returns the line about a stop: its unfinished work, its time limit, and how to end it immediately. */
function stopping(underWay: readonly string[], graceMs: number): string {
  if (underWay.length === 0) return 'stopping: nothing is running'
  const tasks = underWay.filter((name) => name.startsWith('task ')).length
  const polls = underWay.length - tasks
  const pollWaitMs = Math.min(graceMs, MAX_POLL_WAIT_MS)
  const waits = [
    ...(tasks > 0 ? [`up to ${shownGrace(graceMs)} for ${countText(tasks, 'running task')}`] : []),
    ...(polls > 0 ? [`up to ${shownGrace(pollWaitMs)} for ${countText(polls, 'poll')}`] : []),
  ]
  return `stopping: waiting ${waits.join(' and ')}; press Ctrl-C again to quit now`
}

/** Returns `30 s`. */
function shownGrace(graceMs: number): string {
  return durationSetting(graceMs).replace(/[a-z]+$/, (unit) => ` ${unit}`)
}

/** Returns null if there is something to serve. */
function whyNothing(reports: readonly ScriptReport[], places: readonly string[]): string | null {
  if (reports.every(({ error }) => error !== null)) return 'no script could be loaded, so there is nothing to serve'
  if (reports.some(hasDeclarations)) return null
  const names = places.map((place) => `"${place}"`).join(', ')
  return `nothing to serve: no trigger or workflow is declared in ${names}`
}

const SIGNALS: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', INTERRUPTED],
  ['SIGTERM', DONE],
  ['SIGHUP', DONE],
]

/** Settles with the exit code at the first signal, or if npm ends without one. A second signal ends the process. */
function stopSignal(endsNow: () => void): Promise<number> {
  return new Promise((resolve) => {
    let isStopping = false
    for (const [signal, exitCode] of SIGNALS) {
      process.on(signal, () => {
        if (isStopping) {
          endsNow()
          process.exit(exitCode)
        }
        isStopping = true
        resolve(exitCode)
      })
    }
    whenNpmIsGone(() => {
      isStopping = true
      resolve(DONE)
    })
  })
}
