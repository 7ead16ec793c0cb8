/** `cloaca serve`: loads scripts, polls their triggers and runs their workflows until it is told to stop. */

import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { toError } from '../../errors.ts'
import { cutOff, type LogSink, Runner, type ScriptReport } from '../../index.ts'
import { withExamples } from '../help.ts'
import { jsonLines } from '../json-log.ts'
import { LOG_LEVELS, type LogThreshold, openLog } from '../log.ts'
import { whenNpmIsGone } from '../npm.ts'
import { wholeNumber } from '../option-values.ts'
import { count, logLoaded, logRemoved } from './script-log.ts'
import { FileWatch } from './watch.ts'

interface ServeOptions {
  readonly db?: string
  readonly interpreters: number
  readonly memory: number
  readonly openFiles: number
  readonly threads: number
  readonly loadTimeout: number
  readonly watch?: true
  readonly logLevel: LogThreshold
  readonly grace: number
}

const DONE = 0
const FAILED = 1
const INTERRUPTED = 130

export function serveCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('serve')
    .description('serve scripts: poll their triggers and run their workflows until told to stop')
    .argument('<places...>', 'Python files, folders, or modules')
    .addOption(new Option('--db <url>', 'URL of the database; default: $CLOACA_DATABASE_URL, else sqlite://cloaca.db'))
    .addOption(
      new Option('--interpreters <n>', 'Python interpreters to spread the scripts over')
        .argParser(wholeNumber)
        .default(1),
    )
    .option('--watch', 'reload a script when one of its files changes')
    .addOption(
      new Option('--memory <mib>', 'memory limit of one interpreter, in MiB').argParser(wholeNumber).default(1024),
    )
    .addOption(
      new Option('--open-files <n>', 'limit of open files and sockets of one interpreter')
        .argParser(wholeNumber)
        .default(1024),
    )
    .addOption(
      new Option('--threads <n>', 'limit of Python threads of one interpreter').argParser(wholeNumber).default(4000),
    )
    .addOption(
      new Option('--load-timeout <seconds>', 'time limit for importing one script').argParser(wholeNumber).default(30),
    )
    .addOption(new Option('--log-level <level>', 'minimum level of log lines').choices(LOG_LEVELS).default('info'))
    .addOption(
      new Option('--grace <seconds>', 'how long a stop waits for running polls and tasks')
        .argParser(wholeNumber)
        .default(30),
    )
    .action(async (places: string[], options: ServeOptions) => finish(await serve(places, options)))
  return withExamples(command, 'cloaca serve jobs', 'cloaca serve jobs/inbox.py --watch --db sqlite://jobs.db')
}

async function serve(places: readonly string[], options: ServeOptions): Promise<number> {
  const log = process.stderr.isTTY === true ? openLog(options.logLevel) : openLog(options.logLevel, jsonLines())
  const runner = await Runner.open({
    ...(options.db === undefined ? {} : { database: options.db }),
    interpreters: options.interpreters,
    interpreterMemoryMb: options.memory,
    interpreterOpenFiles: options.openFiles,
    interpreterThreads: options.threads,
    loadTimeoutMs: options.loadTimeout * 1000,
    reloadGraceMs: options.grace * 1000,
    log,
  })
  const stop = stopSignal(() => log({ level: 'warn', message: `stopped at once${cutOff(runner.underWay)}` }))
  void stop.then(() => log({ level: 'info', message: stopping(runner.underWay, options.grace) }))
  try {
    const since = performance.timeOrigin + performance.now()
    // A script may take long to load: the others are served meanwhile, and it may be what the user wants to stop.
    let early: Promise<void> | null = null
    const lagging = (): void => {
      early ??= runner.start().then(() => log({ level: 'info', message: 'what is loaded so far is served meanwhile' }))
      early.catch(() => undefined) // below
    }
    const reports = await Promise.race([runner.loadAll(places, { lagging }), stop])
    if (typeof reports === 'number') return reports
    const level = options.watch ? 'info' : 'debug'
    for (const report of reports) logLoaded(report, log, { isNamed: isNamed(report, places), level })
    const nothing = whyNothing(reports, places)
    if (nothing !== null) {
      log({ level: 'error', message: nothing })
      return FAILED
    }
    await early
    await runner.start()
    const watch = options.watch ? await watchScripts(runner, places, { reports, since }, log) : null
    log({ level: 'info', message: `serving ${summaryOf(reports)}; Ctrl-C stops` })
    process.on('SIGUSR2', () => void runner.logStacks())
    const exitCode = await stop
    await watch?.close()
    return exitCode
  } finally {
    await runner.close({ graceMs: options.grace * 1000 })
  }
}

/** Keeps what is served in step with its files, until it is closed. `since`: when the first loading began. */
async function watchScripts(
  runner: Runner,
  places: readonly string[],
  { reports, since }: { readonly reports: readonly ScriptReport[]; readonly since: number },
  log: LogSink,
): Promise<FileWatch> {
  const reload = async (changed: readonly string[]): Promise<void> => {
    const begunAt = performance.timeOrigin + performance.now()
    const report = await runner.reload(places, changed)
    logRemoved(report, log)
    for (const each of report.loaded) {
      logLoaded(each, log, { isNamed: isNamed(each, places), level: 'info' })
      watch.add(each.files, begunAt)
    }
  }
  const files = reports.flatMap((report) => report.files)
  const watch = await FileWatch.open([...new Set([...places, ...files])], since, {
    changed: (changed) =>
      reload(changed).catch((thrown: unknown) => {
        // At a stop nothing is loaded any more.
        if (!watch.isClosed) log({ level: 'error', message: `what changed was not loaded: ${toError(thrown).message}` })
      }),
    failed: ({ message }) => log({ level: 'warn', message: `some changes are not seen: ${message}` }),
  })
  return watch
}

/** The user named this file or module, and did not only name a folder in which it is. */
function isNamed({ script }: ScriptReport, places: readonly string[]): boolean {
  return places.some((place) => resolve(place) === resolve(script))
}

function summaryOf(reports: readonly ScriptReport[]): string {
  const triggers = reports.flatMap((report) => report.triggers).length
  const workflows = reports.flatMap((report) => report.workflows).length
  const scripts = reports.filter((report) => report.error === null).length
  return `${count(triggers, 'trigger')} and ${count(workflows, 'workflow')} of ${count(scripts, 'script')}`
}

/** What a stop waits for, for how long, and how not to wait for it. */
function stopping(underWay: readonly string[], graceS: number): string {
  if (underWay.length === 0) return 'stopping: nothing is running'
  const tasks = underWay.filter((name) => name.startsWith('task ')).length
  const polls = underWay.length - tasks
  const running = [...(tasks > 0 ? [count(tasks, 'running task')] : []), ...(polls > 0 ? [count(polls, 'poll')] : [])]
  return `stopping: waiting up to ${graceS} s for ${running.join(' and ')}; press Ctrl-C again to quit now`
}

/** Null when there is something to serve. */
function whyNothing(reports: readonly ScriptReport[], places: readonly string[]): string | null {
  if (reports.every(({ error }) => error !== null)) return 'nothing was loaded, so there is nothing to serve'
  if (reports.some(({ triggers, workflows }) => triggers.length + workflows.length > 0)) return null
  const names = places.map((place) => `"${place}"`).join(', ')
  return `there is nothing to serve: no trigger and no workflow is declared in ${names}`
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
