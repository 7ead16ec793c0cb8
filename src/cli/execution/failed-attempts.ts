/** The tracebacks of failed attempts, and the end of their logs, below the table of tasks. */

import type { AttemptRow, ExecutionLogRecord, Runner } from '../../index.ts'
import { idText, instantText } from '../display.ts'
import { indentedLogLines } from '../logs/log-line-printer.ts'
import { printLine, printTexts } from '../print.ts'

/** Maximum number of lines for each failed task. */
const SHOWN_LOG_LINES = 10

/** Prints equal failures of a task once, and the end of the log of its last attempt. */
export async function printFailures(runner: Runner, id: string, attempts: readonly AttemptRow[]): Promise<void> {
  const failures = attempts.filter(({ error }) => error !== null)
  const keyOf = (attempt: AttemptRow) => JSON.stringify([attempt.taskId, attempt.outcome, errorText(attempt)])
  for (const equal of Map.groupBy(failures, keyOf).values()) printFailure(equal)
  for (const attempt of lastFailures(attempts)) await printEndOfLog(runner, id, attempt)
}

/** Prints a traceback below the table, because it does not fit into a cell. */
function printFailure(equal: readonly AttemptRow[]): void {
  const last = equal.at(-1)
  if (last === undefined) return
  const { taskId, outcome, endedAt } = last
  const which =
    equal.length === 1
      ? `Attempt ${last.attempt} of task "${taskId}": ${outcome}`
      : `Attempts ${rangesText(equal.map(({ attempt }) => attempt))} of task "${taskId}": ${outcome} ` +
        `${equal.length} times with the same error, last`
  printLine('')
  printLine(`${which} ${instantText(endedAt)}`)
  for (const line of errorText(last).trimEnd().split('\n')) printLine(`  ${line}`)
}

function errorText({ error }: AttemptRow): string {
  return error?.traceback || `${error?.type}: ${error?.message}`
}

/** Returns ascending numbers as text: `1-3, 5`. */
function rangesText(numbers: readonly number[]): string {
  const ranges: [first: number, last: number][] = []
  for (const number of numbers) {
    const range = ranges.at(-1)
    if (range?.[1] === number - 1) range[1] = number
    else ranges.push([number, number])
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(', ')
}

/** Returns the last attempt of each task if it failed. */
function lastFailures(attempts: readonly AttemptRow[]): readonly AttemptRow[] {
  const last = new Map(attempts.map((attempt) => [attempt.taskId, attempt]))
  return [...last.values()].filter(({ error }) => error !== null)
}

/** Prints the end of the log before a failure, which most people look for next. */
async function printEndOfLog(runner: Runner, id: string, { taskId, attempt }: AttemptRow): Promise<void> {
  const which = { task: taskId, attempt, last: SHOWN_LOG_LINES + 1 }
  const found: ExecutionLogRecord[] = []
  for await (const record of runner.executions.log(id, which)) found.push(record)
  if (found.length === 0) return
  const isWhole = found.length <= SHOWN_LOG_LINES
  const rest = isWhole
    ? ''
    : `, last ${SHOWN_LOG_LINES} lines; for all lines: cloaca execution logs ${idText(id)} --task ${taskId} ` +
      `--attempt ${attempt}`
  printLine('')
  printLine(`Log of attempt ${attempt} of task "${taskId}"${rest}`)
  printTexts(indentedLogLines(found.slice(-SHOWN_LOG_LINES), '  '))
}
