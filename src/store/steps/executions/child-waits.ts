/**
 * Parts of settlements about child executions, whose end ends the waits of their parents in the same step. A settlement
 * locks the executions that it changes, the children for which its tasks begin to wait, and the parents that wait for
 * its end, in one order. So a parent that begins to wait either sees that the child has ended, or is seen by its end.
 */

import type { Settlement } from '../../../engine/store-ports.ts'
import { LIST_WAITS_FOR_CHILD } from '../../sql/executions/wait-sql.ts'
import type { RowValues, Session, Step } from '../../store-session.ts'
import { endWaits, type WaitKey } from './ended-waits.ts'

interface ParentWait extends WaitKey {
  /** Id of the parent. */
  readonly id: string
}

interface Ended {
  readonly id: string
  readonly at: number
}

/** Returns the ids of the executions to lock, also of those that settle. */
export function* findFamily(session: Session, settlements: readonly Settlement[]): Step<readonly string[]> {
  const ids = new Set(settlements.map(({ executionId }) => executionId))
  for (const { executionId, changes, end, isChild } of settlements) {
    for (const { wait } of changes) if (wait?.kind === 'child') ids.add(wait.childId)
    if (end === null || isChild === undefined) continue
    for (const { id } of yield* session.all<ParentWait>(LIST_WAITS_FOR_CHILD, executionId)) ids.add(id)
  }
  return [...ids]
}

/** Ends the new waits for children that had ended. `isActive`: tells whether a locked execution is active. */
export function* endLateWaits(
  session: Session,
  settled: readonly { readonly record: { readonly seq: number }; readonly settlement: Settlement }[],
  isActive: (id: string) => boolean,
  at: number,
): Step<void> {
  const late: RowValues[] = settled.flatMap(({ record: { seq }, settlement }) =>
    settlement.changes.flatMap(({ taskId, wait }) =>
      wait?.kind === 'child' && !isActive(wait.childId) ? [[seq, taskId, 'child', at, null]] : [],
    ),
  )
  if (late.length > 0) yield* session.eachHit(session.sql.waits.end, late)
}

/** Ends the waits for children. Returns the ids of the parents that an engine may acquire now, by child. */
export function* endChildWaits(
  session: Session,
  children: readonly Ended[],
): Step<ReadonlyMap<string, readonly string[]>> {
  const freed = new Map<string, readonly string[]>()
  for (const { id, at } of children) {
    const waits = yield* session.all<ParentWait>(LIST_WAITS_FOR_CHILD, id)
    if (waits.length === 0) continue
    freed.set(id, (yield* endWaits(session, waits, { kind: 'child', endedAt: at })).available)
  }
  return freed
}
