/** Log lines as JSON lines of pino's, for whoever collects them. Used by `serve.ts`; pino takes its time to load. */

import pino from 'pino'
import type { LogFormat } from './log.ts'
import { visibleJson } from './visible-text.ts'

/** The lines of a logger that writes nothing itself. */
export function jsonLines(): LogFormat {
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
