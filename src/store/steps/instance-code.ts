/** Steps of the code that engines announce, and the removal of triggers that no living engine declares. */

import type { InstanceCode, TriggerRemoval } from '../../engine/ports.ts'
import type { Database } from '../database.ts'
import { allOf, type Session, type Step } from '../session.ts'
import type { Declarations } from './declarations.ts'
import { seqOrThrow } from './instances.ts'
import { deadSeqs, type Liveness, livingSeqs } from './liveness.ts'

/** Takes a few milliseconds, as a step of retention does. */
const MAX_ROWS_PER_STEP = 300

const INSERT_WORKFLOW_VERSION = `
INSERT INTO instance_workflows (instance_seq, workflow, version) VALUES ($1, $2, $3)
ON CONFLICT (instance_seq, workflow) DO UPDATE SET version = excluded.version`

/** Announces the code of an engine, whose heartbeats repeat it; see the port. */
export function announce(
  { run, liveness }: Database,
  declarations: Declarations,
  instanceId: string,
  code: InstanceCode,
  at: number,
): Promise<void> {
  // An engine without triggers says nothing about the triggers of others.
  const isEmpty = code.polled.length + code.crons.length === 0
  const isDeclaring = declarations.keep(instanceId, 'code', isEmpty, function* (session, at, dead, isNew) {
    if (isNew) yield* storeCode(session, instanceId, code)
    if (!isEmpty) markUndeclared(session, at, dead)
  })
  return run(
    'write',
    function* (session) {
      yield* storeCode(session, instanceId, code)
      if (isDeclaring) markUndeclared(session, at, yield* deadSeqs(session, liveness, instanceId))
      session.notifyEngines()
    },
    'quiet',
  )
}

function* storeCode(session: Session, instanceId: string, code: InstanceCode): Step<void> {
  const { polled, crons, isPolling } = code
  const names = [...polled.map((name) => `poll ${name}`), ...crons.map((name) => `cron ${name}`)]
  const statement = 'UPDATE instances SET declared = $1, is_polling = $2 WHERE id = $3 RETURNING seq'
  const seq = seqOrThrow(yield* session.one(statement, names, isPolling, instanceId), instanceId)
  session.run('DELETE FROM instance_workflows WHERE instance_seq = $1', seq)
  for (const { name, version } of code.workflows) session.run(INSERT_WORKFLOW_VERSION, seq, name, version)
}

function markUndeclared(session: Session, at: number, deadSeqs: readonly number[]): void {
  for (const mark of session.sql.instanceCode.markUndeclared) session.run(mark, deadSeqs, at)
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
  const removed = yield* allOf([
    session.run('DELETE FROM triggers WHERE name = $1', name),
    session.run('DELETE FROM crons WHERE trigger_name = $1', name),
  ])
  return removed.some((rows) => rows > 0) ? 'removed' : 'unknown'
}
