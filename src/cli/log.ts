/**
 * Where log lines go: stderr, as lines for people unless another form is asked for (`json-log.ts`). A line that cannot be
 * written holds nothing up: see `standard-streams.ts`.
 */

import type { LogLine, LogSink } from '../index.ts'
import { tellLossAs, writeStderr } from './standard-streams.ts'
import { indentedText, visibleText } from './visible-text.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogThreshold = (typeof LOG_LEVELS)[number]

/** The text of a line, with its end. */
export type LogFormat = (line: LogLine) => string

/** A sink that keeps lines of the given level and above. A line is out when the call returns, if anybody takes it. */
export function openLog(threshold: LogThreshold, format: LogFormat = lineForPeople): LogSink {
  tellLossAs((message) => format({ level: 'warn', message }))
  const write = (line: LogLine) => {
    if (LOG_LEVELS.indexOf(line.level) >= LOG_LEVELS.indexOf(threshold)) writeStderr(format(line))
  }
  return Object.assign(write, { least: threshold })
}

function lineForPeople({ level, message, traceback }: LogLine): string {
  const time = new Date().toISOString().slice(11, 23)
  const trace = traceback ? `${indentedText(traceback.trimEnd())}\n` : ''
  return `${time} ${level.toUpperCase().padEnd(5)} ${visibleText(message)}\n${trace}`
}
