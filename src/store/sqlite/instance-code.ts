/**
 * What code the living instances have, and the removal of triggers that none declares. Each function is the body of one step
 * and runs in its transaction.
 */

import type { InstanceCode, TriggerRemoval } from '../../engine/ports.ts'
import { declaredNames, declaresTriggers } from '../rows.ts'
import type { Connection } from './file/connection.ts'
import { ANNOUNCE_TRIGGERS, ANNOUNCE_WORKFLOWS, FORGET_WORKFLOWS } from './instance-queries.ts'
import { instanceSeqOrThrow } from './instance-steps.ts'

const COUNT_DECLARED = 'SELECT json_array_length(declared) AS count FROM instances WHERE seq = ?'

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

/** Rows of a trigger, which is deleted after them. Values: the name, and the number of rows. */
const REMOVALS = [
  ['ticks', 'seq'],
  ['firings', 'id'],
  ['active_firings', 'id'],
].map(
  ([table, key]) => `
DELETE FROM ${table} WHERE ${key} IN (
  SELECT ${table}.${key} FROM ${table} JOIN triggers ON triggers.seq = trigger_seq WHERE name = ? LIMIT ?)`,
)
const REMOVE_CRON_FIRINGS = `
DELETE FROM cron_firings WHERE seq IN (
  SELECT cron_firings.seq FROM cron_firings JOIN crons ON crons.seq = cron_seq WHERE trigger_name = ? LIMIT ?)`
const DELETE_TRIGGER = 'DELETE FROM triggers WHERE name = ?'
const DELETE_TRIGGER_CRON = 'DELETE FROM crons WHERE trigger_name = ?'

/** A few milliseconds, as in retention. */
const ROWS_A_STEP = 300

/** In place of what it said before. `deadSeqs`: of instances whose word does not count. */
export function declareCode(
  connection: Connection,
  instanceId: string,
  code: InstanceCode,
  at: number,
  deadSeqs: readonly number[],
): void {
  const seq = instanceSeqOrThrow(connection, instanceId)
  const before = connection.one<{ readonly count: number }>(COUNT_DECLARED, seq)?.count ?? 0
  connection.run(ANNOUNCE_TRIGGERS, JSON.stringify(declaredNames(code)), Number(code.isPolling), seq)
  connection.run(FORGET_WORKFLOWS, seq)
  const versions = code.workflows.map(({ name, version }) => [name, version])
  connection.run(ANNOUNCE_WORKFLOWS, seq, JSON.stringify(versions))
  if (before > 0 || declaresTriggers(code)) markUndeclared(connection, at, deadSeqs)
}

function markUndeclared(connection: Connection, at: number, deadSeqs: readonly number[]): void {
  const dead = JSON.stringify(deadSeqs)
  for (const mark of [MARK_TRIGGERS, MARK_CRONS]) connection.run(mark, at, dead)
  for (const unmark of [UNMARK_TRIGGERS, UNMARK_CRONS]) connection.run(unmark, dead)
}

export function removeTrigger(connection: Connection, name: string, livingSeqs: ReadonlySet<number>): TriggerRemoval {
  const declarers = connection.all<{ readonly seq: number }>(DECLARERS, `poll ${name}`, `cron ${name}`)
  if (declarers.some(({ seq }) => livingSeqs.has(seq))) return 'declared'
  for (const sql of [...REMOVALS, REMOVE_CRON_FIRINGS]) if (connection.run(sql, name, ROWS_A_STEP) > 0) return 'more'
  const removed = connection.run(DELETE_TRIGGER, name) + connection.run(DELETE_TRIGGER_CRON, name)
  return removed === 0 ? 'unknown' : 'removed'
}
