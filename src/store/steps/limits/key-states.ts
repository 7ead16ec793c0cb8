/** States of limits and values of attempts, which a step reads after it has locked them. */

import type { LimitKey, LimitValues } from '../../../model/limits/limits.ts'
import { LIST_BEGUN, LIST_KEPT } from '../../sql/executions/limit-sql.ts'
import type { Reply, RowValues, Session, Step } from '../../store-session.ts'
import { effectiveValues, type LimitRecord } from './limit-values.ts'

/** Time for which an offered slot is kept for a task that has not begun. */
export const OFFER_MS = 5_000

/** Maximum number of slots of one limit and value that a step gives. */
export const MAX_SLOTS_PER_STEP = 200

/** Place in a line. */
export interface LinePlace {
  readonly rank: number
  readonly at: number
}

/** Place of a task in a line. No two tasks have the same one. */
export interface TaskPlace extends LinePlace {
  /** Number of the execution. */
  readonly seq: number
  readonly taskId: string
}

export interface KeyState {
  readonly key: LimitKey
  readonly values: LimitValues
  /** Time until which it is closed, or 0. */
  readonly closedUntil: number
  /** Slots in use, without offered ones. */
  used: number
  /** Slots that were offered to tasks that have not begun. */
  readonly offered: number
  /** Whether slots were offered in vain: longer ago than `OFFER_MS`. */
  readonly hasUntaken: boolean
  /** Ordinal of the last attempt that began. */
  last: number
  /** Number of attempts that may begin now because of the rate. */
  places: number
  /** Time at which the next attempt may begin because of the rate, if none may now. */
  readonly nextPlaceAt: number | null
  /** Place of the first open wait, or null if none is open. */
  first: LinePlace | null
  /** Tasks for which slots are kept while they wait for a slot of another limit. */
  readonly kept: TaskPlace[]
}

interface KeyRecord {
  readonly limit_name: string
  readonly value: string
  readonly closedUntil: number | null
  readonly used: number
  readonly offered: number
  readonly hasUntaken: boolean | number
  readonly hasKept: boolean | number
  readonly last: number | null
  readonly firstRank: number | null
  readonly firstAt: number | null
}

export function textOfKey({ name, value }: LimitKey): string {
  return `${name} ${value}`
}

/** Returns the keys without duplicates, in the order in which they are locked. */
export function sortedKeys(keys: readonly LimitKey[]): readonly LimitKey[] {
  const unique = new Map(keys.map((key) => [textOfKey(key), key]))
  return [...unique.values()].sort(compareKeys)
}

