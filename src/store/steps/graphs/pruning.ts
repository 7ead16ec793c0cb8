/** Parts of steps that remove old events, firings and polls. The remaining rows of a source or reactor have no gaps. */

import { causesOf } from '../../graphs/rows.ts'
import { allOf, type Session, type Step } from '../../session.ts'
import {
  DELETE_CAUSES,
  DELETE_EVENTS,
  DELETE_FIRING_EXECUTIONS,
  DELETE_FIRINGS,
  OLDEST_EVENTS,
  OLDEST_FIRINGS,
  PRUNE_POLLS,
} from '../../sql/graph-pruning.ts'

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
  for (const { source, lastSequence } of removed.flatMap(({ causes }) => causesOf(causes))) {
    last.set(source, Math.max(lastSequence, last.get(source) ?? 0))
  }
  for (const [source, lastSequence] of last) session.run(DELETE_CAUSES, source, seq, lastSequence)
  session.run(DELETE_FIRING_EXECUTIONS, seq, upTo)
  return removed.length
}

/** Removes polls with each of the outcomes. */
export function* prunePolls(session: Session, outcomes: readonly string[], before: number): Step<number> {
  const replies = outcomes.map((outcome) => session.run(PRUNE_POLLS, outcome, before))
  return (yield* allOf(replies)).reduce((sum, removed) => sum + removed, 0)
}
