/** `cloaca trigger logs`: output and log of the polls of a trigger. */

import type { Command } from 'commander'
import type { LogRecord, PollLogRecords, Runner } from '../../index.ts'
import { pollLogRecord } from '../../runner/records/log-records.ts'
import { type DatabaseOptions, withReader } from '../command-database.ts'
import { idText } from '../display.ts'
import { grepFilter } from '../logs/grep.ts'
import { JsonItems } from '../logs/json-items.ts'
import { LogLinePrinter } from '../logs/log-line-printer.ts'
import { wholeNumber } from '../option-values.ts'
import { printLine, UsageMistake } from '../print.ts'

/** Length of the longest word. */
const OUTCOME_WIDTH = 9

type NamedCommand = (name: string, description: string, ...examples: readonly string[]) => Command

type LogsOptions = DatabaseOptions & {
  readonly tick?: string
  readonly follow?: true
  readonly limit: number
  readonly grep?: string
}

export function addLogsCommand(named: NamedCommand): void {
  named(
    'logs',
    "show the output and logs of a trigger's newest polls",
    'cloaca trigger logs inbox_watcher --follow',
    'cloaca trigger logs inbox_watcher --tick 5b9debd0',
  )
    .option('--tick <id>', 'show only the poll with this id (see trigger history)')
    .option('--limit <n>', 'show at most this many polls', wholeNumber, 20)
    .option('--follow', 'keep printing the output of new polls')
    .option('--grep <pattern>', 'show only lines that match this regular expression')
    .action((name: string, options: LogsOptions) => withReader(options, (runner) => printLogs(runner, name, options)))
}

async function printLogs(runner: Runner, name: string, options: LogsOptions): Promise<void> {
  const { tick, follow = false, limit, json } = options
  if (tick !== undefined && follow)
    throw new UsageMistake('Pass either --tick (one past poll) or --follow (new polls), not both.')
  const isShown = await grepFilter(options.grep)
  const printer = json ? new JsonItems(follow) : new LogLinePrinter()
  // Subscribes before printing, so that no new log is missed.
  const coming = follow ? runner.triggers.followLogs(name) : null
  const first = coming?.next()
  first?.catch(() => undefined) // Ignored: the read below fails in the same way
  let lines = 0
  for (const log of [...(await runner.triggers.logs(name, tick === undefined ? { limit } : { limit, tick }))].reverse())
    lines += printLog(printer, log, isShown)
  if (coming !== null && first !== undefined) {
    for (let next = await first; next.done !== true; next = await coming.next()) printLog(printer, next.value, isShown)
  }
  printer.end()
  if (lines === 0 && !json) printLine(nothingText(options))
}

/** Returns the number of printed lines. */
function printLog(
  printer: JsonItems | LogLinePrinter,
  log: PollLogRecords,
  isShown: (record: LogRecord) => boolean,
): number {
  const records = log.records.filter(isShown)
  if (records.length === 0) return 0
  if (printer instanceof JsonItems) printer.print(pollLogRecord({ ...log, records }))
  else for (const record of records) printer.print(`${idText(log.tickId)} ${log.outcome.padEnd(OUTCOME_WIDTH)}`, record)
  return records.length
}

function nothingText({ grep, limit }: LogsOptions): string {
  if (grep !== undefined) return 'No line matches the pattern.'
  if (limit === 0) return 'No polls were requested (--limit 0).'
  return (
    'No output of this trigger is stored. The output of a poll that skips is stored only if you set ' +
    'retention.skip-logs.'
  )
}
