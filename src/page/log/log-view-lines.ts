/** Converts records of a log to lines on the screen, and filters them. Pure. */

import type { LogRecord } from '../api/answer-types.ts'
import { withoutAnsi } from './ansi.ts'

/** Line of a record, which may have several. */
export interface NumberedLine {
  /** Number in the order of the log. */
  readonly number: number
  readonly at: number
  readonly record: LogRecord
  readonly text: string
  /** Whether it is the first line of its record, which shows time, task and level. */
  readonly isFirst: boolean
}

export const STREAMS = ['stdout', 'stderr', 'log'] as const
export const MIN_LEVELS = ['INFO', 'WARNING', 'ERROR'] as const

/** Filter with which the engine reads the log. */
export interface StoredFilter {
  readonly stream: (typeof STREAMS)[number] | undefined
  readonly level: (typeof MIN_LEVELS)[number] | undefined
  readonly task: string | undefined
}

const LEVELS: Readonly<Record<string, number>> = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 }

/** Maximum number of lines of a record. The details mention the rest of a long traceback. */
const LINES_OF_RECORD = 200

/** Returns the lines of a record. `at`: at least the time of the attempt's previous records. */
export function recordLines(record: LogRecord, firstNumber: number, at: number): readonly NumberedLine[] {
  const { message, traceback = '' } = record
  if (record.stream !== 'log' || (traceback === '' && !message.includes('\n'))) {
    return [{ number: firstNumber, at, record, text: message, isFirst: true }]
  }
  const texts = [message, traceback].filter(Boolean).join('\n').replace(/\n$/, '').split('\n')
  return texts.slice(0, LINES_OF_RECORD).map((text, index) => {
    return { number: firstNumber + index, at, record, text, isFirst: index === 0 }
  })
}

export function recordLevel({ stream, level }: LogRecord): number {
  if (stream === 'log') return LEVELS[level ?? ''] ?? 20
  // Output on stderr is not necessarily an error.
  return stream === 'stderr' ? 30 : 20
}

/** Returns the lines with a text. */
export function linesWith(lines: readonly NumberedLine[], words: string): readonly NumberedLine[] {
  const wanted = words.toLowerCase()
  if (wanted === '') return lines
  return lines.filter(({ text }) => withoutAnsi(text).toLowerCase().includes(wanted))
}

/** Returns the first line at a time or later; the last line if there is none. */
export function lineAt(lines: readonly NumberedLine[], at: number): number {
  let low = 0
  let high = lines.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((lines[middle]?.at ?? 0) < at) low = middle + 1
    else high = middle
  }
  return Math.min(low, lines.length - 1)
}
