/**
 * Which triggers the code of living processes declares, and the removal of those that none does. Each function is the body of
 * one step and runs in its transaction.
 */

import type { DeclaredTriggers, TriggerRemoval } from '../../engine/ports.ts'
import type { Connection } from './file/connection.ts'

const SET_DECLARED = 'UPDATE instances SET declared = ? WHERE id = ?'

/** Of all instances but some, which are dead. */
const DECLARED = `
SELECT json_each.value FROM instances, json_each(instances.declared)
WHERE instances.seq NOT IN (SELECT dead.value FROM json_each(?) dead)`

const MARK_TRIGGERS = `
UPDATE triggers SET undeclared_at = ? WHERE undeclared_at IS NULL AND 'poll ' || name NOT IN (${DECLARED})`

const UNMARK_TRIGGERS = `
UPDATE triggers SET undeclared_at = NULL WHERE undeclared_at IS NOT NULL AND 'poll ' || name IN (${DECLARED})`

const MARK_CRONS = `
UPDATE crons SET undeclared_at = ?
WHERE undeclared_at IS NULL AND trigger_name IS NOT NULL AND 'cron ' || trigger_name NOT IN (${DECLARED})`

const UNMARK_CRONS = `
UPDATE crons SET undeclared_at = NULL WHERE undeclared_at IS NOT NULL AND 'cron ' || trigger_name IN (${DECLARED})`

const DECLARERS = `
SELECT DISTINCT instances.seq FROM instances, json_each(instances.declared) WHERE json_each.value IN (?, ?)`

/** What belongs to a trigger, a part at a time; the trigger itself goes last. */
const REMOVALS = [
  'DELETE FROM ticks WHERE seq IN (SELECT ticks.seq FROM ticks JOIN triggers ON triggers.seq = trigger_seq WHERE name = ? LIMIT ?)',
  'DELETE FROM firings WHERE seq IN (SELECT firings.seq FROM firings JOIN triggers ON triggers.seq = trigger_seq WHERE name = ? LIMIT ?)',
  'DELETE FROM cron_firings WHERE seq IN (SELECT cron_firings.seq FROM cron_firings JOIN crons ON crons.seq = cron_seq WHERE trigger_name = ? LIMIT ?)',
]
const DELETE_TRIGGER = 'DELETE FROM triggers WHERE name = ?'
const DELETE_TRIGGER_CRON = 'DELETE FROM crons WHERE trigger_name = ?'

/** A few milliseconds, as in retention. */
const ROWS_A_STEP = 300

/** `deadSeqs`: of instances whose word does not count. */
export function declareTriggers(
  connection: Connection,
  instanceId: string,
  { polled, crons }: DeclaredTriggers,
  at: number,
  deadSeqs: readonly number[],
): void {
  const names = [...polled.map((name) => `poll ${name}`), ...crons.map((name) => `cron ${name}`)]
  connection.run(SET_DECLARED, JSON.stringify(names), instanceId)
  const dead = JSON.stringify(deadSeqs)
  for (const mark of [MARK_TRIGGERS, MARK_CRONS]) connection.run(mark, at, dead)
  for (const unmark of [UNMARK_TRIGGERS, UNMARK_CRONS]) connection.run(unmark, dead)
}

export function removeTrigger(connection: Connection, name: string, livingSeqs: ReadonlySet<number>): TriggerRemoval {
  const declarers = connection.all<{ readonly seq: number }>(DECLARERS, `poll ${name}`, `cron ${name}`)
  if (declarers.some(({ seq }) => livingSeqs.has(seq))) return 'declared'
  for (const sql of REMOVALS) if (connection.run(sql, name, ROWS_A_STEP) > 0) return 'more'
  const removed = connection.run(DELETE_TRIGGER, name) + connection.run(DELETE_TRIGGER_CRON, name)
  return removed === 0 ? 'unknown' : 'removed'
}
