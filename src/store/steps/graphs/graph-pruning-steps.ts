/** Parts of steps that remove old events, firings and polls. The remaining rows of a source or reactor have no gaps. */

import { collectReplies, type Session, type Step } from '../../store-session.ts'
import { parseCauses } from './graph-rows.ts'

/** More than of other rows, because these are removed as ranges from the front. */
const MAX_ROWS_PER_STEP = 1_000

/**
 * A source or reactor that has old rows among its oldest, and the last of these. A row with the time of a wrong wall
 * clock is removed with the old rows after it, and does not keep them.
 */
const oldest = (owners: string, mark: string, table: string, owner: string, at: string) => `
SELECT seq, up_to FROM (
  SELECT ${owners}.seq, (
    SELECT max(sequence) FROM (
      SELECT sequence, ${at} AS at FROM ${table} WHERE ${owner} = ${owners}.seq
      ORDER BY sequence LIMIT ${MAX_ROWS_PER_STEP}
    ) first WHERE at < $1 AND sequence <= ${owners}.${mark}
  ) AS up_to
  FROM ${owners} WHERE ${mark} > 0
) oldest WHERE up_to IS NOT NULL LIMIT 1`

const OLDEST_EVENTS = oldest('sources', 'done_sequence', 'source_events', 'source_seq', 'accepted_at')

const DELETE_EVENTS = 'DELETE FROM source_events WHERE source_seq = $1 AND sequence <= $2'

const OLDEST_FIRINGS = oldest('reactors', 'last_sequence', 'reactor_firings', 'reactor_seq', 'fired_at')

const DELETE_FIRINGS = 'DELETE FROM reactor_firings WHERE reactor_seq = $1 AND sequence <= $2 RETURNING causes'

const DELETE_CAUSES = 'DELETE FROM firing_causes WHERE source = $1 AND reactor_seq = $2 AND last_sequence <= $3'

const DELETE_FIRING_EXECUTIONS = 'DELETE FROM firing_executions WHERE reactor_seq = $1 AND sequence <= $2'

const PRUNE_POLLS = `
DELETE FROM source_polls WHERE seq IN (
  SELECT seq FROM source_polls WHERE outcome = $1 AND last_at < $2 ORDER BY last_at LIMIT ${MAX_ROWS_PER_STEP})`

interface Oldest {
  readonly seq: number
  readonly up_to: number
}

/** Returns the number of removed rows, or 0 if none is old, like the next functions. */
export function* pruneEvents(session: Session, before: number): Step<number> {
  const found = yield* session.one<Oldest>(OLDEST_EVENTS, before)
  return found === undefined ? 0 : yield* session.run(DELETE_EVENTS, found.seq, found.up_to)
}

/** Keeps the executions that the firings started. */
export function* pruneReactorFirings(session: Session, before: number): Step<number> {
  const found = yield* session.one<Oldest>(OLDEST_FIRINGS, before)
  if (found === undefined) return 0
  const { seq, up_to: upTo } = found
  const removed = yield* session.all<{ readonly causes: string }>(DELETE_FIRINGS, seq, upTo)
  // Older firings have no causes any more, and newer firings have later causes.
  const last = new Map<string, number>()
  for (const { source, lastSequence } of removed.flatMap(({ causes }) => parseCauses(causes))) {
    last.set(source, Math.max(lastSequence, last.get(source) ?? 0))
  }
  for (const [source, lastSequence] of last) session.run(DELETE_CAUSES, source, seq, lastSequence)
  session.run(DELETE_FIRING_EXECUTIONS, seq, upTo)
  return removed.length
}

export function* prunePolls(session: Session, outcomes: readonly string[], before: number): Step<number> {
  const replies = outcomes.map((outcome) => session.run(PRUNE_POLLS, outcome, before))
  return (yield* collectReplies(replies)).reduce((sum, removed) => sum + removed, 0)
}
