/** `cloaca execution logs`: output and log of the attempts. Each line is written as soon as it is read. */

import type { Command } from 'commander'
import type { ExecutionLogOptions, Runner } from '../../index.ts'
import { logRecord } from '../../runner/records/log-records.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../command-database.ts'
import { withExamples } from '../help-examples.ts'
import { grepFilter } from '../logs/grep.ts'
import { JsonItems } from '../logs/json-items.ts'
import { LogLinePrinter } from '../logs/log-line-printer.ts'
import { positiveNumber, wholeNumber } from '../option-values.ts'
import { printLine } from '../print.ts'

type LogsOptions = DatabaseOptions & {
  readonly task?: string
  readonly attempt?: number
  readonly last?: number
  readonly follow?: true
  readonly grep?: string
}

export function addLogsCommand(execution: Command): void {
  const logs = execution
    .command('logs')
    .description("show the output and logs of an execution's tasks")
    .argument('<id>', 'execution id, or its first characters')
  const examples = ['cloaca execution logs 5b9debd0', 'cloaca execution logs 5b9debd0 --task load --last 20 --follow']
  withDatabase(withExamples(logs, ...examples))
    .option('--task <id>', 'show only lines of this task')
    .option('--attempt <n>', 'show only lines of this attempt of each task', positiveNumber)
    .option('--last <n>', 'show only the last n lines', wholeNumber)
    .option('--follow', 'keep printing new lines until the execution ends')
    .option('--grep <pattern>', 'show only lines that match this regular expression')
    .action((id: string, options: LogsOptions) => withReader(options, (runner) => printLogs(runner, id, options)))
}

async function printLogs(runner: Runner, id: string, options: LogsOptions): Promise<void> {
  const { task, attempt, last, follow, grep, json } = options
  const which: ExecutionLogOptions = {
    ...(task !== undefined && { task }),
    ...(attempt !== undefined && { attempt }),
    ...(last !== undefined && { last }),
    ...(follow && { follow }),
  }
  const isShown = await grepFilter(grep)
  const printer = json ? new JsonItems(follow === true) : new LogLinePrinter()
  let count = 0
  for await (const record of runner.executions.log(id, which)) {
    if (!isShown(record)) continue
    count += 1
    if (printer instanceof JsonItems) printer.print(logRecord(record))
    else printer.print(record.attempt === 1 ? record.task : `${record.task} #${record.attempt}`, record)
  }
  printer.end()
  if (count > 0 || json) return
  printLine(grep === undefined ? 'There is no output to show.' : 'No line matches the pattern.')
}
