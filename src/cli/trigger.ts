/** `cloaca trigger`: lists, shows, enables, disables and tests triggers, and prints their history. */

import { Command } from 'commander'
import { formatInstant, Runner, type TriggerInfo } from '../index.ts'
import { type DatabaseOptions, withDatabase, withReader, withRunner } from './database.ts'
import { openLog } from './log.ts'
import { wholeNumber } from './numbers.ts'
import { formatDuration, printError, printFields, printJson, printLine, printTable, printTraceback } from './print.ts'

type HistoryOptions = DatabaseOptions & { readonly limit: number; readonly ticks?: true }

export function triggerCommand(finish: (exitCode: number) => void): Command {
  const trigger = new Command('trigger').description('look at triggers and change them')
  withDatabase(trigger.command('list').description('every trigger of the database')).action(
    (options: DatabaseOptions) => withReader(options, (runner) => list(runner, options)),
  )
  withDatabase(trigger.command('show').description('one trigger').argument('<name>')).action(
    (name: string, options: DatabaseOptions) => withReader(options, (runner) => show(runner, name, options)),
  )
  withDatabase(trigger.command('enable').description('poll it again').argument('<name>')).action(
    (name: string, options: DatabaseOptions) => setEnabled(name, true, options),
  )
  withDatabase(
    trigger.command('disable').description('stop polling it, also after restarts').argument('<name>'),
  ).action((name: string, options: DatabaseOptions) => setEnabled(name, false, options))
  withDatabase(trigger.command('history').description('its firings, newest first').argument('<name>'))
    .option('--limit <n>', 'how many', wholeNumber, 20)
    .option('--ticks', 'what every poll came to, instead of the firings')
    .action((name: string, options: HistoryOptions) => withReader(options, (runner) => history(runner, name, options)))
  trigger
    .command('test')
    .description('poll a trigger of a file once, print the result, and start nothing')
    .argument('<file>')
    .argument('<name>')
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
      row.enabled ? 'yes' : 'no',
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
    enabled: row.enabled ? 'yes' : 'no',
    'runs overlap': row.allowConcurrent ? 'yes' : 'no: an identical firing is dropped while one is active',
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
      ['LAST', 'OUTCOME', 'COUNT', 'ERROR'],
      ticks.map((row) => [formatInstant(row.lastAt), row.outcome, String(row.count), row.errorMessage ?? '']),
      options.limit === 0 ? null : `Trigger "${name}" was not polled yet.`,
    )
  }
  const firings = await runner.triggers.history(name, page)
  if (options.json) return printJson(firings)
  printTable(
    ['FIRED', 'ENDED', 'CONTEXT', 'EXECUTION'],
    firings.map((row) => [
      formatInstant(row.startedAt),
      row.completedAt === null ? 'running' : formatInstant(row.completedAt),
      row.contextHash,
      row.executionId ?? 'none',
    ]),
    options.limit === 0 ? null : `Trigger "${name}" did not fire yet.`,
  )
}

/**
 * A skip and a firing are both a good result; a poll that fails is exit code 1. What the trigger prints goes to stderr: on
 * stdout is the result.
 */
async function test(file: string, name: string, options: { readonly json?: true }): Promise<number> {
  await using runner = await Runner.open({ database: ':memory:', stdoutTo: 'stderr', log: openLog('warn') })
  await runner.load(file)
  const outcome = await runner.poll(name)
  if (options.json) {
    printJson(outcome.kind === 'fired' ? { ...outcome, context: JSON.parse(outcome.contextText ?? '{}') } : outcome)
  } else if (outcome.kind === 'skipped') {
    printLine(`Trigger "${name}" skipped.`)
  } else if (outcome.kind === 'fired') {
    printLine(`Trigger "${name}" fired.`)
    printLine(`context  ${outcome.contextText ?? 'none'}`)
  } else {
    if (outcome.error.traceback) printTraceback(outcome.error.traceback)
    printError(outcome.error.message)
  }
  return outcome.kind === 'failed' || outcome.kind === 'timedOut' ? 1 : 0
}

function record({ isLoaded: _, ...row }: TriggerInfo) {
  return row
}
