/** The SQL of approvals. */

import { withNames } from '../named.ts'
import type { Fragments } from '../sql-fragments.ts'

/** State at the time that is value `n`. The wait of an expired approval may still be open. */
const stateAt = (n: number): string => `CASE WHEN state = 'open' AND expires_at <= $${n} THEN 'expired' ELSE state END`

const columns = (at: number): string => `
  ${withNames('id, execution_id, workflow, node, title, form, created_at, expires_at, answer')},
  ${stateAt(at)} AS state`

/** Values: id, time. */
export const GET_APPROVAL = `SELECT ${columns(2)} FROM approvals WHERE id = $1`

export const FIND_APPROVAL_PLACE = 'SELECT seq FROM approvals WHERE id = $1'

/** Values: limit, offset, number of the row before the page, time, state or null, workflow or null. */
export const LIST_APPROVALS = `
SELECT ${columns(4)} FROM approvals
WHERE seq > $3 AND (CAST($5 AS text) IS NULL OR ${stateAt(4)} = $5) AND (CAST($6 AS text) IS NULL OR workflow = $6)
ORDER BY seq LIMIT $1 OFFSET $2`

/** Lists open approvals by their index. Values: limit, offset, number, time, workflow or null. */
export const LIST_OPEN_APPROVALS = `
SELECT ${columns(4)} FROM approvals
WHERE state = 'open' AND seq > $3 AND (expires_at IS NULL OR expires_at > $4)
  AND (CAST($5 AS text) IS NULL OR workflow = $5)
ORDER BY seq LIMIT $1 OFFSET $2`

/** Values: time. */
export const COUNT_OPEN_APPROVALS = `
SELECT count(*) AS open FROM approvals WHERE state = 'open' AND (expires_at IS NULL OR expires_at > $1)`

/** Values: id, time of the answer. */
export const FIND_OPEN_APPROVAL = `
SELECT execution_seq, node AS task_id FROM approvals
WHERE id = $1 AND state = 'open' AND (expires_at IS NULL OR expires_at > $2)`

/** Values: id, time, answer. */
export const ANSWER_APPROVAL = `UPDATE approvals SET state = 'answered', ended_at = $2, answer = $3 WHERE id = $1`

/** Values: number of an execution, time. */
export const CANCEL_APPROVALS = `
UPDATE approvals SET state = 'cancelled', ended_at = $2 WHERE execution_seq = $1 AND state = 'open'`

export function approvalSql({ insertRows, rows }: Fragments) {
  const end = (state: 'expired' | 'cancelled'): string => `
UPDATE approvals SET state = '${state}', ended_at = $3
WHERE state = 'open' AND (execution_seq, node) IN (
  SELECT execution_seq, node FROM ${rows('execution_seq bigint, node text')})`
  return {
    /** A node has at most one open approval, also if its opening is stored again. */
    insert: `
${insertRows(
  'approvals',
  'id text, execution_seq bigint, execution_id text, workflow text, node text, title text, form text, ' +
    'created_at bigint, expires_at bigint',
)}
ON CONFLICT DO NOTHING`,
    /** Rows: number of the execution, id of the node. Common value: time. */
    expire: end('expired'),
    cancel: end('cancelled'),
  }
}
