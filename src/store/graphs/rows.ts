/** Rows of the tables of sources, reactors, graphs and subscriptions as the values of the model. See `../rows.ts` for the rules. */

import type { PageAfter, SourcePoll, SourcePollRow } from '../../engine/ports.ts'
import type { Accumulation, GraphDefinition, ReactionMode } from '../../model/graphs/definitions.ts'
import type {
  FiringCause,
  GraphRow,
  ReactorFiring,
  ReactorInput,
  ReactorRow,
  SourceEvent,
  SourceRow,
  Subscription,
} from '../../model/graphs/rows.ts'
import { type Flag, fault } from '../rows.ts'
import { firingId } from './firing-ids.ts'
import type { InputState } from './reactions.ts'

export interface SourceRecord {
  readonly name: string
  readonly accumulation: string | null
  readonly description: string
  readonly last_sequence: number
  readonly done_sequence: number
  readonly dropped: number
  readonly refused: number
  readonly failed: number
  readonly last_event_at: number | null
  readonly last_value: string | null
  readonly last_value_at: number | null
  readonly last_error: string | null
  readonly last_error_at: number | null
  readonly owner: string | null
  readonly undeclared_at: number | null
  readonly created_at: number
}

export function sourceRow(record: SourceRecord): SourceRow {
  return {
    name: record.name,
    accumulation: record.accumulation === null ? null : (JSON.parse(record.accumulation) as Accumulation),
    description: record.description,
    lastSequence: record.last_sequence,
    doneSequence: record.done_sequence,
    waiting: record.last_sequence - record.done_sequence,
    dropped: record.dropped,
    refused: record.refused,
    failed: record.failed,
    lastEventAt: record.last_event_at,
    lastValueText: record.last_value,
    lastValueAt: record.last_value_at,
    lastError: fault(record.last_error),
    lastErrorAt: record.last_error_at,
    owner: record.owner,
    undeclaredAt: record.undeclared_at,
    createdAt: record.created_at,
  }
}

export interface EventRecord {
  readonly sequence: number
  readonly accepted_at: number
  readonly event: string
}

export function sourceEvent(source: string, record: EventRecord): SourceEvent {
  return { source, sequence: record.sequence, acceptedAt: record.accepted_at, eventText: record.event }
}

export interface PollRecord {
  readonly seq: number
  readonly outcome: SourcePoll['outcome']
  readonly first_at: number
  readonly last_at: number
  readonly count: number
  readonly lateness_ms: number | null
  readonly duration_ms: number
  readonly sequence: number | null
  readonly error: string | null
}

export function sourcePollRow(record: PollRecord): SourcePollRow {
  return {
    id: String(record.seq),
    outcome: record.outcome,
    firstAt: record.first_at,
    lastAt: record.last_at,
    count: record.count,
    latenessMs: record.lateness_ms,
    durationMs: record.duration_ms,
    sequence: record.sequence,
    error: fault(record.error),
  }
}

export interface ReactorRecord {
  readonly seq: number
  readonly name: string
  readonly key: string
  readonly mode: ReactionMode
  readonly last_sequence: number
  readonly last_fired_at: number | null
  readonly undeclared_at: number | null
  readonly created_at: number
}

export interface InputRecord {
  readonly seq: number
  readonly source: string
  readonly value: string | null
  readonly value_at: number | null
  readonly sequence: number | null
  readonly dirty_from: number | null
}

export function inputState(record: InputRecord): InputState {
  const { source, value, value_at, sequence, dirty_from } = record
  return { source, valueText: value, valueAt: value_at, sequence, dirtyFrom: dirty_from }
}

export function reactorRow(record: ReactorRecord, inputs: readonly InputRecord[]): ReactorRow {
  return {
    name: record.name,
    mode: record.mode,
    inputs: inputs.map(reactorInput),
    lastSequence: record.last_sequence,
    lastFiredAt: record.last_fired_at,
    undeclaredAt: record.undeclared_at,
    createdAt: record.created_at,
  }
}

function reactorInput(record: InputRecord): ReactorInput {
  const { source, value, value_at, sequence, dirty_from } = record
  return { source, valueText: value, valueAt: value_at, sequence, isDirty: dirty_from !== null }
}

