/** Output and log records of tasks and polls as JSON. Times are RFC 3339. */

import type { ExecutionLogRecord } from '../../engine/services/executions/execution-log.ts'
import type { PollLogRecords } from '../../engine/services/poll-logs.ts'
import type { LogRecord } from '../../model/logs/log-record.ts'
import { formatInstant } from '../../model/time/instant.ts'

export function logRecord<Record extends LogRecord>(record: Record) {
  return { ...record, at: formatInstant(record.at) }
}

export function pollLogRecord({ at, records, ...tick }: PollLogRecords) {
  return { ...tick, at: formatInstant(at), records: records.map(logRecord) }
}

/** Sorts records of parallel tasks by time. Each attempt keeps its own order, in which times may decrease. */
export function sortedByTime(records: readonly ExecutionLogRecord[]): readonly ExecutionLogRecord[] {
  const latest = new Map<string, number>()
  const placed = records.map((record) => {
    const attempt = `${record.attempt} ${record.task}`
    const at = Math.max(record.at, latest.get(attempt) ?? record.at)
    latest.set(attempt, at)
    return { at, record }
  })
  return placed.sort((one, other) => one.at - other.at).map(({ record }) => record)
}
