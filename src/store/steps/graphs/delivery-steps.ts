/**
 * Steps that give values to reactors, which fire. Locks are taken in one order (the source, then reactors and graphs by
 * their names) in a transaction of their own, so that two deliveries never wait for each other.
 */

import type { Delivery, DeliveryResult, FiringByHand } from '../../../engine/graphs/graph-store.ts'
import type { ActionFactory } from '../../../engine/store-ports.ts'
import { firingId } from '../../../model/graphs/firing-ids.ts'
import type { ReactorFiring, ValueText } from '../../../model/graphs/graph-model-rows.ts'
import { emitValues } from '../../../model/graphs/kept-values.ts'
import { firingPayload, type InputState, type NewFiring, reactToValues } from '../../../model/graphs/reactions.ts'
import type { NewValue } from '../../../model/graphs/stream-events.ts'
import { LIST_INPUTS, LIST_INPUTS_BESIDE } from '../../sql/reactor-sql.ts'
import { FORGET_KEPT, LIST_KEPT, MOVE_SOURCE, SAVE_LAST_VALUE } from '../../sql/source-sql.ts'
import { faultText } from '../../store-rows.ts'
import type { Session, Step } from '../../store-session.ts'
import { recordActionIf } from '../action-steps.ts'
import { causesText, type InputRecord, type ReactorRecord, reactorFiring } from './graph-rows.ts'
import type { LockedSource } from './source-steps.ts'

interface InputRecordOf extends InputRecord {
  readonly reactorSeq: number
}

interface ReactorChange {
  readonly reactor: ReactorRecord
  readonly inputs: readonly (InputState & { readonly seq: number; readonly hasNewValue: boolean })[]
  readonly firings: readonly NewFiring[]
}

export function* deliver(session: Session, delivery: Delivery): Step<DeliveryResult> {
  const { source, at } = delivery
  const found = yield* lock(session, delivery)
  if (found.source === undefined || isLost(found.source, delivery)) return { kind: 'lost' }
  moveSource(session, found.source.seq, delivery)
  const values = emittedValues(session, found.source.seq, delivery, found.kept)
  const last = values.at(-1)
  if (last === undefined) return { kind: 'delivered', firings: [], run: [] }
  session.run(SAVE_LAST_VALUE, found.source.seq, at, last.valueText)
  const changes = found.reactors.map((reactor) => change(reactor, found.inputs, source, values, at))
  setInputs(session, changes)
  const fired = changes.filter(({ firings }) => firings.length > 0)
  if (fired.length === 0) return { kind: 'delivered', firings: [], run: [] }
  insertFirings(session, fired, at)
  session.notifyEngines()
  const firings = fired.flatMap((each) => firingsOf(each, at))
  return { kind: 'delivered', firings, run: yield* passToGraphs(session, fired, delivery) }
}

/** Locks and reads the rows. `kept`: the values of a state accumulator. */
function* lock(session: Session, { source, values, capacity }: Delivery) {
  const locked = session.one<LockedSource>(session.sql.sources.lock, source)
  if (values.length === 0) return { source: yield* locked, reactors: [], inputs: [], kept: [] }
  const reactors = session.all<ReactorRecord>(session.sql.reactors.lockReactorsOfSource, source)
  const inputs = session.all<InputRecordOf>(LIST_INPUTS_BESIDE, source)
  const kept = capacity === null ? [] : yield* session.all<{ readonly value: ValueText }>(LIST_KEPT, source)
  const texts = kept.map(({ value }) => value)
  return { source: yield* locked, reactors: yield* reactors, inputs: yield* inputs, kept: texts }
}

/** Whether another engine has taken the source, or these events were delivered before: nothing is stored. */
function isLost(found: LockedSource, { instanceId, lease, upToSequence, values, failures }: Delivery): boolean {
  if (found.lease_id !== instanceId || found.lease_number !== lease) return true
  const first = Math.min(upToSequence, values[0]?.firstSequence ?? upToSequence, failures[0]?.sequence ?? upToSequence)
  return first <= found.done_sequence || upToSequence > found.last_sequence
}

function moveSource(session: Session, seq: number, { upToSequence, dropped, failures, at }: Delivery): void {
  const failure = failures.at(-1)
  const error = failure === undefined ? [null, null] : [faultText(failure.error), at]
  session.run(MOVE_SOURCE, seq, upToSequence, dropped, failures.length, ...error)
}

