/**
 * Steps of executions that wait until fewer executions of their trigger are active. The end of an execution lets the
 * oldest one begin in the same step.
 *
 * On PostgreSQL, an end may be stored while other firings are stored that it does not see. `releaseWaiting` waits for
 * such ends, so an engine calls it after each firing that waits.
 */

import type { ReleasedExecutions } from '../../engine/triggers/poll-records.ts'
import { DEFAULT_POLICY, type TriggerPolicy } from '../../model/policy.ts'
import * as sql from '../sql/firing-sql.ts'
import { FIND_TRIGGER_SEQ } from '../sql/trigger-sql.ts'
import { jsonOrEmpty, type TriggerRecord } from '../store-rows.ts'
import type { Session, Step } from '../store-session.ts'
import { checkReleased, type ReleasedExecution } from './limits/execution-slots.ts'
import { keepNewestReleased } from './limits/start-admission.ts'

/** Active firings of a trigger, and those of them that wait. */
export interface Begun {
  readonly active: number
  readonly waiting: number
}

const NONE = { released: [], waiting: 0, replaced: 0 }

export function* releaseWaiting(session: Session, trigger: string, at: number): Step<ReleasedExecutions> {
  const found = yield* session.one<{ readonly seq: number }>(FIND_TRIGGER_SEQ, trigger)
  if (found === undefined) return { released: [], waiting: 0 }
  yield* session.all(session.sql.firings.lockBegun, found.seq)
  return yield* releaseUpToLimit(session, trigger, at)
}

/** Locks the trigger, after its executions that have ended in the same step. */
export function* releaseUpToLimit(session: Session, trigger: string, at: number): Step<ReleasedExecutions> {
  const released: string[] = []
  let found = yield* releaseFree(session, trigger, at)
  released.push(...found.released)
  // Executions that newer ones replaced have ended, so that others may begin.
  while (found.replaced > 0) {
    found = yield* releaseFree(session, trigger, at)
    released.push(...found.released)
  }
  return { released, waiting: found.waiting }
}

interface Released extends ReleasedExecutions {
  /** Number of executions that ended because newer ones replaced them. */
  readonly replaced: number
}

function* releaseFree(session: Session, trigger: string, at: number): Step<Released> {
  const { lockLimit, releaseWaiting } = session.sql.firings
  const locked = yield* session.one<Pick<TriggerRecord, 'policy' | 'overrides'> & { readonly seq: number }>(
    lockLimit,
    trigger,
  )
  const counted =
    locked === undefined ? undefined : yield* session.one<Begun>(sql.COUNT_BEGUN, locked.seq, sql.triggerLine(trigger))
  if (locked === undefined || counted === undefined || counted.waiting === 0) return NONE
  const { active, waiting } = counted
  const { maxActive }: TriggerPolicy = {
    ...DEFAULT_POLICY,
    ...jsonOrEmpty(locked.policy),
    ...jsonOrEmpty(locked.overrides),
  }
  const free = maxActive === null ? waiting : maxActive - (active - waiting)
  if (free <= 0) return { ...NONE, waiting }
  const released = yield* session.all<ReleasedExecution>(releaseWaiting, sql.triggerLine(trigger), free)
  return { ...(yield* beginReleased(session, released, at)), waiting: waiting - released.length }
}

/** Lets the waiting executions of a removed trigger begin. */
export function* endWaiting(session: Session, trigger: string, at: number): Step<void> {
  const released = yield* session.all<ReleasedExecution>(sql.END_WAITING, sql.triggerLine(trigger))
  yield* beginReleased(session, released, at)
}

/** Lets executions begin, or wait for the limit of their workflow. */
function* beginReleased(
  session: Session,
  released: readonly ReleasedExecution[],
  at: number,
): Step<Pick<Released, 'released' | 'replaced'>> {
  const ids = yield* checkReleased(session, released)
  if (ids.length > 0) session.notifyEnginesOf(ids)
  const begun = new Set(ids)
  const waiting = released.filter(({ id }) => !begun.has(id))
  return { released: ids, replaced: waiting.length === 0 ? 0 : yield* keepNewestReleased(session, waiting, at) }
}
