/** Part of the steps that free slots of attempts: it offers them to the first tasks in the line. */

import { LIST_UNTAKEN_WORKFLOWS } from '../../sql/executions/limit-sql.ts'
import { type Session, type Step, toRows } from '../../store-session.ts'
import { freeSlots, type KeyState, OFFER_MS, slotsFor, type TaskPlace } from './key-states.ts'

interface Candidate extends TaskPlace {
  readonly id: string
  readonly owner_seq: number | null
}

/** Times of a step: that of the engine, and that of the database. */
export interface StepTimes {
  readonly at: number
  readonly now: number
}

export interface Offered {
  /** Executions to which slots were offered. */
  readonly executionIds: readonly string[]
  /** Executions that an engine may acquire now. */
  readonly available: readonly string[]
}

/** Offers free slots of locked keys. Passes over executions that are paused, or that other transactions have locked. */
export function* offerSlots(session: Session, states: Iterable<KeyState>, { at, now }: StepTimes): Step<Offered> {
  const { offer, makeAvailable } = session.sql.limits
  const executionIds: string[] = []
  const available: string[] = []
  for (const state of states) {
    const free = state.first === null ? 0 : freeSlots(state, now)
    if (free === 0) continue
    const candidates = yield* findCandidates(session, state, free, now)
    const found = candidates.filter((candidate, index) => slotsFor(candidate, free - index, state) > 0)
    if (found.length === 0) continue
    session.each(
      offer,
      found.map(({ seq, taskId }) => [seq, taskId]),
      at,
      now,
    )
    const ids = [...new Set(found.map(({ id }) => id))]
    executionIds.push(...ids)
    const made = yield* session.allEach<{ readonly id: string }>(makeAvailable, toRows(ids))
    available.push(...made.map(({ id }) => id))
    // Their owners read the ended waits.
    if (found.some(({ owner_seq }) => owner_seq !== null)) session.notifyEngines()
  }
  if (available.length > 0) session.notifyEnginesOf(available)
  return { executionIds, available }
}

/**
 * Returns the first tasks in a line. While no engine acquires the executions of a workflow, tasks of other workflows
 * are offered slots before them, because each of its tasks would keep a slot unused for `OFFER_MS`.
 */
function* findCandidates(
  session: Session,
  { key: { name, value }, hasUntaken }: KeyState,
  count: number,
  now: number,
): Step<readonly Candidate[]> {
  const { listCandidates } = session.sql.limits
  const untaken = hasUntaken
    ? yield* session.all<{ readonly workflow: string }>(LIST_UNTAKEN_WORKFLOWS, name, value, now - OFFER_MS)
    : []
  const passedOver = untaken.map(({ workflow }) => workflow)
  const found = yield* session.all<Candidate>(listCandidates, name, value, count, passedOver)
  if (passedOver.length === 0 || found.length === count) return found
  const all = yield* session.all<Candidate>(listCandidates, name, value, count, [])
  const isFound = ({ seq, taskId }: Candidate) => found.some((each) => each.seq === seq && each.taskId === taskId)
  return [...found, ...all.filter((each) => !isFound(each))].slice(0, count)
}
