/**
 * Steps that give values to reactors, which fire. Locks are taken in one order (the source, then reactors and graphs by
 * their names) in a transaction of their own, so that two deliveries never wait for each other.
 */

import type { Delivery, DeliveryResult, NewValue } from '../../../engine/ports.ts'
import type { ReactorFiring } from '../../../model/graphs/rows.ts'
import { change, delivered, graphsOf, isLost, type ReactorChange } from '../../graphs/delivery.ts'
import { emit } from '../../graphs/kept-values.ts'
import { payloadOf } from '../../graphs/reactions.ts'
import { causesText, type InputRecord, inputState, type ReactorRecord, reactorFiring } from '../../graphs/rows.ts'
import { faultText } from '../../rows.ts'
import type { Session, Step } from '../../session.ts'
import { LIST_INPUTS, LIST_INPUTS_BESIDE } from '../../sql/reactors.ts'
import { FORGET_KEPT, LIST_KEPT, MOVE_SOURCE, SAVE_LAST_VALUE } from '../../sql/sources.ts'
import type { LockedSource } from './sources.ts'

interface InputRecordOf extends InputRecord {
  readonly reactor_seq: number
}

interface Keeping {
  readonly value: string
}

/** Rows that a delivery reads after it has locked them. */
interface Found {
  readonly source: LockedSource | undefined
  readonly reactors: readonly ReactorRecord[]
  readonly inputs: readonly InputRecordOf[]
  readonly kept: readonly Keeping[]
}

export function* deliver(session: Session, delivery: Delivery): Step<DeliveryResult> {
  const { source, at } = delivery
  const found = yield* lock(session, delivery)
  if (found.source === undefined || isLost(found.source, delivery)) return { kind: 'lost' }
  moveSource(session, found.source.seq, delivery)
  const values = emittedValues(session, found.source.seq, delivery, found.kept)
  const last = values.at(-1)
  if (last === undefined) return delivered([], [], at)
  session.run(SAVE_LAST_VALUE, found.source.seq, at, last.valueText)
  const changes = found.reactors.map((reactor) => {
    const inputs = found.inputs.filter(({ reactor_seq }) => reactor_seq === reactor.seq)
    return change({ ...reactor, inputs }, source, values, at)
  })
  setInputs(session, changes)
  const fired = changes.filter(({ firings }) => firings.length > 0)
  if (fired.length === 0) return delivered(changes, [], at)
  insertFirings(session, fired, at)
  session.notifyEngines()
  return delivered(changes, yield* passToGraphs(session, fired, delivery), at)
}

function* lock(session: Session, { source, values, capacity }: Delivery): Step<Found> {
  const locked = session.one<LockedSource>(session.sql.sources.lock, source)
  if (values.length === 0) return { source: yield* locked, reactors: [], inputs: [], kept: [] }
  const reactors = session.all<ReactorRecord>(session.sql.reactors.lockReactorsOfSource, source)
  const inputs = session.all<InputRecordOf>(LIST_INPUTS_BESIDE, source)
  const kept = capacity === null ? [] : yield* session.all<Keeping>(LIST_KEPT, source)
  return { source: yield* locked, reactors: yield* reactors, inputs: yield* inputs, kept }
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
  kept: readonly Keeping[],
): readonly NewValue[] {
  if (capacity === null || values.length === 0) return values
  const texts = kept.map(({ value }) => value)
  const emission = emit(texts, values, capacity)
  if (emission.forgotten > 0) session.run(FORGET_KEPT, seq, emission.forgotten)
  const added = emission.added.map(({ lastSequence, valueText }) => [seq, lastSequence, valueText])
  session.each(session.sql.sources.keepValue, added)
  return emission.values
}

function setInputs(session: Session, changes: readonly ReactorChange[]): void {
  const { setDirty, setInput } = session.sql.reactors
  const inputs = changes.flatMap((each) => each.inputs)
  const values = inputs.flatMap(({ before: { seq, sequence }, now }) =>
    now.sequence === sequence ? [] : [[seq, now.valueText, now.valueAt, now.sequence, now.dirtyFrom]],
  )
  const marks = inputs.flatMap(({ before: { seq, sequence }, now }) =>
    now.sequence === sequence ? [[seq, now.dirtyFrom]] : [],
  )
  session.each(setInput, values)
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
  const counts = fired.map(({ reactor, firings }) => [reactor.seq, reactor.last_sequence + firings.length, at])
  session.each(insertFiring, rows)
  session.each(insertCause, causes)
  session.each(countFirings, counts)
}

/** Returns the graphs that had no firings before these to be run with. */
function* passToGraphs(session: Session, fired: readonly ReactorChange[], delivery: Delivery): Step<readonly string[]> {
  const asked = fired.flatMap((each) => graphsOf(each, delivery).map((graph) => ({ graph, ...each })))
  const rows = asked.map(({ graph, reactor: { name, last_sequence: before }, firings }) => {
    return [graph, name, before, before + firings.length]
  })
  const passed = yield* session.allEach<{ readonly name: string }>(session.sql.reactors.passToGraph, rows)
  const names = new Set(passed.map(({ name }) => name))
  return asked.flatMap(({ graph }) => (names.has(graph) ? graph : []))
}

/** Returns null if there is no such reactor, or one of the values is for none of its sources. */
export function* fire(
  session: Session,
  name: string,
  values: ReadonlyMap<string, string>,
  by: string,
  at: number,
): Step<ReactorFiring | null> {
  const { countFirings, insertFiring, lock } = session.sql.reactors
  const reactor = yield* session.one<ReactorRecord>(lock, name)
  if (reactor === undefined) return null
  const inputs = (yield* session.all<InputRecord>(LIST_INPUTS, reactor.seq)).map(inputState)
  const sources = new Set(inputs.map(({ source }) => source))
  if ([...values.keys()].some((source) => !sources.has(source))) return null
  const sequence = reactor.last_sequence + 1
  const record = { sequence, fired_at: at, by_hand: by, causes: causesText([]), payload: payloadOf(inputs, values) }
  session.each(insertFiring, [[reactor.seq, sequence, at, by, record.causes, record.payload]])
  session.each(countFirings, [[reactor.seq, sequence, at]])
  session.notifyEngines()
  return reactorFiring(reactor, record)
}
