/** Records of a log as lines on the screen, and which of them are shown. Pure. */

import type { LogRecord } from '../api/answers.ts'
import { plain } from './ansi.ts'

/** One line: a record of several lines is several. */
export interface LogLine {
  /** Counts up in the order of the log. */
  readonly number: number
  readonly at: number
  readonly record: LogRecord
  readonly text: string
  /** The first line of its record: it has its time, task and level. */
  readonly isFirst: boolean
}

export type Least = 'all' | 'INFO' | 'WARNING' | 'ERROR'

export const LEAST: readonly Least[] = ['all', 'INFO', 'WARNING', 'ERROR']

const LEVELS: Readonly<Record<string, number>> = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 }
const LEAST_LEVELS: Readonly<Record<Least, number>> = { all: 0, INFO: 20, WARNING: 30, ERROR: 40 }

/** A traceback may be long: that it goes on is said in the details. */
const LINES_OF_RECORD = 200

/** `at`: no earlier than what its attempt said before. */
export function linesOf(record: LogRecord, firstNumber: number, at: number): readonly LogLine[] {
  const { message, traceback = '' } = record
  if (record.stream !== 'log' || (traceback === '' && !message.includes('\n'))) {
    return [{ number: firstNumber, at, record, text: message, isFirst: true }]
  }
  const texts = [message, traceback].filter(Boolean).join('\n').replace(/\n$/, '').split('\n')
  return texts.slice(0, LINES_OF_RECORD).map((text, index) => {
    return { number: firstNumber + index, at, record, text, isFirst: index === 0 }
  })
}

export function levelOf({ stream, level }: LogRecord): number {
  if (stream === 'log') return LEVELS[level ?? ''] ?? 20
  // What stands on stderr is not an error yet.
  return stream === 'stderr' ? 30 : 20
}

export interface LogFilter {
  readonly least: Least
  readonly words: string
  readonly task: string | null
}

export function shownLines(lines: readonly LogLine[], { least, words, task }: LogFilter): readonly LogLine[] {
  const wanted = words.toLowerCase()
  if (least === 'all' && wanted === '' && task === null) return lines
  return lines.filter(({ record, text }) => {
    if (task !== null && record.task !== task) return false
    if (record.stream !== 'cut' && levelOf(record) < LEAST_LEVELS[least]) return false
    return wanted === '' || plain(text).toLowerCase().includes(wanted)
  })
}

/** The first line at an instant or later; the last line where there is none. */
export function lineAt(lines: readonly LogLine[], at: number): number {
  let low = 0
  let high = lines.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((lines[middle]?.at ?? 0) < at) low = middle + 1
    else high = middle
  }
  return Math.min(low, lines.length - 1)
}
