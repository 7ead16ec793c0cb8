/** Lists of ticks. The function is the body of one step and runs in its transaction. */

import type { Page, TickFilter } from '../../../engine/ports.ts'
import type { TickRow } from '../../../model/schedule.ts'
import { type TickRecord, tickRow } from '../../rows.ts'
import type { Session, Value } from '../session/session.ts'

const COLUMNS =
  'seq, id, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, firing_id, execution_id, error, has_log'

/** The run of skips that is still open is the newest tick there is. */
const OPEN = `
SELECT true AS is_open, 0 AS seq, skip_tick_id AS id, 'skipped' AS outcome, skip_first_at AS first_at, skip_last_at AS last_at,
       skip_count AS count, skip_lateness_ms AS lateness_ms, skip_duration_ms AS duration_ms, skip_reason AS reason,
       NULL AS firing_id, NULL AS execution_id, NULL AS error, skip_log IS NOT NULL AS has_log
FROM triggers WHERE name = $1 AND skip_count > 0`

const CLOSED = `
SELECT false, t.seq, t.id, outcome, first_at, last_at, count, lateness_ms, duration_ms, reason, firing_id, execution_id, error,
       log IS NOT NULL
FROM ticks t
WHERE t.trigger_seq = (SELECT seq FROM triggers WHERE name = $1)`

const NEWEST_FIRST = 'ORDER BY last_at DESC, seq DESC'

export async function listTicks(
  session: Session,
  trigger: string,
  { limit, offset, outcomes, sinceAt, untilAt, after }: Page & TickFilter,
): Promise<readonly TickRow[]> {
  const values: Value[] = [trigger]
  const value = (given: Value) => `$${values.push(given)}`
  const filters: string[] = []
  if (outcomes !== undefined) filters.push(`outcome = ANY (${value(outcomes)}::text[])`)
  if (sinceAt !== undefined) filters.push(`last_at >= ${value(sinceAt)}`)
  const until = untilAt === undefined ? null : value(untilAt)
  if (until !== null) filters.push(`first_at < ${until}`)
  const where = filters.length === 0 ? '' : `WHERE ${filters.join(' AND ')}`
  const most = `LIMIT ${value(limit + offset)}`
  const parts: string[] = []
  if (after === undefined) {
    parts.push(OPEN)
    // The one that had begun before the end of the time and went on behind it: its last instant does not find it.
    if (until !== null) parts.push(`${CLOSED} AND last_at >= ${until} ORDER BY last_at, t.seq LIMIT 1`)
  }
  parts.push(`${CLOSED}${closedConditions(filters, until, after, value)} ${NEWEST_FIRST} ${most}`)
  const all = parts.map((part) => `(${part})`).join(' UNION ALL ')
  const shown = `SELECT ${COLUMNS} FROM (${after === undefined ? all : named(all)}) shown ${where} ORDER BY is_open DESC, last_at DESC, seq DESC`
  const page = `LIMIT ${value(limit)} OFFSET ${value(offset)}`
  return (await session.all<TickRecord>(`${shown} ${page}`, ...values)).map((record) => tickRow(record, trigger))
}

function closedConditions(
  filters: readonly string[],
  until: string | null,
  after: TickFilter['after'],
  value: (given: Value) => string,
): string {
  const conditions = [...filters]
  if (until !== null) conditions.push(`last_at < ${until}`)
  if (after !== undefined) {
    const lastAt = value(after.lastAt)
    // One that is gone, or was the open run of skips, has left its place to those of its instant.
    const place = `SELECT p.seq FROM ticks p WHERE p.trigger_seq = t.trigger_seq AND p.last_at = ${lastAt}::bigint AND p.id = ${value(after.id)}`
    conditions.push(`(last_at, t.seq) < (${lastAt}::bigint, coalesce((${place}), ${Number.MAX_SAFE_INTEGER}))`)
  }
  return conditions.map((condition) => ` AND ${condition}`).join('')
}

/** The names of the columns are those of the first part, which is not there behind a tick. */
function named(closed: string): string {
  return `(${OPEN} AND false) UNION ALL ${closed}`
}
