/** Steps of the states of triggers. A poll and a user change a state only if its version is the expected one. */

import type * as port from '../../engine/store-ports.ts'
import type * as polls from '../../engine/triggers/poll-records.ts'
import * as sql from '../sql/firing-sql.ts'
import type { Session, Step } from '../store-session.ts'
import { recordAction } from './action-steps.ts'

type Found = Omit<polls.TriggerStateRow, 'initialText' | 'previousText' | 'version'> & { readonly version: number }

interface LockedTrigger {
  readonly seq: number
  readonly initialText: string | null
  readonly leaseNumber: number
  readonly holderId: string | null
}

const UNCHANGED: Found = { version: 0, changedAt: null, changedBy: null, text: null }

/** Returns a conflict if the stored state is not the one that the poll received. The trigger must be locked. */
export function* findConflict(
  session: Session,
  triggerSeq: number,
  polled: polls.PolledState | undefined,
): Step<polls.StateChanged | null> {
  if (polled === undefined) return null
  const { version, text } = yield* storedState(session, triggerSeq)
  return version === polled.version ? null : { kind: 'stateChanged', state: { version, text } }
}

export function isStateChange(polled: polls.PolledState | undefined): polled is polls.PolledState {
  return polled !== undefined && polled.beforeText !== polled.afterText
}

export function savePolledState(
  session: Session,
  triggerSeq: number,
  polled: polls.PolledState | undefined,
  at: number,
): void {
  if (!isStateChange(polled)) return
  session.run(sql.SAVE_STATE, triggerSeq, polled.version + 1, at, 'poll', polled.afterText, polled.beforeText)
}

function* storedState(session: Session, triggerSeq: number): Step<Found> {
  return (yield* session.one<Found>(sql.FIND_STATE, triggerSeq)) ?? UNCHANGED
}

export function* getState(session: Session, trigger: string): Step<polls.TriggerStateRow | null> {
  const row = yield* session.one<polls.TriggerStateRow & { readonly version: number | null }>(sql.GET_STATE, trigger)
  return row === undefined ? null : { ...row, version: row.version ?? 0 }
}

export function* changeState(session: Session, change: port.StateChange): Step<polls.StateChangeResult> {
  const { trigger, text, lease, at } = change
  const locked = yield* session.one<LockedTrigger>(session.sql.firings.lockForState, trigger)
  if (locked === undefined) return { kind: 'unknown' }
  const { seq, initialText, leaseNumber, holderId } = locked
  if (initialText === null) return { kind: 'stateless' }
  const isHeld = lease === null && holderId !== null && (yield* session.liveness.isAlive(session, holderId, at))
  if (isHeld || (lease !== null && lease !== leaseNumber)) return { kind: 'held' }
  const stored = yield* storedState(session, seq)
  if (change.version !== null && change.version !== stored.version) {
    return { kind: 'stateChanged', state: { version: stored.version, text: stored.text } }
  }
  const previousText = stored.text ?? initialText
  const changed = { text, version: stored.version + 1, previousText, changedAt: at }
  const makeRow = (changedBy: string): polls.TriggerStateRow => ({ ...changed, initialText, changedBy })
  const recorded = change.recorded(makeRow(''))
  const changedBy = recorded.action.id
  session.run(sql.SAVE_STATE, seq, changed.version, at, changedBy, text, previousText)
  recordAction(session, recorded)
  return { kind: 'stored', state: makeRow(changedBy) }
}

export function* leasedFacts(session: Session, names: readonly string[]): Step<ReadonlyMap<string, polls.LeasedFacts>> {
  const listing = session.all<{ readonly name: string } & polls.StoredState>(session.sql.firings.listStates, names)
  const waiting = session.all<{ readonly name: string }>(sql.LIST_TRIGGERS_WITH_WAITING)
  const states = new Map((yield* listing).map(({ name, version, text }) => [name, { version, text }]))
  const withWaiting = new Set((yield* waiting).map(({ name }) => name))
  return new Map(names.map((name) => [name, { state: states.get(name) ?? null, hasWaiting: withWaiting.has(name) }]))
}
