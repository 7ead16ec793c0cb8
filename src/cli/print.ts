/** Output of the commands: tables and JSON on stdout, messages on stderr. Texts of others pass `visible-text.ts`. */

import { withoutPasswords } from '../database/shown-url.ts'
import { CloacaError, toError } from '../errors.ts'
import type { LogLine } from '../index.ts'
import {
  type Cell,
  fittingColumns,
  fittingWidths,
  formatCell,
  type LeftOut,
  type ShownCell,
  styled,
  textWidth,
  truncated,
} from './display.ts'
import type { LogFormat } from './engine-log.ts'
import { UnwritableOutput, writeStderr, writeStdout } from './standard-streams.ts'
import { showControls, visibleJson, visibleText } from './visible-text.ts'

const GAP = '  '

/** Prints rows as aligned columns with headings. `nothing`: text for no rows; null prints nothing. */
export function printTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  nothing: string | null,
  leftOut: LeftOut<string> = { columns: [], lastWidth: 0 },
): void {
  if (rows.length === 0 && nothing !== null) {
    printLine(nothing)
    return
  }
  const lines = [headings, ...rows].map((row) => row.map(formatCell))
  const natural = headings.map((_, column) => longest(lines.map((line) => line[column]?.text ?? '')))
  const left = leftOut.columns.map((heading) => headings.indexOf(heading))
  const columns = fittingColumns(natural, GAP.length, { ...leftOut, columns: left })
  const hasTime = (column: number): boolean =>
    rows.some((row) => typeof row[column] === 'object' && 'instant' in row[column])
  const widths = fittingWidths(
    columns.map((column) => natural[column] ?? 0),
    GAP.length,
    columns.map(hasTime),
  )
  const shown = lines.map((line) => columns.flatMap((column) => line[column] ?? []))
  writeStdout(shown.map((line) => `${aligned(line, widths)}\n`).join(''))
}

function aligned(line: readonly ShownCell[], widths: readonly number[]): string {
  const cells = line.map((cell, column) => {
    const text = truncated(cell.text, widths[column] ?? 0)
    const padding = column === line.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - textWidth(text))
    return styled({ ...cell, text }) + padding
  })
  return cells.join(GAP).trimEnd()
}

export function printFields(fields: Readonly<Record<string, string>>): void {
  const width = longest(Object.keys(fields))
  for (const [name, value] of Object.entries(fields)) {
    writeStdout(`${`${padded(name, width)}  ${visibleText(value)}`.trimEnd()}\n`)
  }
}

export function printJson(value: unknown): void {
  writeStdout(`${visibleJson(JSON.stringify(value, null, 2))}\n`)
}

/** Prints a sentence that contains texts of others. */
export function printLine(line: string): void {
  writeStdout(`${visibleText(line)}\n`)
}

/** Prints lines in which texts of others are visible already. */
export function printTexts(lines: readonly string[]): void {
  writeStdout(lines.map((line) => `${line}\n`).join(''))
}

export function printUsage(usage: string): void {
  writeStdout(`${usage}\n`)
}

/** Wrong usage of the command line: exit code 2. */
export class UsageMistake extends Error {
  readonly usage: string | null

  constructor(message: string, usage: string | null = null) {
    super(message)
    this.usage = usage
  }
}

/** Formats messages as log lines; null as text. */
let format: LogFormat | null = null

/** Formats messages, including errors, as log lines from now on. */
export function formatMessages(asLogLine: LogFormat): void {
  format = asLogLine
}

/** Prints an error, with Python's traceback if there is one. Only unexpected errors have a stack. */
export function printError(thrown: unknown): void {
  if (format !== null) {
    if (!(thrown instanceof UnwritableOutput && thrown.isReaderGone)) writeStderr(format(errorLine(thrown)))
  } else if (thrown instanceof CloacaError) {
    if (thrown.facts.traceback) printTraceback(thrown.facts.traceback)
    writeMessage(thrown.message)
  } else if (thrown instanceof UsageMistake) {
    writeMessage(thrown.message)
    if (thrown.usage !== null) writeStderr(`${thrown.usage}\n`)
  } else if (thrown instanceof UnwritableOutput) {
    if (!thrown.isReaderGone) writeMessage(thrown.message)
  } else {
    writeMessage(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown))
  }
}

function errorLine(thrown: unknown): LogLine {
  const { message, stack } = toError(thrown)
  const shown = withoutPasswords(message)
  if (thrown instanceof CloacaError) {
    const { traceback } = thrown.facts
    return { level: 'error', message: shown, ...(traceback && { traceback }) }
  }
  if (thrown instanceof UsageMistake || thrown instanceof UnwritableOutput) return { level: 'error', message: shown }
  return { level: 'error', message: shown, ...(stack !== undefined && { traceback: stack }) }
}

/** Prints a message next to the results, to stderr. */
export function printMessage(message: string): void {
  if (format === null) writeMessage(message)
  else writeStderr(format({ level: 'warn', message: withoutPasswords(message) }))
}

/** Returns at most `limit` rows, and prints how to read the next page if there are more. `noun`: `executions`. */
export function rowsOfPage<Row extends { readonly id: string }>(
  found: readonly Row[],
  limit: number,
  noun: string,
): readonly Row[] {
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  if (last !== undefined && found.length > limit)
    printMessage(`There are more ${noun}. To show the next page, add: --cursor ${last.id}`)
  return rows
}

function writeMessage(message: string): void {
  writeStderr(`cloaca: ${visibleText(withoutPasswords(message))}\n`)
}

/** Prints a traceback as Python does. Its lines need no mark, because the output of the script is around them. */
export function printTraceback(traceback: string): void {
  writeStderr(`${showControls(traceback.trimEnd())}\n`)
}

export function printWrongWords(lines: string): void {
  if (format !== null) writeStderr(format({ level: 'error', message: withoutPasswords(lines).trimEnd() }))
  else writeStderr(showControls(withoutPasswords(lines)))
}

/** Returns the maximum width in terminal columns: an ideograph has two, a combining accent none. */
function longest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, textWidth(text)), 0)
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)))
}

export { formatDuration } from '../model/time/duration.ts'
