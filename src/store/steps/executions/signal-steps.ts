/**
 * Steps of signals. A step that sends a signal and one that opens a wait for it exclude each other: both lock the name
 * and key first, before they lock executions. So a signal is never kept while a wait for it is open.
 */

import { createHash } from 'node:crypto'
import type { PageAfter } from '../../../engine/store-ports.ts'
import type { NewSignal, SignalFilter, SignalResult, SignalStore } from '../../../engine/waits/signal-store.ts'
import type { NewAction } from '../../../model/action.ts'
import type { JsonValue } from '../../../model/context.ts'
import type { SignalRow, WaitEnding } from '../../../model/waits.ts'
import * as sql from '../../sql/executions/signal-sql.ts'
import type { Stored } from '../../store-rows.ts'
import { type RunStep, type Session, type Step, stepMethod, toRows } from '../../store-session.ts'
import { ACTION_DONE, recordAction } from '../action-steps.ts'
import { placeAfter } from '../row-places.ts'
import { endWaits, type WaitKey } from './ended-waits.ts'

/** Number of locks. Two names and keys with one lock wait for each other. */
const MAX_LOCKS = 1_024

export interface SignalKey {
  readonly signal: string
  readonly key: string
}

/** Open wait of a signal that a kept signal may end. */
export interface OpenedSignalWait extends SignalKey {
  readonly seq: number
  readonly executionId: string
  readonly taskId: string
  /** Earliest time of the signals that it uses. */
  readonly sinceAt: number
}

interface KnownSignal {
  readonly name: string
  readonly key: string
  readonly fingerprint: string
  readonly isUsedAtOnce: boolean | number
  readonly executions: string
}

interface KeptSignal {
  readonly id: string
  readonly payload: string
}

type SignalRecord = Stored<Omit<SignalRow, 'state' | 'payloadText'>, 'payload' | 'executions'>

export function signalStore(run: RunStep): SignalStore {
  return {
    // Alone: it locks the name and key, and then executions.
    send: stepMethod(run, 'accept', send, 'alone'),
    list: stepMethod(run, 'read', listSignals),
  }
}

function* send(session: Session, signal: NewSignal, action: NewAction): Step<SignalResult> {
  const { id, name, key, payloadText, fingerprint, source, at } = signal
  lockSignals(session, [{ signal: name, key }])
  const inserted = yield* session.run(sql.INSERT_SIGNAL, id, name, key, payloadText, fingerprint, source, at)
  if (inserted === 0) return yield* repeatedResult(session, signal)
  recordAction(session, { action, answer: ACTION_DONE })
  const waits = yield* session.all<WaitKey>(sql.LIST_WAITS_FOR_SIGNAL, name, key)
  const ending: WaitEnding = { kind: 'signal', endedAt: at, payloadText }
  const { executionIds, available } = yield* endWaits(session, waits, ending)
  if (executionIds.length === 0) return { kind: 'sent', state: 'kept', executions: [], available: [] }
  session.run(sql.USE_SIGNAL, id, at, JSON.stringify(executionIds), true)
  return { kind: 'sent', state: 'used', executions: executionIds, available }
}

function* repeatedResult(session: Session, { id, name, key, fingerprint }: NewSignal): Step<SignalResult> {
  const known = yield* session.one<KnownSignal>(sql.FIND_SIGNAL, id)
  if (known?.name !== name || known.key !== key || known.fingerprint !== fingerprint) return { kind: 'reused' }
  if (!known.isUsedAtOnce) return { kind: 'repeated', state: 'kept', executions: [] }
  return { kind: 'repeated', state: 'used', executions: JSON.parse(known.executions) as string[] }
}

/** Must precede all statements that lock executions. */
export function lockSignals(session: Session, keys: readonly SignalKey[]): void {
  const numbers = [...new Set(keys.map(lockNumber))].sort((one, other) => one - other)
  for (const statement of session.sql.lockSignals) session.each(statement, toRows(numbers))
}

function lockNumber({ signal, key }: SignalKey): number {
  return createHash('sha256').update(`${signal.length} ${signal}${key}`).digest().readUInt32BE(0) % MAX_LOCKS
}

/**
 * Ends new waits with kept signals, the oldest signal first, one for each wait. Waits of older executions precede.
 */
export function* useKeptSignals(session: Session, waits: readonly OpenedSignalWait[], at: number): Step<void> {
  const oldestFirst = waits.toSorted((one, other) => one.seq - other.seq)
  for (const { seq, executionId, taskId, signal, key, sinceAt } of oldestFirst) {
    const kept = yield* session.one<KeptSignal>(sql.FIND_KEPT_SIGNAL, signal, key, sinceAt)
    if (kept === undefined) continue
    // The wait has ended if its opening is stored again.
    const [isOpen] = yield* session.eachHit(session.sql.waits.end, [[seq, taskId, 'signal', at, kept.payload]])
    if (isOpen) session.run(sql.USE_SIGNAL, kept.id, at, JSON.stringify([executionId]), false)
  }
}

function* listSignals(
  session: Session,
  { name, key, state }: SignalFilter,
  { limit, offset, after }: PageAfter,
): Step<readonly SignalRow[]> {
  const place = yield* placeAfter(session, sql.FIND_SIGNAL_PLACE, after)
  if (place === null) return []
  const filter = [name ?? null, key ?? null, state !== 'kept', state !== 'used']
  const records = yield* session.all<SignalRecord>(sql.LIST_SIGNALS, place.seq, limit, offset, ...filter)
  return records.map(({ payload, executions, ...row }) => ({
    ...row,
    payload: JSON.parse(payload ?? 'null') as JsonValue,
    payloadText: payload ?? 'null',
    state: row.usedAt === null ? 'kept' : 'used',
    executions: JSON.parse(executions ?? '[]') as string[],
  }))
}
