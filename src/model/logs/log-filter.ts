/** Filters of log records by their stream and level. */

import type { LogRecord } from './log-record.ts'

export const RECORD_STREAMS = ['stdout', 'stderr', 'log'] as const

/** From the lowest to the highest. */
export const RECORD_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const

/** Filter of log records. */
export interface LogFilter {
  /** Only records of this stream. */
  readonly stream?: 'stdout' | 'stderr' | 'log'
  /** Only records of this level or a higher one. Output on stdout has the level INFO, and on stderr WARNING. */
  readonly level?: 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'CRITICAL'
}

/** Returns whether a record passes a filter. A record for a part that was cut always does. */
export function passesFilter(record: LogRecord, { stream, level }: LogFilter): boolean {
  if (record.stream === 'cut') return true
  if (stream !== undefined && record.stream !== stream) return false
  return level === undefined || levelOf(record) >= RECORD_LEVELS.indexOf(level)
}

/** Returns the index of the level. Levels with other names are like INFO. */
function levelOf({ stream, level }: LogRecord): number {
  const name = stream === 'log' ? level : stream === 'stderr' ? 'WARNING' : 'INFO'
  const names: readonly (string | undefined)[] = RECORD_LEVELS
  const index = names.indexOf(name)
  return index < 0 ? names.indexOf('INFO') : index
}
