/** Writes log lines to stderr, as text or in another form (`json-log.ts`). Never blocks: see `standard-streams.ts`. */

import type { LogLine, LogSink } from '../index.ts'
import { LOG_LEVELS } from '../settings/service-settings.ts'
import { setLossFormat, writeStderr } from './standard-streams.ts'
import { indentedText, visibleText } from './visible-text.ts'

export type LogThreshold = (typeof LOG_LEVELS)[number]

const MINUTE_MS = 60_000
/** Terminal sequence: moves to the start of the line and erases it. */
const CLEAR_LINE = '\r\u001b[K'

export type LogFormat = (line: LogLine) => string

interface LogOutput {
  write(text: string): void
  readonly isTerminal: boolean
}

/** Returns a sink for lines of a level and above. A line is written when the call returns, if there is a reader. */
export function openLog(
  threshold: LogThreshold,
  format: LogFormat = lineForPeople,
  output: LogOutput = { write: writeStderr, isTerminal: process.stderr.isTTY === true },
): LogSink {
  setLossFormat((message) => format({ level: 'warn', message }))
  const showsProgress = format === lineForPeople && threshold !== 'silent' && output.isTerminal
  let isShown = false // Whether a step of progress is in the last, unfinished line.
  const write = (line: LogLine) => {
    const isStep = showsProgress && line.progress !== undefined
    if (!isStep && LOG_LEVELS.indexOf(line.level) < LOG_LEVELS.indexOf(threshold)) return
    const text = isStep ? shownStep(line) : format(line)
    output.write(isShown ? `${CLEAR_LINE}${text}` : text)
    isShown = isStep && text !== ''
  }
  return Object.assign(write, { least: threshold })
}

/** Returns an empty text after the last step, because the result follows. */
function shownStep({ message, progress }: LogLine): string {
  return progress === 'ended' ? '' : visibleText(message)
}

function lineForPeople({ level, message, traceback }: LogLine): string {
  const trace = traceback ? `${indentedText(traceback.trimEnd())}\n` : ''
  return `${localInstant(new Date())} ${level.toUpperCase().padEnd(5)} ${visibleText(message)}\n${trace}`
}

/** Returns a time in the zone of the machine, with its offset (RFC 3339), so that readers need not know the zone. */
export function localInstant(date: Date): string {
  const offset = -date.getTimezoneOffset()
  const local = new Date(date.getTime() + offset * MINUTE_MS).toISOString().slice(0, 23)
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map(twoDigits)
  return `${local}${offset < 0 ? '-' : '+'}${hours}:${minutes}`
}

function twoDigits(number: number): string {
  return String(Math.trunc(number)).padStart(2, '0')
}