export function compareKeys(one: LimitKey, other: LimitKey): number {
  return compare(one.name, other.name) || compare(one.value, other.value)
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

export interface LockedKeys {
  /** Time of the database after the lock. */
  readonly now: number
  readonly limits: ReadonlyMap<string, LimitRecord>
}

/**
 * Locks keys, which are sorted, and loads their limits. Again if an engine has removed unused rows between the two
 * statements. The server answers the statements of a pass in their order, so they are sent together.
 */
export function* lockKeys(session: Session, keys: readonly LimitKey[]): Step<LockedKeys> {
  const [insert, lock] = session.sql.limits.lockKeys
  const rows = keys.map(({ name, value }) => [name, value])
  for (;;) {
    if (insert !== undefined) session.each(insert, rows)
    const locking = lock === undefined ? null : session.allEach(lock, rows)
    const timing = session.liveness.now(session)
    const listing = listLimits(session, keys)
    const isLocked = locking === null || (yield* locking).length === keys.length
    const now = yield* timing
    const limits = byName(yield* listing)
    if (isLocked) return { now, limits }
  }
}

export function* loadLimits(session: Session, keys: readonly LimitKey[]): Step<ReadonlyMap<string, LimitRecord>> {
  return byName(yield* listLimits(session, keys))
}

function listLimits(session: Session, keys: readonly LimitKey[]): Reply<readonly LimitRecord[]> {
  return session.all<LimitRecord>(session.sql.limits.getLimits, [...new Set(keys.map(({ name }) => name))])
}

function byName(records: readonly LimitRecord[]): ReadonlyMap<string, LimitRecord> {
  return new Map(records.map((record) => [record.name, record]))
}

/** Returns the states of locked keys by `textOfKey`. */
export function* loadKeys(
  session: Session,
  keys: readonly LimitKey[],
  limits: ReadonlyMap<string, LimitRecord>,
  now: number,
): Step<ReadonlyMap<string, KeyState>> {
  const rows: RowValues[] = keys.map(({ name, value }) => [name, value])
  const records = yield* session.allEach<KeyRecord>(session.sql.limits.getKeys, rows, now, now - OFFER_MS)
  const states = new Map<string, KeyState>()
  for (const record of records) {
    const key = { name: record.limit_name, value: record.value }
    const limit = limits.get(key.name)
    const values = effectiveValues(limit)
    const window = yield* loadWindow(session, key, values, record.last ?? 0, now)
    const kept = record.hasKept
      ? yield* session.all<TaskPlace>(LIST_KEPT, key.name, key.value, now - OFFER_MS, now + OFFER_MS)
      : []
    states.set(textOfKey(key), {
      key,
      values,
      closedUntil: Math.max(record.closedUntil ?? 0, limit?.closedUntil ?? 0),
      used: record.used,
      offered: record.offered,
      hasUntaken: Boolean(record.hasUntaken),
      last: record.last ?? 0,
      ...window,
      first: record.firstRank === null ? null : { rank: record.firstRank, at: record.firstAt ?? 0 },
      kept: [...kept],
    })
  }
  return states
}

/**
 * Returns how many attempts may begin because of the rate. Ordinals have no gaps within the window, so the attempt that
 * is `count` places before the next one must be older than the window.
 */
function* loadWindow(
  session: Session,
  { name, value }: LimitKey,
  { rate }: LimitValues,
  last: number,
  now: number,
): Step<Pick<KeyState, 'places' | 'nextPlaceAt'>> {
  if (rate === null) return { places: Number.POSITIVE_INFINITY, nextPlaceAt: null }
  const most = Math.min(rate.count, MAX_SLOTS_PER_STEP)
  const first = last - rate.count + 1
  const begun = yield* session.all<{ readonly ordinal: number; readonly begunAt: number }>(
    LIST_BEGUN,
    ...[name, value, first, most],
  )
  const blocking = begun.find(({ begunAt }) => begunAt > now - rate.windowMs)
  if (blocking === undefined) return { places: most, nextPlaceAt: null }
  const places = Math.min(most, blocking.ordinal - first)
  return { places, nextPlaceAt: places === 0 ? blocking.begunAt + rate.windowMs : null }
}

/** Returns how many slots may be offered, or given to tasks that were offered none, if none is kept. */
export function freeSlots(state: KeyState, now: number): number {
  return Math.max(0, unusedSlots(state, now) - state.offered)
}

/** Returns how many of some free slots a task may have. Those that are kept for later tasks are among them. */
export function slotsFor(place: TaskPlace, free: number, { kept }: Pick<KeyState, 'kept'>): number {
  return free - kept.filter((each) => isTaskBefore(each, place)).length
}

/**
 * Returns whether a task may begin at its place. `own`: whether a slot was offered to it, or is kept for it, which it
 * gets after the tasks that wait in front of it.
 */
export function mayBegin(state: KeyState, place: TaskPlace, own: 'offered' | 'kept' | null, now: number): boolean {
  const { first } = state
  if (own === 'offered') return slotsFor(place, unusedSlots(state, now), state) > 0
  if (slotsFor(place, freeSlots(state, now), state) <= 0) return false
  return first === null || (own === 'kept' ? !isBefore(first, place) : isBefore(place, first))
}

function unusedSlots({ values, closedUntil, used, places }: KeyState, now: number): number {
  if (closedUntil > now) return 0
  return Math.min(values.maxActive === null ? MAX_SLOTS_PER_STEP : values.maxActive - used, places)
}

export function isBefore(one: LinePlace, other: LinePlace): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.at < other.at)
}

/** Compares places in the order of listCandidates, also those of tasks of one execution. */
function isTaskBefore(one: TaskPlace, other: TaskPlace): boolean {
  if (one.rank !== other.rank || one.at !== other.at) return isBefore(one, other)
  return one.seq < other.seq || (one.seq === other.seq && one.taskId < other.taskId)
}
