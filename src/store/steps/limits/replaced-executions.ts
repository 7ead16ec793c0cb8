/** Part of steps that create executions: cancels waiting executions that a newer one replaces. */

import type { ExecutionEnd } from '../../../engine/store-ports.ts'
import { CANCEL_UNFINISHED_TASKS } from '../../sql/executions/execution-sql.ts'
import type { OwnedRecord } from '../../store-rows.ts'
import { type Session, type Step, toRows } from '../../store-session.ts'
import { endChildWaits } from '../executions/child-waits.ts'
import { writeEnds } from '../executions/execution-ends.ts'

interface InputRecord {
  readonly execution_seq: number
  readonly context: string
}

/** The executions have not begun, and the caller has locked them. Their firings complete. */
export function* replaceExecutions(session: Session, ids: readonly string[], newest: string, at: number): Step<void> {
  const { findForSettling, listInputs } = session.sql.executions
  const records = yield* session.allEach<OwnedRecord>(findForSettling, toRows(ids))
  const inputs = yield* session.allEach<InputRecord>(listInputs, toRows(records.map(({ seq }) => seq)))
  const inputOf = new Map(inputs.map(({ execution_seq, context }) => [execution_seq, context]))
  const errorMessage = `cancelled: replaced by ${newest}`
  const endings = records.map((record) => {
    session.run(CANCEL_UNFINISHED_TASKS, at, record.seq)
    const finalText = inputOf.get(record.seq) ?? ''
    const end: ExecutionEnd = { status: 'Cancelled', endedAt: at, finalText, errorMessage }
    return { record, settlement: { changes: [], end } }
  })
  writeEnds(session, endings)
  const children = records.flatMap(({ id, origin }) => (origin === 'child' ? { id, at } : []))
  if (children.length > 0) yield* endChildWaits(session, children)
}
