/**
 * Which triggers the code of living processes declares, and the removal of those that none does. Each function is the body of one step and
 * runs in its transaction.
 */

import type { DeclaredTriggers, TriggerRemoval } from '../../engine/ports.ts'
import type { Liveness } from './instance-steps.ts'
import type { Session } from './session/session.ts'

const SET_DECLARED = 'UPDATE instances SET declared = $1::text[] WHERE id = $2'

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
  `DELETE FROM ticks WHERE seq IN (SELECT seq FROM ticks WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM firings WHERE seq IN (SELECT seq FROM firings WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM cron_firings WHERE seq IN (SELECT seq FROM cron_firings WHERE ${OF_CRON} LIMIT $2)`,
]
const DELETE_TRIGGER = 'DELETE FROM triggers WHERE name = $1'
const DELETE_TRIGGER_CRON = 'DELETE FROM crons WHERE trigger_name = $1'

/** A few milliseconds, as in retention. */
const ROWS_A_STEP = 300

/** What the instances of one store object have said that they declare. */
export class Declarations {
  readonly #liveness: Liveness
  /** `others`: which there were when what they declare was compared with this. */
  readonly #of = new Map<string, { readonly triggers: DeclaredTriggers; others: string | null }>()

  constructor(liveness: Liveness) {
    this.#liveness = liveness
  }

  /** The step that says it. */
  declaring(instanceId: string, triggers: DeclaredTriggers, at: number): (session: Session) => Promise<void> {
    this.#of.set(instanceId, { triggers, others: null })
    return async (session) => this.#declare(session, instanceId, triggers, at)
  }

  forget(instanceId: string): void {
    this.#of.delete(instanceId)
  }

  /** A heartbeat, after which one that declared something may have come, gone or died, this one among them. */
  async beat(session: Session, instanceId: string, at: number): Promise<void> {
    const isNew = await this.#liveness.enter(session, instanceId, at)
    const said = this.#of.get(instanceId)
    if (said === undefined) return
    const others = await this.#liveness.others(session, instanceId)
    if (!isNew && others === said.others) return
    said.others = others
    await this.#declare(session, instanceId, said.triggers, at)
  }

  async #declare(session: Session, instanceId: string, triggers: DeclaredTriggers, at: number): Promise<void> {
    const deadSeqs = await this.#liveness.deadSeqs(session, instanceId)
    await declareTriggers(session, instanceId, triggers, at, deadSeqs)
  }
}

async function declareTriggers(
  session: Session,
  instanceId: string,
  { polled, crons }: DeclaredTriggers,
  at: number,
  deadSeqs: readonly number[],
): Promise<void> {
  const names = [...polled.map((name) => `poll ${name}`), ...crons.map((name) => `cron ${name}`)]
  await session.run(SET_DECLARED, names, instanceId)
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
