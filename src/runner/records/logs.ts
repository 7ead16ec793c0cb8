/** What tasks and polls printed and logged, as JSON. Instants are RFC 3339. */

import { formatInstant } from '../../model/instant.ts'
import type { LogRecord } from '../../model/log.ts'
import type { PollLogRecords } from '../resources/poll-logs.ts'

export function logRecord<Record extends LogRecord>(record: Record) {
  return { ...record, at: formatInstant(record.at) }
}

export function pollLogRecord({ at, records, ...tick }: PollLogRecords) {
  return { ...tick, at: formatInstant(at), records: records.map(logRecord) }
}
