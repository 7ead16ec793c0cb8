/**
 * How the command line speaks: tables and JSON on stdout, messages on stderr. Texts of others pass through
 * `visible-text.ts` here.
 */

import { withoutPasswords } from '../database/shown-url.ts'
import { CloacaError } from '../errors.ts'
import { type Cell, fittingWidths, type ShownCell, shownCell, styled, textWidth, truncated } from './display.ts'
import { UnwritableOutput, writeStderr, writeStdout } from './standard-streams.ts'
import { showControls, visibleJson, visibleText } from './visible-text.ts'

/** Between two columns. */
const GAP = '  '

/** Rows as aligned columns under their headings; `nothing` when there is none, or null when none was asked for. */
export function printTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  nothing: string | null,
): void {
  if (rows.length === 0 && nothing !== null) {
    printLine(nothing)
    return
  }
  const lines = [headings, ...rows].map((row) => row.map(shownCell))
  const natural = headings.map((_, column) => longest(lines.map((line) => line[column]?.text ?? '')))
  const widths = fittingWidths(natural, GAP.length)
  writeStdout(lines.map((line) => `${aligned(line, widths)}\n`).join(''))
}

function aligned(line: readonly ShownCell[], widths: readonly number[]): string {
  const cells = line.map((cell, column) => {
    const text = truncated(cell.text, widths[column] ?? 0)
    const padding = column === line.length - 1 ? '' : ' '.repeat((widths[column] ?? 0) - textWidth(text))
    return styled({ ...cell, text }) + padding
  })
  return cells.join(GAP).trimEnd()
}

/** Named values, one below the other. */
export function printFields(fields: Readonly<Record<string, string>>): void {
  const width = longest(Object.keys(fields))
  for (const [name, value] of Object.entries(fields)) {
    writeStdout(`${`${padded(name, width)}  ${visibleText(value)}`.trimEnd()}\n`)
  }
}

export function printJson(value: unknown): void {
  writeStdout(`${visibleJson(JSON.stringify(value, null, 2))}\n`)
}

/** A sentence with words of others in it. */
export function printLine(line: string): void {
  writeStdout(`${visibleText(line)}\n`)
}

/** Lines in which words of others are made visible already. */
export function printTexts(lines: readonly string[]): void {
  writeStdout(lines.map((line) => `${line}\n`).join(''))
}

/** Lines of our own. */
export function printUsage(usage: string): void {
  writeStdout(`${usage}\n`)
}

/** The command line was used wrongly: exit code 2. */
export class UsageMistake extends Error {
  /** How it is used rightly. */
  readonly usage: string | null

  constructor(message: string, usage: string | null = null) {
    super(message)
    this.usage = usage
  }
}

/** What went wrong, with Python's traceback where there is one; a stack only for what is no error of ours. */
export function printError(thrown: unknown): void {
  if (thrown instanceof CloacaError) {
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

/** What a user should know beside the results, on stderr. */
export function printMessage(message: string): void {
  writeMessage(message)
}

function writeMessage(message: string): void {
  writeStderr(`cloaca: ${visibleText(withoutPasswords(message))}\n`)
}

/** A traceback as Python prints it: it stands among what the script itself writes there, so its lines need no mark. */
export function printTraceback(traceback: string): void {
  writeStderr(`${showControls(traceback.trimEnd())}\n`)
}

/** What is wrong with the words of a command, in lines of our own. */
export function printWrongWords(lines: string): void {
  writeStderr(showControls(withoutPasswords(lines)))
}

/** In columns of a terminal: an ideograph takes two, a combining accent none. */
function longest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, textWidth(text)), 0)
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)))
}

/** A duration as people write it: `200ms`, `30s`, `2h`. */
export function formatDuration(durationMs: number): string {
  for (const [unit, sizeMs] of UNITS)
    if (durationMs >= sizeMs && durationMs % sizeMs === 0) return `${durationMs / sizeMs}${unit}`
  return `${durationMs}ms`
}

const UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const
