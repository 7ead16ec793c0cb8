/** Rows of the tables of sources, reactors and graphs as values of the model. See `../rows.ts`. */

import type { SourcePollRow } from '../../../engine/graphs/graph-store.ts'
import type { PageAfter } from '../../../engine/store-ports.ts'
import type { Accumulation } from '../../../model/graphs/definitions.ts'
import { firingId } from '../../../model/graphs/firing-ids.ts'
import type {
  FiringCause,
  ReactorFiring,
  ReactorRow,
  SourceEvent,
  SourceRow,
} from '../../../model/graphs/graph-model-rows.ts'
import type { InputState } from '../../../model/graphs/reactions.ts'
import { fault, type Stored } from '../../store-rows.ts'

export type SourceRecord = Stored<SourceRow, 'accumulation' | 'lastError'>

export function sourceRow({ accumulation, lastError, ...row }: SourceRecord): SourceRow {
  const options = accumulation === null ? null : (JSON.parse(accumulation) as Accumulation)
  return { ...row, accumulation: options, lastError: fault(lastError) }
}

/** Names its text as the table does, because `allWithin` limits it. */
export interface EventRecord extends Pick<SourceEvent, 'sequence' | 'acceptedAt'> {
  readonly event: string
}

export function sourceEvent(source: string, { sequence, acceptedAt, event }: EventRecord): SourceEvent {
  return { source, sequence, acceptedAt, eventText: event }
}

export type SourcePollRecord = Stored<SourcePollRow, 'error'>

export interface ReactorRecord extends Omit<ReactorRow, 'inputs'> {
  readonly seq: number
  readonly key: string
}

export interface InputRecord extends InputState {
  readonly seq: number
}

/** Names its text as the table does, because `allWithin` limits it. */
export interface FiringRecord extends Pick<ReactorFiring, 'sequence' | 'firedAt' | 'byHand'> {
  readonly causes: string
  readonly payload: string
}

export function reactorFiring(reactor: Pick<ReactorRecord, 'name' | 'key'>, record: FiringRecord): ReactorFiring {
  const { sequence, firedAt, byHand, payload: payloadText } = record
  const id = firingId({ key: reactor.key, sequence })
  return { id, reactor: reactor.name, sequence, firedAt, payloadText, causes: parseCauses(record.causes), byHand }
}

type StoredCause = readonly [source: string, firstSequence: number, lastSequence: number]

export function causesText(causes: readonly FiringCause[]): string {
  const stored = causes.map(
    ({ source, firstSequence, lastSequence }): StoredCause => [source, firstSequence, lastSequence],
  )
  return JSON.stringify(stored)
}

export function parseCauses(text: string): readonly FiringCause[] {
  const stored = JSON.parse(text) as readonly StoredCause[]
  return stored.map(([source, firstSequence, lastSequence]) => ({ source, firstSequence, lastSequence }))
}

/** Returns the number before which a list continues: the largest without `after`, 0 if `after` is not a number. */
export function placeBefore({ after }: PageAfter): number {
  if (after === undefined) return Number.MAX_SAFE_INTEGER
  return /^\d{1,15}$/.test(after) ? Number(after) : 0
}
