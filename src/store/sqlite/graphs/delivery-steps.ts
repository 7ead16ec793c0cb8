/** What happens to the values of sources: reactors get them and fire. Each function is the body of one step and runs in its transaction. */

import type { Delivery, DeliveryResult, NewValue } from '../../../engine/ports.ts'
import type { FiringCause, ReactorFiring } from '../../../model/graphs/rows.ts'
import { change, delivered, type FoundReactor, graphsOf, isLost, type ReactorChange } from '../../graphs/delivery.ts'
import { emit } from '../../graphs/kept-values.ts'
import { payloadOf } from '../../graphs/reactions.ts'
import { causesText, type InputRecord, inputState, type ReactorRecord, reactorFiring } from '../../graphs/rows.ts'
import { faultText } from '../../rows.ts'
import type { Connection } from '../file/connection.ts'
import {
  COUNT_FIRINGS,
  GET_REACTOR,
  GET_REACTOR_OF_SEQ,
  INSERT_CAUSE,
  INSERT_FIRING,
  LIST_INPUTS,
  PASS_TO_GRAPH,
  REACTORS_OF_SOURCE,
  SET_DIRTY,
  SET_INPUT,
} from './reactor-queries.ts'
import { FORGET_KEPT, KEEP_VALUE, LIST_KEPT, MOVE_SOURCE, SAVE_LAST_VALUE, SET_SOURCE_ERROR } from './source-queries.ts'
import { findSource } from './source-steps.ts'

const LEASE_HOLDER = 'SELECT id FROM instances WHERE seq = ?'

export function deliver(connection: Connection, delivery: Delivery): DeliveryResult {
  const { source, upToSequence, dropped, failures, at } = delivery
  const found = findSource(connection, source)
  const holder = connection.one<{ readonly id: string }>(LEASE_HOLDER, found?.lease_seq ?? null)
  if (found === undefined || isLost({ ...found, lease_id: holder?.id ?? null }, delivery)) return { kind: 'lost' }
  connection.run(MOVE_SOURCE, upToSequence, dropped, failures.length, found.seq)
  const failure = failures.at(-1)
  if (failure !== undefined) connection.run(SET_SOURCE_ERROR, faultText(failure.error), at, found.seq)
  const values = emitted(connection, found.seq, delivery)
  const last = values.at(-1)
  if (last === undefined) return { kind: 'delivered', firings: [], run: [] }
  connection.run(SAVE_LAST_VALUE, found.seq, at, last.valueText)
  const changes = reactorsOf(connection, source).map((reactor) => change(reactor, source, values, at))
  for (const each of changes) writeChange(connection, each, at)
  const run = changes.flatMap((each) =>
    graphsOf(each, delivery).filter((graph) => passToGraph(connection, graph, each)),
  )
  return delivered(changes, run, at)
}

/** Of a state accumulator its list, which it also keeps; else the values as they are. */
function emitted(connection: Connection, sourceSeq: number, { values, capacity }: Delivery): readonly NewValue[] {
  if (capacity === null || values.length === 0) return values
  const kept = connection.all<{ readonly value: string }>(LIST_KEPT, sourceSeq).map(({ value }) => value)
  const emission = emit(kept, values, capacity)
  if (emission.forgotten > 0) connection.run(FORGET_KEPT, sourceSeq, sourceSeq, emission.forgotten)
  for (const { lastSequence, valueText } of emission.added)
    connection.run(KEEP_VALUE, sourceSeq, lastSequence, valueText)
  return emission.values
}

/** Those that are declared, by their names. */
function reactorsOf(connection: Connection, source: string): readonly FoundReactor[] {
  return connection
    .all<{ readonly reactor_seq: number }>(REACTORS_OF_SOURCE, source)
    .flatMap(({ reactor_seq }) => connection.one<ReactorRecord>(GET_REACTOR_OF_SEQ, reactor_seq) ?? [])
    .filter(({ undeclared_at }) => undeclared_at === null)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((reactor) => ({ ...reactor, inputs: inputsOf(connection, reactor.seq) }))
}

function inputsOf(connection: Connection, reactorSeq: number): readonly InputRecord[] {
  return connection.all<InputRecord>(LIST_INPUTS, reactorSeq)
}

function writeChange(connection: Connection, { reactor, inputs, firings }: ReactorChange, at: number): void {
  for (const { before, now } of inputs) {
    if (now.sequence === before.sequence) connection.run(SET_DIRTY, now.dirtyFrom, before.seq)
    else connection.run(SET_INPUT, now.valueText, now.valueAt, now.sequence, now.dirtyFrom, before.seq)
  }
  for (const { sequence, payloadText, causes } of firings) {
    connection.run(INSERT_FIRING, reactor.seq, sequence, at, null, causesText(causes), payloadText)
    for (const cause of causes) insertCause(connection, reactor.seq, sequence, cause)
  }
  const last = firings.at(-1)
  if (last !== undefined) connection.run(COUNT_FIRINGS, last.sequence, at, reactor.seq)
}

function insertCause(connection: Connection, reactorSeq: number, sequence: number, cause: FiringCause): void {
  const { source, firstSequence, lastSequence } = cause
  connection.run(INSERT_CAUSE, source, reactorSeq, lastSequence, firstSequence, sequence)
}

/** False where the graph has firings before these to be run with. */
function passToGraph(connection: Connection, graph: string, { reactor, firings }: ReactorChange): boolean {
  const { last_sequence: before, name } = reactor
  return connection.run(PASS_TO_GRAPH, before + firings.length, graph, name, before) === 1
}

/** See the port. Null: there is no such reactor, or one of the values is for none of its sources. */
export function fire(
  connection: Connection,
  name: string,
  values: ReadonlyMap<string, string>,
  by: string,
  at: number,
): ReactorFiring | null {
  const reactor = connection.one<ReactorRecord>(GET_REACTOR, name)
  if (reactor === undefined) return null
  const inputs = inputsOf(connection, reactor.seq).map(inputState)
  const sources = new Set(inputs.map(({ source }) => source))
  if ([...values.keys()].some((source) => !sources.has(source))) return null
  const sequence = reactor.last_sequence + 1
  const payload = payloadOf(inputs, values)
  connection.run(INSERT_FIRING, reactor.seq, sequence, at, by, causesText([]), payload)
  connection.run(COUNT_FIRINGS, sequence, at, reactor.seq)
  return reactorFiring(reactor, { sequence, fired_at: at, by_hand: by, causes: causesText([]), payload })
}
