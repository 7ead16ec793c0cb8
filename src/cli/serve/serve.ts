/** `cloaca serve`: loads scripts, polls their triggers and runs their workflows until it is told to stop. */

import { Command } from 'commander'
import { toError, UsageError } from '../../errors.ts'
import { uncaughtLine } from '../../functions/calls/faults.ts'
import type { HttpServer } from '../../http/server.ts'
import { cutOff, type LogSink, Runner, type ScriptReport } from '../../index.ts'
import { optionsOf } from '../../runner/project-options.ts'
import { missingModules, scriptsAt } from '../../runner/script-sources.ts'
import { scriptProcess } from '../../runner/start/script-process.ts'
import type { Settings } from '../../settings/settings.ts'
import { shownDuration } from '../../settings/value-types.ts'
import { withExamples } from '../help.ts'
import { jsonLines } from '../json-log.ts'
import { openLog } from '../log.ts'
import { whenNpmIsGone } from '../npm.ts'
import { positiveNumber } from '../option-values.ts'
import { printError } from '../print.ts'
import { settingsFrom, withSettings } from '../settings/flags.ts'
import { openHttp } from './http.ts'
import { count, declaredText, declaresAny, ScriptLog } from './script-log.ts'
import { FileWatch } from './watch.ts'

interface ServeOptions {
  readonly watch?: true
  /** `--no-poll`: false. */
  readonly poll: boolean
  readonly onlyWorkflows?: readonly string[]
  readonly concurrency?: number
  /** `--no-http`: false. */
  readonly http: boolean
  /** `--no-prefix`: false. */
  readonly prefix: boolean
}

const DONE = 0
const FAILED = 1
const INTERRUPTED = 130

const MEBIBYTE = 1024 ** 2

const OTHER_SOURCES =
  '\nSettings can also be in cloaca.toml or in environment variables. To print them all: cloaca config'

export function serveCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('serve')
    .description('poll the triggers of scripts and run their workflows')
    .argument('<places...>', 'files (Python or TypeScript), folders, or Python modules')
    .option('--watch', 'reload a script when one of its files changes')
    .option('--no-poll', 'only run tasks: poll no triggers, fire no schedules')
    .option(
      '--only-workflows <names>',
      'run only these workflows (comma-separated) and poll only their triggers',
      names,
    )
    .option('--concurrency <n>', 'same as --max-concurrent-tasks', positiveNumber)
    .option('--no-http', 'do not serve HTTP')
    .option('--no-prefix', 'print task output without the execution and task prefix')
    .action(async (places: string[], options: ServeOptions) => finish(await serve(places, options)))
  const examples = [
    'cloaca serve jobs',
    'cloaca serve triggers.py orders.ts',
    'cloaca serve jobs/inbox.py --watch --db sqlite://jobs.db',
  ]
  return withExamples(withSettings(command), ...examples).addHelpText('after', OTHER_SOURCES)
}

async function serve(places: readonly string[], options: ServeOptions): Promise<number> {
  const settings = settingsFrom(options)
  const log = logOf(settings)
  const graceMs = settings.get('grace')
  scriptsAt(places) // throws before a database is made for what is not there
  const runner = await Runner.open({ ...workerOptions(settings, options), prefixOutput: options.prefix, log })
  log({ level: 'info', message: settingsText(settings) })
  logUncaught(log)
  const stop = stopSignal(() => log({ level: 'warn', message: `stopped immediately${cutOff(runner.underWay)}` }))
  let isStopping = false
  void stop.then(() => {
    isStopping = true
    log({ level: 'info', message: stopping(runner.underWay, graceMs) })
  })
  let http: HttpServer | null = null
  try {
    // Before anything is loaded: an address that cannot be had is known at once.
    if (options.http && settings.get('http.enabled')) {
      http = await openHttp(runner, settings, log).catch((thrown) => rejectWithMissing(places, settings, thrown))
    }
    const since = performance.timeOrigin + performance.now()
    // A script may take long to load: the others are served meanwhile, and it may be what the user wants to stop.
    let early: Promise<void> | null = null
    const lagging = (): void => {
      early ??= runner
        .start()
        .then(() =>
          log({ level: 'info', message: 'serving the scripts that are loaded; the others are still loading' }),
        )
      early.catch(() => undefined) // below
    }
    const scriptLog = new ScriptLog(log, places)
    const loaded = (report: ScriptReport): void => {
      // What a stop breaks off is no failure.
      if (!isStopping) scriptLog.loaded(report, options.watch ? 'info' : 'debug')
    }
    const reports = await Promise.race([runner.loadAll(places, { lagging, loaded }), stop])
    if (typeof reports === 'number') return reports
    const nothing = whyNothing(reports, places) ?? unknownWorkflow(reports, options.onlyWorkflows)
    if (nothing !== null) {
      log({ level: 'error', message: nothing })
      return FAILED
    }
    await early
    await runner.start()
    const watch = options.watch ? await watchScripts(runner, places, { reports, since }, { log, scriptLog }) : null
    log({ level: 'info', message: `serving ${summaryOf(reports)}; press Ctrl-C to stop` })
    process.on('SIGUSR2', () => void runner.logStacks())
    const exitCode = await stop
    await watch?.close()
    return exitCode
  } catch (thrown) {
    printError(thrown) // before the log says that it has stopped
    return FAILED
  } finally {
    await runner.close({ graceMs })
    await http?.close()
  }
}