export interface FiringRecord {
  readonly sequence: number
  readonly fired_at: number
  readonly by_hand: string | null
  readonly causes: string
  readonly payload: string
}

export function reactorFiring(reactor: Pick<ReactorRecord, 'name' | 'key'>, record: FiringRecord): ReactorFiring {
  const { sequence } = record
  return {
    id: firingId({ key: reactor.key, sequence }),
    reactor: reactor.name,
    sequence,
    firedAt: record.fired_at,
    payloadText: record.payload,
    causes: causesOf(record.causes),
    byHand: record.by_hand,
  }
}

type StoredCause = readonly [source: string, firstSequence: number, lastSequence: number]

export function causesText(causes: readonly FiringCause[]): string {
  const stored = causes.map(
    ({ source, firstSequence, lastSequence }): StoredCause => [source, firstSequence, lastSequence],
  )
  return JSON.stringify(stored)
}

export function causesOf(text: string): readonly FiringCause[] {
  const stored = JSON.parse(text) as readonly StoredCause[]
  return stored.map(([source, firstSequence, lastSequence]) => ({ source, firstSequence, lastSequence }))
}

export interface GraphRecord {
  readonly definition: string
  readonly done_sequence: number
  readonly runs: number
  readonly failures: number
  readonly ran_at: number | null
  readonly firing_sequence: number | null
  readonly result: string | null
  readonly nodes: string | null
  readonly last_error: string | null
  readonly last_error_at: number | null
  readonly undeclared_at: number | null
  readonly created_at: number
}

export function graphRow(record: GraphRecord): GraphRow {
  const { ran_at: at, firing_sequence: firingSequence, result: resultText, nodes: nodesText } = record
  return {
    definition: JSON.parse(record.definition) as GraphDefinition,
    doneSequence: record.done_sequence,
    runs: record.runs,
    failures: record.failures,
    lastRun:
      at === null || firingSequence === null ? null : { at, firingSequence, resultText, nodesText: nodesText ?? '{}' },
    lastError: fault(record.last_error),
    lastErrorAt: record.last_error_at,
    undeclaredAt: record.undeclared_at,
    createdAt: record.created_at,
  }
}

export interface SubscriptionRecord {
  readonly seq: number
  readonly id: string
  readonly reactor: string
  readonly workflow: string
  readonly tenant: string
  readonly predicate: string | null
  readonly enabled: Flag
  readonly done_sequence: number
  readonly replay: number
  /** Of the reactor's firings that are kept: null where there are none. */
  readonly first_firing: number | null
  /** 0 while there is no such reactor. */
  readonly last_firing: number
  readonly last_seen_fired_at: number | null
  readonly is_degraded: Flag
  readonly error_count: number
  readonly last_error: string | null
  readonly last_error_at: number | null
  readonly error_firing_id: string | null
  readonly created_at: number
  readonly updated_at: number
  /** Null, like the next field, if there is no such reactor. */
  readonly reactor_seq: number | null
  readonly key: string | null
}

export function subscriptionRow(record: SubscriptionRecord): Subscription {
  return {
    id: record.id,
    reactor: record.reactor,
    workflow: record.workflow,
    tenant: record.tenant,
    predicate: record.predicate,
    isEnabled: Boolean(record.enabled),
    doneSequence: record.done_sequence,
    waiting: waitingFirings(record),
    lastSeenFiredAt: record.last_seen_fired_at,
    isDegraded: Boolean(record.is_degraded),
    errorCount: record.error_count,
    lastError: record.last_error,
    lastErrorAt: record.last_error_at,
    errorFiringId: record.error_firing_id,
    createdAt: record.created_at,
    updatedAt: record.updated_at,
  }
}

/** Sequences have no gaps, and the oldest are removed first: nothing is counted one by one. */
function waitingFirings({ first_firing, last_firing, done_sequence }: SubscriptionRecord): number {
  return first_firing === null ? 0 : last_firing - Math.max(done_sequence, first_firing - 1)
}

/** Before which number a list goes on: none where it begins anew, or is to go on behind what is no number. */
export function placeOf({ after }: PageAfter): number {
  if (after === undefined) return Number.MAX_SAFE_INTEGER
  return /^\d{1,15}$/.test(after) ? Number(after) : 0
}
