/** Steps that show limits, and parts of steps that show why executions wait for slots. */

import type { Page } from '../../../engine/store-ports.ts'
import type { JsonValue } from '../../../model/context.ts'
import { type LimitKey, type LimitRow, type LimitValueRow, limitedWorkflow } from '../../../model/limits/limits.ts'
import type { LimitWait } from '../../../model/waits.ts'
import * as sql from '../../sql/executions/limit-sql.ts'
import type { Session, Step } from '../../store-session.ts'
import { livingSeqs } from '../instance-steps.ts'
import { loadKeys, loadLimits, OFFER_MS, sortedKeys, textOfKey } from './key-states.ts'
import { closedForMs, declaredValues, effectiveValues, type LimitRecord, storedOverrides } from './limit-values.ts'

/** Maximum number of executions that are named as users of slots. */
export const MAX_HOLDERS = 10

interface Announced {
  readonly seq: number
  readonly declared: string
}

export function* listLimits(session: Session, at: number): Step<readonly LimitRow[]> {
  const records = yield* session.all<LimitRecord>(sql.LIST_LIMITS)
  return yield* limitRows(session, records, at)
}

export function* getLimit(session: Session, name: string, at: number): Step<LimitRow | null> {
  const limits = yield* loadLimits(session, [{ name, value: '' }])
  return (yield* limitRows(session, [...limits.values()], at))[0] ?? null
}

function* limitRows(session: Session, records: readonly LimitRecord[], at: number): Step<readonly LimitRow[]> {
  if (records.length === 0) return []
  const announced = yield* session.all<Announced>(sql.LIST_ANNOUNCED)
  const living = yield* livingSeqs(session, at)
  const codes = announced
    .filter(({ seq }) => living.has(seq))
    .map(({ declared }) => JSON.parse(declared) as Readonly<Record<string, string>>)
  const now = yield* session.liveness.now(session)
  const rows: LimitRow[] = []
  for (const record of records) {
    const { name, closedUntil } = record
    const closed = closedForMs(closedUntil, now)
    rows.push({
      name,
      ...effectiveValues(record),
      declared: declaredValues(record),
      overrides: storedOverrides(record),
      differs: codes.some((code) => (code[name] ?? record.declared) !== record.declared),
      ...(yield* countUsed(session, name, now)),
      ...(closed !== undefined && { closedForMs: closed }),
    })
  }
  return rows
}

function* countUsed(session: Session, name: string, now: number): Step<Pick<LimitRow, 'used' | 'waiting'>> {
  const workflow = limitedWorkflow(name)
  const counted = yield* workflow === null
    ? session.one<Pick<LimitRow, 'used' | 'waiting'>>(sql.COUNT_USED, name, now)
    : session.one<Pick<LimitRow, 'used' | 'waiting'>>(sql.COUNT_USED_BY_WORKFLOW, workflow, `${name} `, `${name}!`)
  return counted ?? { used: 0, waiting: 0 }
}

export function* listLimitValues(
  session: Session,
  name: string,
  { limit, offset }: Page,
): Step<readonly LimitValueRow[]> {
  const now = yield* session.liveness.now(session)
  const workflow = limitedWorkflow(name)
  const page = [name, now, limit, offset]
  const found = yield* workflow === null
    ? session.all<{ readonly value: string }>(sql.LIST_VALUES, ...page)
    : session.all<{ readonly value: string }>(sql.LIST_VALUES_OF_WORKFLOW, ...page, workflow)
  const rows: LimitValueRow[] = []
  for (const { value } of found) rows.push(yield* valueRow(session, { name, value }, workflow, now))
  return rows
}

function* valueRow(session: Session, key: LimitKey, workflow: string | null, now: number): Step<LimitValueRow> {
  const { name, value } = key
  const limits = yield* loadLimits(session, [key])
  const { rate } = effectiveValues(limits.get(name))
  const state = (yield* loadKeys(session, [key], new Map(), now)).get(textOfKey(key))
  const closed = closedForMs(state?.closedUntil ?? null, now)
  const counted = yield* workflow === null
    ? session.one<{ readonly waiting: number }>(sql.COUNT_WAITING, name, value)
    : session.one<{ readonly waiting: number }>(sql.COUNT_WAITING_EXECUTIONS, sql.workflowLine(name, value))
  const begun =
    rate === null
      ? null
      : ((yield* session.one<{ readonly begun: number }>(sql.COUNT_BEGUN_SINCE, name, value, now - rate.windowMs))
          ?.begun ?? 0)
  const used = workflow === null ? (state?.used ?? 0) : yield* countBegun(session, workflow, value)
  return {
    value,
    used,
    waiting: counted?.waiting ?? 0,
    begun,
    ...(closed !== undefined && { closedForMs: closed }),
    heldBy: yield* holders(session, key, now),
  }
}

function* countBegun(session: Session, workflow: string, value: string): Step<number> {
  return (yield* session.one<{ readonly begun: number }>(sql.COUNT_BEGUN_EXECUTIONS, workflow, value))?.begun ?? 0
}

function* holders(session: Session, { name, value }: LimitKey, now: number): Step<readonly string[]> {
  const workflow = limitedWorkflow(name)
  const found = yield* workflow === null
    ? session.all<{ readonly id: string }>(
        sql.LIST_HOLDERS,
        ...[name, value, now, now - OFFER_MS, now + OFFER_MS, MAX_HOLDERS],
      )
    : session.all<{ readonly id: string }>(sql.LIST_BEGUN_EXECUTIONS, workflow, value, MAX_HOLDERS)
  return found.map(({ id }) => id)
}

/** Reason of a wait for a slot, with the time in which the limit may have one, if time decides. */
export interface ShownWait {
  readonly wait: LimitWait
  readonly nextInMs: number | null
}

/** Returns why tasks or executions wait for slots, by `textOfKey`. */
export function* shownWaits(session: Session, keys: readonly LimitKey[]): Step<ReadonlyMap<string, ShownWait>> {
  const shown = new Map<string, ShownWait>()
  if (keys.length === 0) return shown
  const sorted = sortedKeys(keys)
  const now = yield* session.liveness.now(session)
  const states = yield* loadKeys(session, sorted, yield* loadLimits(session, sorted), now)
  for (const key of sorted) {
    const state = states.get(textOfKey(key))
    const per = state?.values.per ?? null
    const value = per === null && key.value === 'null' ? null : (JSON.parse(key.value) as JsonValue)
    const slots = state?.values.maxActive ?? null
    const until = Math.max(state?.closedUntil ?? 0, state?.nextPlaceAt ?? 0)
    const heldBy = yield* holders(session, key, now)
    const nextInMs = closedForMs(until, now) ?? null
    shown.set(textOfKey(key), { wait: { kind: 'limit', limit: key.name, value, slots, heldBy }, nextInMs })
  }
  return shown
}
