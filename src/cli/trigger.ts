/** `cloaca trigger`: lists, shows, enables, disables and tests triggers, and prints their history. */

import { Command } from 'commander'
import { formatInstant, Runner, type TickRow, type TriggerInfo } from '../index.ts'
import { optionsOf } from '../runner/project-options.ts'
import { type DatabaseOptions, withDatabase, withReader, withRunner } from './database.ts'
import { withExamples } from './help.ts'
import { openLog } from './log.ts'
import { wholeNumber } from './option-values.ts'
import { formatDuration, printError, printFields, printJson, printLine, printTable, printTraceback } from './print.ts'
import { settingsFrom } from './settings/flags.ts'

/** The hash of a firing without a context. */
const WITHOUT_CONTEXT = 'fire_no_context'

type HistoryOptions = DatabaseOptions & { readonly limit: number; readonly ticks?: true }

export function triggerCommand(finish: (exitCode: number) => void): Command {
  const group = new Command('trigger').description('list, show, enable, disable and test triggers')
  const trigger = withExamples(group, 'cloaca trigger list', 'cloaca trigger history inbox_watcher --ticks')
  const command = (name: string, description: string, example: string) =>
    withExamples(trigger.command(name).description(description), example)
  const named = (name: string, description: string, example: string) =>
    withDatabase(command(name, description, example)).argument('<name>', 'name of the trigger')

  withDatabase(command('list', 'list the triggers of a database', 'cloaca trigger list --db sqlite://jobs.db')).action(
    (options: DatabaseOptions) => withReader(options, (runner) => list(runner, options)),
  )
  named('show', 'show a trigger', 'cloaca trigger show inbox_watcher').action(
    (name: string, options: DatabaseOptions) => withReader(options, (runner) => show(runner, name, options)),
  )
  named('enable', 'enable a trigger: poll it again', 'cloaca trigger enable inbox_watcher').action(
    (name: string, options: DatabaseOptions) => setEnabled(name, true, options),
  )
  const disabling = 'disable a trigger: stop polling it, also after restarts'
  named('disable', disabling, 'cloaca trigger disable inbox_watcher').action((name: string, options: DatabaseOptions) =>
    setEnabled(name, false, options),
  )
  const firings = 'list the firings of a trigger, newest first, or with --ticks the outcome of every poll'
  named('history', firings, 'cloaca trigger history inbox_watcher --ticks')
    .option('--limit <n>', 'show at most this many', wholeNumber, 20)
    .option('--ticks', 'show the outcome of every poll')
    .action((name: string, options: HistoryOptions) => withReader(options, (runner) => history(runner, name, options)))
  const testing = 'poll a trigger of a file once and print the result, without starting its workflow'
  command('test', testing, 'cloaca trigger test jobs/inbox.py inbox_watcher')
    .argument('<file>', 'Python file that declares the trigger')
    .argument('<name>', 'name of the trigger')
    .option('--json', 'print JSON')
    .action(async (file: string, name: string, options: { readonly json?: true }) =>
      finish(await test(file, name, options)),
    )
  return trigger
}

async function list(runner: Runner, options: DatabaseOptions): Promise<void> {
  const triggers = await runner.triggers.list({ limit: 100_000 })
  if (options.json) return printJson(triggers.map(record))
  printTable(
    ['TRIGGER', 'WORKFLOW', 'EVERY', 'ENABLED', 'LAST POLL'],
    triggers.map((row) => [
      row.name,
      row.workflow,
      formatDuration(row.pollIntervalMs),
      row.isEnabled ? 'yes' : 'no',
      row.lastPollAt === null ? 'never' : formatInstant(row.lastPollAt),
    ]),
    'There are no triggers in this database.',
  )
}

async function show(runner: Runner, name: string, options: DatabaseOptions): Promise<void> {
  const row = await runner.triggers.get(name)
  if (options.json) return printJson(record(row))
  printFields({
    trigger: row.name,
    workflow: row.workflow,
    every: formatDuration(row.pollIntervalMs),
    enabled: row.isEnabled ? 'yes' : 'no',
    'runs overlap': row.allowConcurrent ? 'yes' : 'no: a firing is dropped while an equal one is active',
    'last poll': row.lastPollAt === null ? 'never' : formatInstant(row.lastPollAt),
    created: formatInstant(row.createdAt),
    id: row.id,
  })
}

async function setEnabled(name: string, isEnabled: boolean, options: DatabaseOptions): Promise<void> {
  await withRunner(options, (runner) => runner.triggers.setEnabled(name, isEnabled))
  if (options.json) printJson({ trigger: name, enabled: isEnabled })
  else printLine(`Trigger "${name}" is ${isEnabled ? 'enabled' : 'disabled'}.`)
}

async function history(runner: Runner, name: string, options: HistoryOptions): Promise<void> {
  const page = { limit: options.limit }
  if (options.ticks) {
    const ticks = await runner.triggers.ticks(name, page)
    if (options.json) return printJson(ticks)
    return printTable(
      ['LAST', 'OUTCOME', 'COUNT', 'LATE', 'TOOK', 'EXECUTION', 'REASON OR ERROR'],
      ticks.map(tickCells),
      options.limit === 0 ? null : `Trigger "${name}" has not been polled yet.`,
    )
  }
  const firings = await runner.triggers.history(name, page)
  if (options.json) return printJson(firings)
  printTable(
    ['FIRED', 'ENDED', 'CONTEXT HASH', 'EXECUTION'],
    firings.map((row) => [
      formatInstant(row.startedAt),
      row.completedAt === null ? 'running' : formatInstant(row.completedAt),
      row.contextHash === WITHOUT_CONTEXT ? 'no context' : row.contextHash,
      row.executionId ?? 'none',
    ]),
    options.limit === 0 ? null : `Trigger "${name}" has not fired yet.`,
  )
}

/**
 * A skip and a firing are both a good result; a poll that fails is exit code 1. What the trigger prints goes to stderr: on
 * stdout is the result.
 */
async function test(file: string, name: string, options: { readonly json?: true }): Promise<number> {
  await using runner = await Runner.open({
    ...optionsOf(settingsFrom()),
    alerts: {},
    database: ':memory:',
    scriptRunners: false,
    stdoutTo: 'stderr',
    log: openLog('warn'),
  })
  await runner.load(file)
  const outcome = await runner.poll(name)
  if (options.json) {
    printJson(outcome.kind === 'fired' ? { ...outcome, context: JSON.parse(outcome.contextText ?? '{}') } : outcome)
  } else if (outcome.kind === 'skipped') {
    printLine(`Trigger "${name}" skipped${outcome.reason === null ? '.' : `: ${outcome.reason}`}`)
  } else if (outcome.kind === 'fired') {
    printLine(`Trigger "${name}" fired.`)
    printLine(`context  ${outcome.contextText ?? 'none'}`)
  } else {
    if (outcome.error.traceback) printTraceback(outcome.error.traceback)
    printError(outcome.error.message)
  }
  return outcome.kind === 'failed' || outcome.kind === 'timedOut' ? 1 : 0
}

function tickCells(row: TickRow): string[] {
  const [late, took] = [row.latenessMs, row.durationMs].map((ms) => (ms === null ? '' : formatDuration(ms)))
  const why = row.errorMessage ?? row.reason ?? ''
  return [formatInstant(row.lastAt), row.outcome, String(row.count), late ?? '', took ?? '', row.executionId ?? '', why]
}

/** As JSON has it: the names of the Python API. */
function record({ isLoaded: _, isEnabled, ...row }: TriggerInfo) {
  return { ...row, enabled: isEnabled }
}
