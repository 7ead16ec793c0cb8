/**
 * What happens to the values of sources: reactors get them and fire. Each function is the body of one step. Locks are taken in one order,
 * the source, then reactors and graphs by their names, in a transaction of their own: two that deliver never wait for each other.
 */

import type { Delivery, DeliveryResult, NewValue } from '../../../engine/ports.ts'
import type { ReactorFiring } from '../../../model/graphs/rows.ts'
import {
  change,
  delivered,
  type FoundLease,
  type FoundReactor,
  graphsOf,
  isLost,
  type ReactorChange,
} from '../../graphs/delivery.ts'
import { emit } from '../../graphs/kept-values.ts'
import { payloadOf } from '../../graphs/reactions.ts'
import { causesText, type InputRecord, inputState, type ReactorRecord, reactorFiring } from '../../graphs/rows.ts'
import { faultText } from '../../rows.ts'
import type { Session } from '../session/session.ts'
import {
  COUNT_FIRINGS,
  INSERT_CAUSES,
  INSERT_FIRINGS,
  LIST_INPUTS,
  LIST_INPUTS_BESIDE,
  LOCK_REACTOR,
  LOCK_REACTORS_OF_SOURCE,
  PASS_TO_GRAPHS,
  SET_DIRTY,
  SET_INPUTS,
} from './reactor-queries.ts'
import { FORGET_KEPT, KEEP_VALUES, LIST_KEPT, LOCK_SOURCE, MOVE_SOURCE, SAVE_LAST_VALUE } from './source-queries.ts'

interface LockedSource extends FoundLease {
  readonly seq: number
}

interface InputRecordOf extends InputRecord {
  readonly reactor_seq: number
}

export async function deliver(session: Session, delivery: Delivery): Promise<DeliveryResult> {
  const { source, values, capacity, at } = delivery
  const isEmpty = values.length === 0
  // They travel together, and each is answered after the one before it.
  const [found, reactors, inputs, kept] = await Promise.all([
    session.one<LockedSource>(LOCK_SOURCE, source),
    isEmpty ? [] : session.all<ReactorRecord>(LOCK_REACTORS_OF_SOURCE, source),
    isEmpty ? [] : session.all<InputRecordOf>(LIST_INPUTS_BESIDE, source),
    isEmpty || capacity === null ? [] : session.all<{ readonly value: string }>(LIST_KEPT, source),
  ])
  if (found === undefined || isLost(found, delivery)) return { kind: 'lost' }
  const written = [moveSource(session, found.seq, delivery)]
  const emitted = emittedValues(session, found.seq, delivery, kept, written)
  const last = emitted.at(-1)
  if (last !== undefined) written.push(session.run(SAVE_LAST_VALUE, found.seq, at, last.valueText))
  const changes = last === undefined ? [] : changesOf(reactors, inputs, source, emitted, at)
  const [run] = await Promise.all([writeChanges(session, changes, delivery), ...written])
  if (changes.some(({ firings }) => firings.length > 0)) session.tell()
  return delivered(changes, run, at)
}

function moveSource(session: Session, seq: number, delivery: Delivery): Promise<unknown> {
  const { upToSequence, dropped, failures, at } = delivery
  const failure = failures.at(-1)
  const error = failure === undefined ? [null, null] : [faultText(failure.error), at]
  return session.run(MOVE_SOURCE, seq, upToSequence, dropped, failures.length, ...error)
}

/** Of a state accumulator its list, which it also keeps; else the values as they are. */
function emittedValues(
  session: Session,
  seq: number,
  { values, capacity }: Delivery,
  kept: readonly { readonly value: string }[],
  written: Promise<unknown>[],
): readonly NewValue[] {
  if (capacity === null || values.length === 0) return values
  const emission = emit(
    kept.map(({ value }) => value),
    values,
    capacity,
  )
  const { forgotten, added } = emission
  if (forgotten > 0) written.push(session.run(FORGET_KEPT, seq, forgotten))
  if (added.length > 0) {
    const sequences = added.map(({ lastSequence }) => lastSequence)
    const texts = added.map(({ valueText }) => valueText)
    written.push(session.run(KEEP_VALUES, seq, sequences, texts))
  }
  return emission.values
}

function changesOf(
  reactors: readonly ReactorRecord[],
  inputs: readonly InputRecordOf[],
  source: string,
  values: readonly NewValue[],
  at: number,
): readonly ReactorChange[] {
  return reactors.map((reactor) => {
    const own: FoundReactor = { ...reactor, inputs: inputs.filter(({ reactor_seq }) => reactor_seq === reactor.seq) }
    return change(own, source, values, at)
  })
}

