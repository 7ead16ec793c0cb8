/** What tasks and polls printed and logged, as JSON. Instants are RFC 3339. */

import type { LogRecord } from '../../model/log.ts'
import { formatInstant } from '../../model/time/instant.ts'
import type { ExecutionLogRecord } from '../resources/execution-log.ts'
import type { PollLogRecords } from '../resources/poll-logs.ts'

export function logRecord<Record extends LogRecord>(record: Record) {
  return { ...record, at: formatInstant(record.at) }
}

export function pollLogRecord({ at, records, ...tick }: PollLogRecords) {
  return { ...tick, at: formatInstant(at), records: records.map(logRecord) }
}

/**
 * Pieces of tasks that run at once are stored one after the other: by their instants. What one attempt says stays in its own order,
 * which its instants need not have.
 */
export function asItHappened(records: readonly ExecutionLogRecord[]): readonly ExecutionLogRecord[] {
  const latest = new Map<string, number>()
  const placed = records.map((record) => {
    const attempt = `${record.attempt} ${record.task}`
    const at = Math.max(record.at, latest.get(attempt) ?? record.at)
    latest.set(attempt, at)
    return { at, record }
  })
  return placed.sort((one, other) => one.at - other.at).map(({ record }) => record)
}
