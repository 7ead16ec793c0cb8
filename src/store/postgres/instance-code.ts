/**
 * What code the living instances have, and the removal of triggers that none declares. Each function is the body of one step and runs in
 * its transaction.
 */

import type { InstanceCode, TriggerRemoval } from '../../engine/ports.ts'
import { declaredNames, declaresTriggers } from '../rows.ts'
import { ANNOUNCE } from './instance-queries.ts'
import { instanceSeqOrThrow, type Liveness } from './instance-steps.ts'
import type { Session } from './session/session.ts'

/** Of all instances but some, which are dead. */
const DECLARED = (n: number) => `SELECT unnest(declared) FROM instances WHERE seq <> ALL ($${n}::bigint[])`

const MARK_TRIGGERS = `
UPDATE triggers SET undeclared_at = $1 WHERE undeclared_at IS NULL AND 'poll ' || name NOT IN (${DECLARED(2)})`

const UNMARK_TRIGGERS = `
UPDATE triggers SET undeclared_at = NULL WHERE undeclared_at IS NOT NULL AND 'poll ' || name IN (${DECLARED(1)})`

const MARK_CRONS = `
UPDATE crons SET undeclared_at = $1
WHERE undeclared_at IS NULL AND trigger_name IS NOT NULL AND 'cron ' || trigger_name NOT IN (${DECLARED(2)})`

const UNMARK_CRONS = `
UPDATE crons SET undeclared_at = NULL WHERE undeclared_at IS NOT NULL AND 'cron ' || trigger_name IN (${DECLARED(1)})`

const DECLARERS = 'SELECT seq FROM instances WHERE declared && $1::text[]'

const OF_TRIGGER = 'trigger_seq = (SELECT seq FROM triggers WHERE name = $1)'
const OF_CRON = 'cron_seq = (SELECT seq FROM crons WHERE trigger_name = $1)'

/** What belongs to a trigger, a part at a time; the trigger itself goes last. */
const REMOVALS = [
  `DELETE FROM ticks t USING (SELECT outcome, last_at, seq FROM ticks WHERE ${OF_TRIGGER} LIMIT $2) g
   WHERE ${OF_TRIGGER} AND t.outcome = g.outcome AND t.last_at = g.last_at AND t.seq = g.seq`,
  `DELETE FROM firings f USING (SELECT fired_at, seq FROM firings WHERE ${OF_TRIGGER} LIMIT $2) g
   WHERE ${OF_TRIGGER} AND f.fired_at = g.fired_at AND f.seq = g.seq`,
  `DELETE FROM active_firings WHERE id IN (SELECT id FROM active_firings WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM cron_firings c USING (SELECT claimed_at, seq FROM cron_firings WHERE ${OF_CRON} LIMIT $2) g
   WHERE ${OF_CRON} AND c.claimed_at = g.claimed_at AND c.seq = g.seq`,
]
const DELETE_TRIGGER = 'DELETE FROM triggers WHERE name = $1'
const DELETE_TRIGGER_CRON = 'DELETE FROM crons WHERE trigger_name = $1'

/** A few milliseconds, as in retention. */
const ROWS_A_STEP = 300

/** What the instances of one store object have said of their code. */
export class InstanceCodes {
  readonly #liveness: Liveness
  /** `others`: which there were when what they declare was compared with this. */
  readonly #of = new Map<string, { readonly code: InstanceCode; others: string | null }>()

  constructor(liveness: Liveness) {
    this.#liveness = liveness
  }

  /** The step that says it. It is kept for when the instance has to enter again. */
  announcing(instanceId: string, code: InstanceCode, at: number): (session: Session) => Promise<void> {
    const marks = declaresTriggers(code) || declaresTriggers(this.#of.get(instanceId)?.code)
    this.#of.set(instanceId, { code, others: null })
    return async (session) => {
      await writeCode(session, await instanceSeqOrThrow(session, instanceId), code)
      if (marks) await markUndeclared(session, at, await this.#liveness.deadSeqs(session, instanceId))
      session.tell()
    }
  }

  forget(instanceId: string): void {
    this.#of.delete(instanceId)
  }

  /** A heartbeat, after which one that declared something may have come, gone or died, this one among them. True when it was not there. */
  async beat(session: Session, instanceId: string, at: number): Promise<boolean> {
    const isNew = await this.#liveness.enter(session, instanceId, at)
    const said = this.#of.get(instanceId)
    if (said === undefined) return isNew
    const others = await this.#liveness.others(session, instanceId)
    if (!isNew && others === said.others) return isNew
    said.others = others
    if (isNew) await writeCode(session, await instanceSeqOrThrow(session, instanceId), said.code)
    if (declaresTriggers(said.code))
      await markUndeclared(session, at, await this.#liveness.deadSeqs(session, instanceId))
    return isNew
  }
}

async function writeCode(session: Session, seq: number, code: InstanceCode): Promise<void> {
  const names = code.workflows.map(({ name }) => name)
  const versions = code.workflows.map(({ version }) => version)
  const [setTriggers, forgetWorkflows, addWorkflows] = ANNOUNCE
  await Promise.all([
    session.run(setTriggers, seq, declaredNames(code), code.isPolling),
    session.run(forgetWorkflows, seq, names),
    session.run(addWorkflows, seq, names, versions),
  ])
}

async function markUndeclared(session: Session, at: number, deadSeqs: readonly number[]): Promise<void> {
  for (const mark of [MARK_TRIGGERS, MARK_CRONS]) await session.run(mark, at, deadSeqs)
  for (const unmark of [UNMARK_TRIGGERS, UNMARK_CRONS]) await session.run(unmark, deadSeqs)
}

export async function removeTrigger(
  session: Session,
  name: string,
  livingSeqs: ReadonlySet<number>,
): Promise<TriggerRemoval> {
  const declarers = await session.all<{ readonly seq: number }>(DECLARERS, [`poll ${name}`, `cron ${name}`])
  if (declarers.some(({ seq }) => livingSeqs.has(seq))) return 'declared'
  for (const sql of REMOVALS) if ((await session.run(sql, name, ROWS_A_STEP)) > 0) return 'more'
  const removed = (await session.run(DELETE_TRIGGER, name)) + (await session.run(DELETE_TRIGGER_CRON, name))
  return removed === 0 ? 'unknown' : 'removed'
}
