/**
 * Executions that no living instance runs or has the workflow of. Each function is the body of one step and runs in its transaction.
 */

import type { WaitingWorkflow } from '../../../model/history.ts'
import type { Session } from '../session/session.ts'

/** Values: the latest creation, and the living instances. */
const WAITING = `
status IN ('Pending', 'Running') AND created_at <= $1
AND (owner_seq IS NULL OR owner_seq <> ALL ($2::bigint[]))
AND workflow NOT IN (SELECT workflow FROM instance_workflows WHERE instance_seq = ANY ($2::bigint[]))`

const LIST_WAITING = `SELECT id FROM active_executions WHERE id = ANY ($3::text[]) AND ${WAITING}`

const COUNT_WAITING = `
SELECT workflow, count(*)::bigint AS executions FROM active_executions WHERE ${WAITING} GROUP BY workflow ORDER BY workflow`

export async function listWaiting(
  session: Session,
  ids: readonly string[],
  createdUntil: number,
  living: ReadonlySet<number>,
): Promise<ReadonlySet<string>> {
  const records = await session.all<{ readonly id: string }>(LIST_WAITING, createdUntil, [...living], ids)
  return new Set(records.map(({ id }) => id))
}

export function countWaiting(
  session: Session,
  createdUntil: number,
  living: ReadonlySet<number>,
): Promise<readonly WaitingWorkflow[]> {
  return session.all<WaitingWorkflow>(COUNT_WAITING, createdUntil, [...living])
}