/** Returns the values as they are or, for a state accumulator, its list, which is stored. */
function emittedValues(
  session: Session,
  seq: number,
  { values, capacity }: Delivery,
  kept: readonly ValueText[],
): readonly NewValue[] {
  if (capacity === null || values.length === 0) return values
  const emission = emitValues(kept, values, capacity)
  if (emission.forgotten > 0) session.run(FORGET_KEPT, seq, emission.forgotten)
  const added = emission.added.map(({ lastSequence, valueText }) => [seq, lastSequence, valueText])
  session.each(session.sql.sources.keepValue, added)
  return emission.values
}

function change(
  reactor: ReactorRecord,
  allInputs: readonly InputRecordOf[],
  source: string,
  values: readonly NewValue[],
  at: number,
): ReactorChange {
  const inputs = allInputs.filter(({ reactorSeq }) => reactorSeq === reactor.seq)
  const reaction = reactToValues({ ...reactor, inputs }, source, values, at)
  const changed = reaction.inputs.flatMap((now, index) => {
    const before = inputs[index]
    const isChanged = before !== undefined && (now.source === source || now.dirtyFrom !== before.dirtyFrom)
    return isChanged ? { ...now, seq: before.seq, hasNewValue: now.sequence !== before.sequence } : []
  })
  return { reactor, inputs: changed, firings: reaction.firings }
}

function setInputs(session: Session, changes: readonly ReactorChange[]): void {
  const { setDirty, setInput } = session.sql.reactors
  const inputs = changes.flatMap((each) => each.inputs)
  const values = inputs.filter(({ hasNewValue }) => hasNewValue)
  const rows = values.map((input) => [input.seq, input.valueText, input.valueAt, input.sequence, input.dirtyFrom])
  const marks = inputs.filter(({ hasNewValue }) => !hasNewValue).map(({ seq, dirtyFrom }) => [seq, dirtyFrom])
  session.each(setInput, rows)
  session.each(setDirty, marks)
}

function insertFirings(session: Session, fired: readonly ReactorChange[], at: number): void {
  const { countFirings, insertCause, insertFiring } = session.sql.reactors
  const firings = fired.flatMap(({ reactor: { seq }, firings }) => firings.map((firing) => ({ ...firing, seq })))
  const rows = firings.map(({ seq, sequence, causes, payloadText }) => {
    return [seq, sequence, at, null, causesText(causes), payloadText]
  })
  const causes = firings.flatMap(({ seq, sequence, causes }) =>
    causes.map(({ source, firstSequence, lastSequence }) => [source, seq, lastSequence, firstSequence, sequence]),
  )
  const counts = fired.map(({ reactor, firings }) => [reactor.seq, reactor.lastSequence + firings.length, at])
  session.each(insertFiring, rows)
  session.each(insertCause, causes)
  session.each(countFirings, counts)
}

function firingsOf({ reactor: { name, key }, firings }: ReactorChange, at: number): readonly ReactorFiring[] {
  return firings.map((firing) => {
    const id = firingId({ key, sequence: firing.sequence })
    return { ...firing, id, reactor: name, firedAt: at, byHand: null }
  })
}

function* passToGraphs(
  session: Session,
  fired: readonly ReactorChange[],
  { graphs }: Delivery,
): Step<readonly string[]> {
  const rows = fired.flatMap(({ reactor: { name, lastSequence }, firings }) => {
    const bound = graphs.filter(({ reactor }) => reactor === name)
    return bound.map(({ graph }) => [graph, name, lastSequence, lastSequence + firings.length] as const)
  })
  const hits = yield* session.eachHit(session.sql.reactors.passToGraph, rows)
  return rows.flatMap(([graph], index) => (hits[index] ? graph : []))
}

/** Returns null if there is no such reactor, or one of the values is for none of its sources. */
export function* fireByHand(
  session: Session,
  { reactor: name, by, at }: FiringByHand,
  values: ReadonlyMap<string, string>,
  action?: ActionFactory<ReactorFiring>,
): Step<ReactorFiring | null> {
  const { countFirings, insertFiring, lock } = session.sql.reactors
  const reactor = yield* session.one<ReactorRecord>(lock, name)
  if (reactor === undefined) return null
  const inputs = yield* session.all<InputRecord>(LIST_INPUTS, reactor.seq)
  const sources = new Set(inputs.map(({ source }) => source))
  if ([...values.keys()].some((source) => !sources.has(source))) return null
  const sequence = reactor.lastSequence + 1
  const record = { sequence, firedAt: at, byHand: by, causes: causesText([]), payload: firingPayload(inputs, values) }
  session.each(insertFiring, [[reactor.seq, sequence, at, by, record.causes, record.payload]])
  session.each(countFirings, [[reactor.seq, sequence, at]])
  session.notifyEngines()
  const firing = reactorFiring(reactor, record)
  recordActionIf(true, session, action?.(firing))
  return firing
}
