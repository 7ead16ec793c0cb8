/** Where log lines go: pino on stderr, lines for people on a terminal, JSON lines otherwise. */

import { writeSync } from 'node:fs'
import pino from 'pino'
import type { LogLine, LogSink } from '../index.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogThreshold = (typeof LOG_LEVELS)[number]

/** A sink that keeps lines of the given level and above. Synchronous, so that nothing is lost at the end. */
export function openLog(threshold: LogThreshold, isTerminal: boolean): LogSink {
  if (isTerminal) return (line) => (isWanted(line, threshold) ? writeForPeople(line) : undefined)
  const logger = pino(
    {
      level: threshold,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  )
  return ({ level, message, facts, traceback }) =>
    logger[level]({ ...facts, ...(traceback ? { traceback } : {}) }, message)
}

function isWanted(line: LogLine, threshold: LogThreshold): boolean {
  return LOG_LEVELS.indexOf(line.level) >= LOG_LEVELS.indexOf(threshold)
}

function writeForPeople({ level, message, traceback }: LogLine): void {
  const time = new Date().toISOString().slice(11, 23)
  const trace = traceback ? `${traceback.trimEnd()}\n` : ''
  writeSync(2, `${time} ${level.toUpperCase().padEnd(5)} ${message}\n${trace}`)
}
