/** Removes old events and firings, the oldest of each source and reactor first: what is left has no gaps. */

import { causesOf } from '../../graphs/rows.ts'
import type { Session } from '../session/session.ts'

/** More than of other rows: these are removed by ranges, from the front. */
const ROWS_A_STEP = 1_000

/**
 * Of one source or reactor up to which one of its oldest rows all may go: the last of them that is old. One of a wall clock that was wrong
 * goes with those behind it, and keeps none of them.
 */
const oldest = (table: string, at: string, owners: string, owner: string, mark: string) => `
SELECT ${owners}.seq, oldest.up_to FROM ${owners} CROSS JOIN LATERAL (
  SELECT max(sequence) AS up_to FROM (
    SELECT sequence, ${at} AS at FROM ${table} WHERE ${owner} = ${owners}.seq ORDER BY sequence LIMIT ${ROWS_A_STEP}
  ) first WHERE at < $1 AND sequence <= ${mark}
) oldest WHERE ${mark} > 0 AND oldest.up_to IS NOT NULL LIMIT 1`

const OLDEST_EVENTS = oldest('source_events', 'accepted_at', 'sources', 'source_seq', 'done_sequence')
const DELETE_EVENTS = 'DELETE FROM source_events WHERE source_seq = $1 AND sequence <= $2'

const OLDEST_FIRINGS = oldest('reactor_firings', 'fired_at', 'reactors', 'reactor_seq', 'last_sequence')
const DELETE_FIRINGS = 'DELETE FROM reactor_firings WHERE reactor_seq = $1 AND sequence <= $2 RETURNING causes'
const DELETE_CAUSES = `
DELETE FROM firing_causes USING unnest($2::text[], $3::bigint[]) AS g (source, last_sequence)
WHERE firing_causes.source = g.source AND reactor_seq = $1 AND firing_causes.last_sequence = g.last_sequence`
const DELETE_FIRING_EXECUTIONS = 'DELETE FROM firing_executions WHERE reactor_seq = $1 AND sequence <= $2'

const PRUNE_POLLS = `
DELETE FROM source_polls WHERE seq IN (
  SELECT seq FROM source_polls WHERE outcome = ANY ($1::text[]) AND last_at < $2 ORDER BY last_at LIMIT ${ROWS_A_STEP})`

interface Oldest {
  readonly seq: number
  readonly up_to: number
}

/** How many rows went; 0 when nothing is left to remove. */
export async function pruneEvents(session: Session, before: number): Promise<number> {
  const found = await session.one<Oldest>(OLDEST_EVENTS, before)
  return found === undefined ? 0 : await session.run(DELETE_EVENTS, found.seq, found.up_to)
}

/** The same of firings, with what is kept of each beside it. The executions that they started stay. */
export async function pruneReactorFirings(session: Session, before: number): Promise<number> {
  const found = await session.one<Oldest>(OLDEST_FIRINGS, before)
  if (found === undefined) return 0
  const { seq, up_to: upTo } = found
  const removed = await session.all<{ readonly causes: string }>(DELETE_FIRINGS, seq, upTo)
  const causes = removed.flatMap((firing) => causesOf(firing.causes))
  const sources = causes.map(({ source }) => source)
  await Promise.all([
    session.run(
      DELETE_CAUSES,
      seq,
      sources,
      causes.map(({ lastSequence }) => lastSequence),
    ),
    session.run(DELETE_FIRING_EXECUTIONS, seq, upTo),
  ])
  return removed.length
}

/** The same of polls of sources that came to one of these. */
export function prunePolls(session: Session, outcomes: readonly string[], before: number): Promise<number> {
  return session.run(PRUNE_POLLS, outcomes, before)
}
