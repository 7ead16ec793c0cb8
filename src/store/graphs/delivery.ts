/** What a delivery comes to: pure, and the same for every store, which reads what it needs and writes what comes out. */

import type { Delivery, DeliveryResult, NewValue } from '../../engine/ports.ts'
import type { ReactorFiring } from '../../model/graphs/rows.ts'
import { firingId } from './firing-ids.ts'
import { type InputState, type NewFiring, react } from './reactions.ts'
import { type InputRecord, inputState, type ReactorRecord } from './rows.ts'

/** The state of a source that decides whether a delivery counts. */
export interface FoundLease {
  readonly last_sequence: number
  readonly done_sequence: number
  readonly lease_number: number
  /** Of the instance that has the lease. */
  readonly lease_id: string | null
}

/** Whether the source was taken by another, or these events were delivered before: nothing of it is stored. */
export function isLost(found: FoundLease | undefined, delivery: Delivery): boolean {
  if (found === undefined) return true
  const { instanceId, lease, upToSequence, values, failures } = delivery
  if (found.lease_id !== instanceId || found.lease_number !== lease) return true
  const first = Math.min(upToSequence, values[0]?.firstSequence ?? upToSequence, failures[0]?.sequence ?? upToSequence)
  return first <= found.done_sequence || upToSequence > found.last_sequence
}

export interface FoundReactor extends Pick<ReactorRecord, 'seq' | 'name' | 'key' | 'mode' | 'last_sequence'> {
  /** In the order of the payload. */
  readonly inputs: readonly InputRecord[]
}

/** What is to be written of a reactor. */
export interface ReactorChange {
  readonly reactor: FoundReactor
  /** Those that changed, with what they were. */
  readonly inputs: readonly { readonly before: InputRecord; readonly now: InputState }[]
  readonly firings: readonly NewFiring[]
}

export function change(reactor: FoundReactor, source: string, values: readonly NewValue[], at: number): ReactorChange {
  const inputs = reactor.inputs.map(inputState)
  const state = { mode: reactor.mode, inputs, lastSequence: reactor.last_sequence }
  const reaction = react(state, source, values, at)
  const changed = reactor.inputs.flatMap((before, index) => {
    const now = reaction.inputs[index]
    const isChanged = now !== undefined && (before.source === source || now.dirtyFrom !== before.dirty_from)
    return isChanged ? { before, now } : []
  })
  return { reactor, inputs: changed, firings: reaction.firings }
}

export function firingsOf({ reactor, firings }: ReactorChange, at: number): readonly ReactorFiring[] {
  const { name, key } = reactor
  return firings.map(({ sequence, payloadText, causes }) => {
    const id = firingId({ key, sequence })
    return { id, reactor: name, sequence, firedAt: at, payloadText, causes, byHand: null }
  })
}

/** The graphs of a delivery that a reactor which has fired is to be asked for. */
export function graphsOf({ reactor, firings }: ReactorChange, { graphs }: Delivery): readonly string[] {
  return firings.length === 0 ? [] : graphs.flatMap((each) => (each.reactor === reactor.name ? each.graph : []))
}

export function delivered(changes: readonly ReactorChange[], run: readonly string[], at: number): DeliveryResult {
  return { kind: 'delivered', firings: changes.flatMap((each) => firingsOf(each, at)), run }
}
