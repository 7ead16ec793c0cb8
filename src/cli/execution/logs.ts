/** `cloaca execution logs`: what the attempts of an execution printed and logged. Each line is written as soon as it is read. */

import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { type ExecutionLogOptions, type ExecutionLogRecord, formatInstant, type Runner } from '../../index.ts'
import { type DatabaseOptions, withDatabase, withReader } from '../database.ts'
import { clockText, styled } from '../display.ts'
import { withExamples } from '../help.ts'
import { wholeNumber } from '../option-values.ts'
import { printLine } from '../print.ts'
import { writeStdout } from '../standard-streams.ts'
import { visibleJson, visibleLine, visibleOutput } from '../visible-text.ts'

type LogsOptions = DatabaseOptions & {
  readonly task?: string
  readonly attempt?: number
  readonly follow?: true
  readonly grep?: RegExp
}

export function addLogsCommand(execution: Command): void {
  const logs = execution
    .command('logs')
    .description('show what the tasks of an execution printed and logged')
    .argument('<id>', 'id of the execution, or the beginning of it')
  const examples = ['cloaca execution logs 5b9debd0', 'cloaca execution logs 5b9debd0 --task load --grep error']
  withDatabase(withExamples(logs, ...examples))
    .option('--task <id>', 'only that of this task')
    .option('--attempt <n>', 'only that of attempts with this number', attemptNumber)
    .option('--follow', 'go on until the execution ends')
    .option('--grep <pattern>', 'only lines that match this regular expression', pattern)
    .action((id: string, options: LogsOptions) => withReader(options, (runner) => printLogs(runner, id, options)))
}

async function printLogs(runner: Runner, id: string, options: LogsOptions): Promise<void> {
  const { task, attempt, follow, grep, json } = options
  const which: ExecutionLogOptions = {
    ...(task !== undefined && { task }),
    ...(attempt !== undefined && { attempt }),
    ...(follow && { follow }),
  }
  const printer = json ? new JsonPrinter(follow === true) : new LinePrinter()
  for await (const record of runner.executions.log(id, which)) {
    if (grep === undefined || grep.test(record.message) || grep.test(record.traceback ?? '')) printer.print(record)
  }
  printer.end(grep === undefined ? 'It has printed and logged nothing.' : 'No line matches.')
}

/** An array, or with `--follow`, whose end is not waited for, an object in each line. */
class JsonPrinter {
  readonly #isFollowing: boolean
  #count = 0

  constructor(isFollowing: boolean) {
    this.#isFollowing = isFollowing
  }

  print(record: ExecutionLogRecord): void {
    const json = visibleJson(JSON.stringify({ ...record, at: formatInstant(record.at) }))
    if (this.#isFollowing) writeStdout(`${json}\n`)
    else writeStdout(`${this.#count === 0 ? '[\n' : ',\n'}  ${json}`)
    this.#count += 1
  }

  end(): void {
    if (!this.#isFollowing) writeStdout(this.#count === 0 ? '[]\n' : '\n]\n')
  }
}

class LinePrinter {
  #count = 0
  /** Whose line has no end yet. */
  #openLine: string | null = null
  #taskWidth = 0

  print(record: ExecutionLogRecord): void {
    this.#count += 1
    const { task, attempt, stream, isPart } = record
    const source = `${task} ${attempt} ${stream}`
    if (this.#openLine !== null && this.#openLine !== source) writeStdout('\n')
    const isContinued = this.#openLine === source
    this.#openLine = isPart ? source : null
    const head = isContinued ? '' : this.#head(record)
    writeStdout(`${head}${isContinued ? visibleOutput(record.message) : textOf(record)}${isPart ? '' : '\n'}`)
  }

  end(nothing: string): void {
    if (this.#openLine !== null) writeStdout('\n')
    if (this.#count === 0) printLine(nothing)
  }

  #head({ at, task, attempt }: ExecutionLogRecord): string {
    const name = visibleLine(attempt === 1 ? task : `${task} #${attempt}`)
    this.#taskWidth = Math.max(this.#taskWidth, name.length)
    return styled({ text: `${clockText(at)}  ${name.padEnd(this.#taskWidth)}  `, style: 'dim' })
  }
}

/** As one line says it that is shown below others. */
export function textOf(record: ExecutionLogRecord): string {
  const { stream, message, level, logger, place, extra, traceback } = record
  if (stream === 'stdout') return visibleOutput(message)
  if (stream === 'stderr') return `stderr: ${visibleOutput(message)}`
  if (stream === 'cut') return styled({ text: `… ${message} …`, style: 'yellow' })
  const more = Object.entries(extra ?? {}).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
  const where = place === undefined ? '' : ` (${place})`
  const text = visibleOutput(`${logger}: ${message}${more.join('')}${where}`)
  const trace = traceback === undefined ? '' : `\n    ${visibleOutput(traceback)}`
  return `${styled({ text: visibleLine(level ?? ''), style: STYLES[level ?? ''] ?? null })} ${text}${trace}`
}

const STYLES = { WARNING: 'yellow', ERROR: 'red', CRITICAL: 'red' } as Readonly<Record<string, 'yellow' | 'red'>>

function attemptNumber(text: string): number {
  const number = wholeNumber(text)
  if (number > 0) return number
  throw new InvalidArgumentError('Attempts are counted from 1.')
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u')
  } catch (error) {
    throw new InvalidArgumentError(`It is not a regular expression: ${(error as Error).message}.`)
  }
}