/** Returns the graphs to run. */
async function writeChanges(
  session: Session,
  changes: readonly ReactorChange[],
  delivery: Delivery,
): Promise<readonly string[]> {
  const fired = changes.filter(({ firings }) => firings.length > 0)
  const [run] = await Promise.all([
    passToGraphs(session, fired, delivery),
    setInputs(session, changes),
    insertFirings(session, fired, delivery.at),
  ])
  return run
}

async function setInputs(session: Session, changes: readonly ReactorChange[]): Promise<void> {
  const inputs = changes.flatMap((each) => each.inputs)
  const delivered = inputs.filter(({ before, now }) => now.sequence !== before.sequence)
  const cleared = inputs.filter(({ before, now }) => now.sequence === before.sequence)
  if (delivered.length > 0) {
    await session.run(
      SET_INPUTS,
      delivered.map(({ before }) => before.seq),
      delivered.map(({ now }) => now.valueText),
      delivered.map(({ now }) => now.valueAt),
      delivered.map(({ now }) => now.sequence),
      delivered.map(({ now }) => now.dirtyFrom),
    )
  }
  if (cleared.length === 0) return
  const seqs = cleared.map(({ before }) => before.seq)
  await session.run(
    SET_DIRTY,
    seqs,
    cleared.map(({ now }) => now.dirtyFrom),
  )
}

async function insertFirings(session: Session, fired: readonly ReactorChange[], at: number): Promise<void> {
  if (fired.length === 0) return
  const firings = fired.flatMap(({ reactor, firings }) => firings.map((firing) => ({ ...firing, seq: reactor.seq })))
  const causes = firings.flatMap(({ seq, sequence, causes }) => causes.map((cause) => ({ ...cause, seq, sequence })))
  await Promise.all([
    session.run(
      INSERT_FIRINGS,
      firings.map(({ seq }) => seq),
      firings.map(({ sequence }) => sequence),
      firings.map(({ causes }) => causesText(causes)),
      firings.map(({ payloadText }) => payloadText),
      at,
      null,
    ),
    session.run(
      INSERT_CAUSES,
      causes.map(({ source }) => source),
      causes.map(({ seq }) => seq),
      causes.map(({ lastSequence }) => lastSequence),
      causes.map(({ firstSequence }) => firstSequence),
      causes.map(({ sequence }) => sequence),
    ),
    session.run(
      COUNT_FIRINGS,
      fired.map(({ reactor }) => reactor.seq),
      fired.map(({ reactor, firings }) => reactor.last_sequence + firings.length),
      at,
    ),
  ])
}

/** Those that have no firings before these to be run with. */
async function passToGraphs(
  session: Session,
  fired: readonly ReactorChange[],
  delivery: Delivery,
): Promise<readonly string[]> {
  const asked = fired.flatMap((each) => graphsOf(each, delivery).map((graph) => ({ graph, ...each })))
  if (asked.length === 0) return []
  const passed = await session.all<{ readonly name: string }>(
    PASS_TO_GRAPHS,
    asked.map(({ graph }) => graph),
    asked.map(({ reactor }) => reactor.name),
    asked.map(({ reactor }) => reactor.last_sequence),
    asked.map(({ reactor, firings }) => reactor.last_sequence + firings.length),
  )
  const names = new Set(passed.map(({ name }) => name))
  return asked.flatMap(({ graph }) => (names.has(graph) ? graph : []))
}

/** See the port. Null: there is no such reactor, or one of the values is for none of its sources. */
export async function fire(
  session: Session,
  name: string,
  values: ReadonlyMap<string, string>,
  by: string,
  at: number,
): Promise<ReactorFiring | null> {
  const reactor = await session.one<ReactorRecord>(LOCK_REACTOR, name)
  if (reactor === undefined) return null
  const inputs = (await session.all<InputRecord>(LIST_INPUTS, reactor.seq)).map(inputState)
  const sources = new Set(inputs.map(({ source }) => source))
  if ([...values.keys()].some((source) => !sources.has(source))) return null
  const sequence = reactor.last_sequence + 1
  const [causes, payload] = [causesText([]), payloadOf(inputs, values)]
  await Promise.all([
    session.run(INSERT_FIRINGS, [reactor.seq], [sequence], [causes], [payload], at, by),
    session.run(COUNT_FIRINGS, [reactor.seq], [sequence], at),
  ])
  return reactorFiring(reactor, { sequence, fired_at: at, by_hand: by, causes, payload })
}
