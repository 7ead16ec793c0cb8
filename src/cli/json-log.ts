/** Formats log lines as JSON lines of pino. Used by `serve.ts`, only on request because pino loads slowly. */

import pino from 'pino'
import type { LogFormat } from './engine-log.ts'
import { visibleJson } from './visible-text.ts'

/** Returns a format that uses a pino logger without an output. */
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
