/**
 * Where log lines go: stderr, as lines for people on a terminal and as JSON lines of pino's otherwise. A line that
 * cannot be written holds nothing up: see `standard-streams.ts`.
 */

import pino from 'pino'
import type { LogLine, LogSink } from '../index.ts'
import { tellLossAs, writeStderr } from './standard-streams.ts'
import { indentedText, visibleJson, visibleText } from './visible-text.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogThreshold = (typeof LOG_LEVELS)[number]

/** A sink that keeps lines of the given level and above. A line is out when the call returns, if anybody takes it. */
export function openLog(threshold: LogThreshold, isTerminal: boolean): LogSink {
  const format = isTerminal ? lineForPeople : jsonLines()
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

/** The lines of a logger that writes nothing itself. */
function jsonLines(): (line: LogLine) => string {
  let written = ''
  const logger = pino(
    {
      level: 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    {
      write: (line) => {
        written = line
      },
    },
  )
  return ({ level, message, facts, traceback }) => {
    logger[level]({ ...facts, ...(traceback ? { traceback } : {}) }, message)
    return visibleJson(written)
  }
}