/** Logs errors that belong to no task and no poll, and that would end the process otherwise. */
function logUncaught(log: LogSink): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (thrown: unknown) => log({ level: 'error', ...uncaughtLine(thrown, event) }))
  }
}

/** Rejects with the reason why there is no HTTP, after places that do not exist: they are the first mistake to correct. */
async function rejectWithMissing(places: readonly string[], settings: Settings, thrown: unknown): Promise<never> {
  const memoryMebibytes = settings.get('limits.memory') / MEBIBYTE
  const { cwd, pythonPath, sitePackages } = scriptProcess([''], () => undefined, { memoryMebibytes })
  const [missing] = missingModules(places, [cwd, ...pythonPath, ...sitePackages])
  if (missing === undefined) throw thrown
  const message = `File, folder or Python module "${missing}" not found in "${cwd}" or in the installed packages. Check the name. HTTP could not start either: ${toError(thrown).message}`
  throw new UsageError('INVALID_ARGUMENT', message, { script: missing, cause: thrown })
}

/** What this process does of all that the database has to be done. */
function workerOptions(settings: Settings, { poll, onlyWorkflows, concurrency }: ServeOptions) {
  const options = optionsOf(settings)
  return {
    ...options,
    ...(onlyWorkflows !== undefined && { onlyWorkflows }),
    config: {
      ...options.config,
      pollingEnabled: poll,
      ...(concurrency !== undefined && { maxConcurrentTasks: concurrency }),
    },
  }
}

/** A process that is started in the wrong folder would use another database without a word. */
function settingsText({ file }: Settings): string {
  return file === null ? `no settings file in "${process.cwd()}"` : `settings are read from "${file}"`
}

function names(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function logOf(settings: Settings): LogSink {
  const format = settings.get('log.format')
  const isText = format === 'auto' ? process.stderr.isTTY === true : format === 'text'
  return isText ? openLog(settings.get('log.level')) : openLog(settings.get('log.level'), jsonLines())
}

/** Keeps what is served in step with its files, until it is closed. `since`: when the first loading began. */
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
        // At a stop nothing is loaded any more.
        if (!watch.isClosed)
          log({ level: 'error', message: `changed scripts could not be loaded: ${toError(thrown).message}` })
      }),
    failed: ({ message }) =>
      log({ level: 'warn', message: `cannot watch all files, so some changes may not be noticed: ${message}` }),
  })
  return watch
}

/** Null where scripts declare all that is to be run. */
function unknownWorkflow(reports: readonly ScriptReport[], wanted: readonly string[] = []): string | null {
  const known = new Set(reports.flatMap(({ workflows }) => workflows))
  const missing = wanted.find((name) => !known.has(name))
  if (missing === undefined) return null
  return `workflow "${missing}" of --only-workflows not found; declared workflows: ${[...known].map((name) => `"${name}"`).join(', ') || 'none'}`
}

/** A name that several scripts declare is served once. */
function summaryOf(reports: readonly ScriptReport[]): string {
  const once = (namesOf: (report: ScriptReport) => readonly string[]) => [...new Set(reports.flatMap(namesOf))]
  const all = {
    triggers: once((report) => report.triggers),
    workflows: once((report) => report.workflows),
    sources: once((report) => report.sources),
    reactors: once((report) => report.reactors),
    graphs: once((report) => report.graphs),
  }
  const scripts = reports.filter((report) => report.error === null).length
  const broken = once((report) => report.brokenTriggers).map((name) => `"${name}"`)
  const brokenText =
    broken.length === 0 ? '' : `; broken: ${broken.length === 1 ? 'trigger' : 'triggers'} ${broken.join(', ')}`
  return `${declaredText(all)} from ${count(scripts, 'script')}${brokenText}`
}

/** What a stop waits for, for how long, and how not to wait for it. */
function stopping(underWay: readonly string[], graceMs: number): string {
  if (underWay.length === 0) return 'stopping: nothing is running'
  const tasks = underWay.filter((name) => name.startsWith('task ')).length
  const polls = underWay.length - tasks
  const running = [...(tasks > 0 ? [count(tasks, 'running task')] : []), ...(polls > 0 ? [count(polls, 'poll')] : [])]
  return `stopping: waiting up to ${shownGrace(graceMs)} for ${running.join(' and ')}; press Ctrl-C again to quit now`
}

/** `30 s`, as people write it. */
function shownGrace(graceMs: number): string {
  return shownDuration(graceMs).replace(/[a-z]+$/, (unit) => ` ${unit}`)
}

/** Null when there is something to serve. */
function whyNothing(reports: readonly ScriptReport[], places: readonly string[]): string | null {
  if (reports.every(({ error }) => error !== null)) return 'no script could be loaded, so there is nothing to serve'
  if (reports.some(declaresAny)) return null
  const names = places.map((place) => `"${place}"`).join(', ')
  return `nothing to serve: no trigger or workflow is declared in ${names}`
}

const SIGNALS: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', INTERRUPTED],
  ['SIGTERM', DONE],
  // The terminal was closed.
  ['SIGHUP', DONE],
]

/**
 * Settles with the exit code at the first signal, or when npm was to pass one on and is gone; a second one ends the process,
 * and the next start recovers.
 */
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
