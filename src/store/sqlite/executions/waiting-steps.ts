/**
 * Executions that no living instance runs or has the workflow of. Each function is the body of one step and runs in its transaction.
 */

import type { WaitingWorkflow } from '../../../model/history.ts'
import type { Connection } from '../file/connection.ts'

/** Values: the latest creation, then the living instances, twice, as JSON. */
const WAITING = `
status IN ('Pending', 'Running') AND created_at <= ?
AND (owner_seq IS NULL OR owner_seq NOT IN (SELECT value FROM json_each(?)))
AND workflow NOT IN (SELECT workflow FROM instance_workflows WHERE instance_seq IN (SELECT value FROM json_each(?)))`

const LIST_WAITING = `SELECT id FROM active_executions WHERE id IN (SELECT value FROM json_each(?)) AND ${WAITING}`

const COUNT_WAITING = `
SELECT workflow, count(*) AS executions FROM active_executions WHERE ${WAITING} GROUP BY workflow ORDER BY workflow`

export function listWaiting(
  connection: Connection,
  ids: readonly string[],
  createdUntil: number,
  living: ReadonlySet<number>,
): ReadonlySet<string> {
  const seqs = JSON.stringify([...living])
  const records = connection.all<{ readonly id: string }>(LIST_WAITING, JSON.stringify(ids), createdUntil, seqs, seqs)
  return new Set(records.map(({ id }) => id))
}

export function countWaiting(
  connection: Connection,
  createdUntil: number,
  living: ReadonlySet<number>,
): readonly WaitingWorkflow[] {
  const seqs = JSON.stringify([...living])
  return connection.all<WaitingWorkflow>(COUNT_WAITING, createdUntil, seqs, seqs)
}
