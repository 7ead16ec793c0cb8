/** Steps of the code that engines announce, and the removal of triggers that no living engine declares. */

import type { InstanceCode, TriggerRemoval } from '../../engine/ports.ts'
import { declaredNames, declaresTriggers } from '../rows.ts'
import type { Session, Step } from '../session.ts'
import {
  DELETE_TRIGGER,
  DELETE_TRIGGER_CRON,
  DELETE_WORKFLOW_VERSIONS,
  INSERT_WORKFLOW_VERSION,
  SET_CODE,
} from '../sql/instance-code.ts'
import { seqOrThrow } from './instances.ts'
import { deadSeqs, type Liveness, livingSeqs } from './liveness.ts'

/** Takes a few milliseconds, as a step of retention does. */
const MAX_ROWS_PER_STEP = 300

/** `marks`: whether the engine declares triggers, or did before. */
export function* announce(
  session: Session,
  liveness: Liveness,
  instanceId: string,
  announced: { readonly code: InstanceCode; readonly marks: boolean; readonly at: number },
): Step<void> {
  yield* storeCode(session, instanceId, announced.code)
  if (announced.marks) markUndeclared(session, announced.at, yield* deadSeqs(session, liveness, instanceId))
  session.notifyEngines()
}

/** Part of a heartbeat; see `Declare`. */
export function* repeatCode(
  session: Session,
  instanceId: string,
  code: InstanceCode,
  others: { readonly at: number; readonly deadSeqs: readonly number[]; readonly isNew: boolean },
): Step<void> {
  if (others.isNew) yield* storeCode(session, instanceId, code)
  if (declaresTriggers(code)) markUndeclared(session, others.at, others.deadSeqs)
}

function* storeCode(session: Session, instanceId: string, code: InstanceCode): Step<void> {
  const values = [declaredNames(code), code.isPolling, instanceId]
  const seq = seqOrThrow(yield* session.one<{ readonly seq: number }>(SET_CODE, ...values), instanceId)
  session.run(DELETE_WORKFLOW_VERSIONS, seq)
  for (const { name, version } of code.workflows) session.run(INSERT_WORKFLOW_VERSION, seq, name, version)
}

function markUndeclared(session: Session, at: number, deadSeqs: readonly number[]): void {
  for (const mark of session.sql.instanceCode.markUndeclared) session.run(mark, deadSeqs, at)
  for (const unmark of session.sql.instanceCode.unmarkDeclared) session.run(unmark, deadSeqs)
}

/** Deletes the history of the trigger first, a part in each step, and the trigger in the last step. */
export function* removeTrigger(session: Session, liveness: Liveness, name: string, at: number): Step<TriggerRemoval> {
  const { listDeclarers, deleteHistory } = session.sql.instanceCode
  const declarers = session.all<{ readonly seq: number }>(listDeclarers, `poll ${name}`, `cron ${name}`)
  const living = yield* livingSeqs(session, liveness, at)
  if ((yield* declarers).some(({ seq }) => living.has(seq))) return 'declared'
  for (const statement of deleteHistory) {
    if ((yield* session.run(statement, name, MAX_ROWS_PER_STEP)) > 0) return 'more'
  }
  const removed = [session.run(DELETE_TRIGGER, name), session.run(DELETE_TRIGGER_CRON, name)]
  let rows = 0
  for (const reply of removed) rows += yield* reply
  return rows === 0 ? 'unknown' : 'removed'
}
