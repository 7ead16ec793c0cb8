/**
 * Where log lines go: stderr, as lines for people unless another form is asked for (`json-log.ts`). A line that cannot be
 * written holds nothing up: see `standard-streams.ts`.
 */

import type { LogLine, LogSink } from '../index.ts'
import { LOG_LEVELS } from '../settings/table.ts'
import { tellLossAs, writeStderr } from './standard-streams.ts'
import { indentedText, visibleText } from './visible-text.ts'

export type LogThreshold = (typeof LOG_LEVELS)[number]

const MINUTE_MS = 60_000
/** Control characters for a terminal: back to the beginning of the line, and erase it. */
const CLEAR_LINE = '\r\u001b[K'

/** The text of a line, with its end. */
export type LogFormat = (line: LogLine) => string

interface LogOutput {
  write(text: string): void
  readonly isTerminal: boolean
}

/** A sink that keeps lines of the given level and above. A line is out when the call returns, if anybody takes it. */
export function openLog(
  threshold: LogThreshold,
  format: LogFormat = lineForPeople,
  output: LogOutput = { write: writeStderr, isTerminal: process.stderr.isTTY === true },
): LogSink {
  tellLossAs((message) => format({ level: 'warn', message }))
  const showsProgress = format === lineForPeople && threshold !== 'silent' && output.isTerminal
  let isShown = false // a step of progress, in a line that has not ended
  const write = (line: LogLine) => {
    const isStep = showsProgress && line.progress !== undefined
    if (!isStep && LOG_LEVELS.indexOf(line.level) < LOG_LEVELS.indexOf(threshold)) return
    const text = isStep ? shownStep(line) : format(line)
    output.write(isShown ? `${CLEAR_LINE}${text}` : text)
    isShown = isStep && text !== ''
  }
  return Object.assign(write, { least: threshold })
}

/** Nothing after the last step: what the user waits for comes now. */
function shownStep({ message, progress }: LogLine): string {
  return progress === 'ended' ? '' : visibleText(message)
}

function lineForPeople({ level, message, traceback }: LogLine): string {
  const trace = traceback ? `${indentedText(traceback.trimEnd())}\n` : ''
  return `${localInstant(new Date())} ${level.toUpperCase().padEnd(5)} ${visibleText(message)}\n${trace}`
}

/** In the machine's zone, with its offset, as RFC 3339 has it: whoever reads it need not know where the machine is. */
function localInstant(date: Date): string {
  const offset = -date.getTimezoneOffset()
  const local = new Date(date.getTime() + offset * MINUTE_MS).toISOString().slice(0, 23)
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map(twoDigits)
  return `${local}${offset < 0 ? '-' : '+'}${hours}:${minutes}`
}

function twoDigits(number: number): string {
  return String(Math.trunc(number)).padStart(2, '0')
}
