/** Converts the log to plain text, for copies and downloads. Pure. */

import type { LogRecord } from '../api/answer-types.ts'
import { withoutAnsi } from './ansi.ts'
import type { NumberedLine } from './log-view-lines.ts'

/** Returns the text of lines that are shown, each with its line break. */
export function linesText(lines: readonly NumberedLine[]): string {
  return lines.map(({ record, text }) => `${headOf(record)} ${withoutAnsi(text)}\n`).join('')
}

/** Returns the lines of a record, each with its line break: time, task, stream or level, and message. */
export function recordText(record: LogRecord): string {
  const { message, traceback = '' } = record
  const head = headOf(record)
  const lines = [message, traceback.replace(/\n$/, '')].filter((text, index) => index === 0 || text !== '')
  return lines
    .flatMap((text) => text.split('\n'))
    .map((line) => `${head} ${withoutAnsi(line)}\n`)
    .join('')
}

function headOf({ at, task, attempt, stream, level }: LogRecord): string {
  return `${at} ${attempt === 1 ? task : `${task} #${attempt}`} ${stream === 'log' ? (level ?? 'INFO') : stream}`
}
