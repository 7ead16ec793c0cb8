/** Removes old events and firings, the oldest of each source and reactor first: what is left has no gaps. */

import { causesOf } from '../../graphs/rows.ts'
import type { Connection } from '../file/connection.ts'

/** More than of other rows: these are removed by ranges, from the front. */
const ROWS_A_STEP = 1_000

/**
 * Up to which one of the oldest rows all may go: the last of them that is old. One of a wall clock that was wrong goes with those behind
 * it, and keeps none of them.
 */
const oldest = (table: string, at: string, owner: string) => `
SELECT max(sequence) AS up_to FROM (SELECT sequence, ${at} AS at FROM ${table} WHERE ${owner} = ? ORDER BY sequence LIMIT ${ROWS_A_STEP})
WHERE at < ? AND sequence <= ?`

const LIST_DONE = 'SELECT seq, done_sequence AS up_to FROM sources WHERE done_sequence > 0'
const OLDEST_EVENTS = oldest('source_events', 'accepted_at', 'source_seq')
const DELETE_EVENTS = 'DELETE FROM source_events WHERE source_seq = ? AND sequence <= ?'

const LIST_FIRED = 'SELECT seq, last_sequence AS up_to FROM reactors WHERE last_sequence > 0'
const OLDEST_FIRINGS = oldest('reactor_firings', 'fired_at', 'reactor_seq')
const DELETE_FIRINGS = 'DELETE FROM reactor_firings WHERE reactor_seq = ? AND sequence <= ? RETURNING causes'
const DELETE_CAUSE = 'DELETE FROM firing_causes WHERE source = ? AND reactor_seq = ? AND last_sequence = ?'
const DELETE_FIRING_EXECUTIONS = 'DELETE FROM firing_executions WHERE reactor_seq = ? AND sequence <= ?'

const PRUNE_POLLS = `
DELETE FROM source_polls
WHERE seq IN (SELECT seq FROM source_polls WHERE outcome = ? AND last_at < ? ORDER BY last_at LIMIT ${ROWS_A_STEP})`

interface Progress {
  readonly seq: number
  readonly up_to: number
}

/** How many rows went; 0 when nothing is left to remove. */
export function pruneEvents(connection: Connection, before: number): number {
  for (const { seq, up_to: done } of connection.all<Progress>(LIST_DONE)) {
    const upTo = lastOld(connection, OLDEST_EVENTS, seq, before, done)
    if (upTo !== null) return connection.run(DELETE_EVENTS, seq, upTo)
  }
  return 0
}

/** The same of firings, with what is kept of each beside it. The executions that they started stay. */
export function pruneReactorFirings(connection: Connection, before: number): number {
  for (const { seq, up_to: last } of connection.all<Progress>(LIST_FIRED)) {
    const upTo = lastOld(connection, OLDEST_FIRINGS, seq, before, last)
    if (upTo === null) continue
    const removed = connection.all<{ readonly causes: string }>(DELETE_FIRINGS, seq, upTo)
    for (const { source, lastSequence } of removed.flatMap(({ causes }) => causesOf(causes))) {
      connection.run(DELETE_CAUSE, source, seq, lastSequence)
    }
    connection.run(DELETE_FIRING_EXECUTIONS, seq, upTo)
    return removed.length
  }
  return 0
}

/** The same of polls of sources that came to the same. */
export function prunePolls(connection: Connection, outcome: string, before: number): number {
  return connection.run(PRUNE_POLLS, outcome, before)
}

function lastOld(connection: Connection, sql: string, seq: number, before: number, upTo: number): number | null {
  return connection.one<{ readonly up_to: number | null }>(sql, seq, before, upTo)?.up_to ?? null
}
