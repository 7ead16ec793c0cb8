/** How the command line speaks: tables and JSON on stdout, messages on stderr. The one owner of the console. */

import { CloacaError } from '../index.ts'

/** Rows as aligned columns under their headings; `nothing` when there is none. */
export function printTable(headings: readonly string[], rows: readonly (readonly string[])[], nothing: string): void {
  if (rows.length === 0) {
    console.log(nothing)
    return
  }
  const lines = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  for (const line of lines) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
}

/** Named values, one a line. */
export function printFields(fields: Readonly<Record<string, string>>): void {
  const width = Math.max(...Object.keys(fields).map((name) => name.length))
  for (const [name, value] of Object.entries(fields)) console.log(`${name.padEnd(width)}  ${value}`.trimEnd())
}

export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2))
}

export function printLine(line: string): void {
  console.log(line)
}

/** The command line was used wrongly: exit code 2. */
export class UsageMistake extends Error {}

/** What went wrong, with Python's traceback where there is one; a stack only for what is no error of ours. */
export function printError(thrown: unknown): void {
  if (thrown instanceof CloacaError) {
    if (thrown.facts.traceback) printTraceback(thrown.facts.traceback)
    console.error(`cloaca: ${thrown.message}`)
  } else if (thrown instanceof UsageMistake) {
    console.error(`cloaca: ${thrown.message}`)
  } else {
    console.error(`cloaca: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`)
  }
}

/** A traceback as Python prints it. */
export function printTraceback(traceback: string): void {
  console.error(traceback.trimEnd())
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
