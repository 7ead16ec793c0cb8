/** Steps of triggers and lists of their firings. */

import type { Page, PageAfter, TriggerDeclaration } from '../../engine/ports.ts'
import { DEFAULT_POLICY, type TriggerOverrides, type TriggerPolicy } from '../../model/policy.ts'
import type { FiringRow } from '../../model/schedule.ts'
import { jsonOrEmpty, type TriggerRecord } from '../rows.ts'
import type { Session, Step } from '../session.ts'
import * as sql from '../sql/triggers.ts'
import { placeAfter } from './pages.ts'

export function* saveTriggers(
  session: Session,
  triggers: readonly TriggerDeclaration[],
  at: number,
): Step<readonly TriggerRecord[]> {
  // The later of two triggers with one name applies: one statement may not change a row twice.
  const declared = [...new Map(triggers.map((trigger) => [trigger.name, trigger])).values()]
  const rows = declared.map(({ name, workflow, pollIntervalMs, allowConcurrent, policy }) => {
    return [session.newId(), name, workflow, pollIntervalMs, allowConcurrent, policyText(policy)]
  })
  session.each(session.sql.triggers.save, rows, at)
  const names = triggers.map(({ name }) => name)
  return yield* session.all<TriggerRecord>(session.sql.triggers.get, names)
}

export function* listTriggers(
  session: Session,
  page: Page & { readonly enabledOnly: boolean },
): Step<readonly TriggerRecord[]> {
  return yield* session.all<TriggerRecord>(sql.LIST_TRIGGERS, page.enabledOnly, page.limit, page.offset)
}

export function* getTrigger(session: Session, name: string): Step<TriggerRecord | null> {
  return (yield* session.one<TriggerRecord>(sql.GET_TRIGGER, name)) ?? null
}

/** Returns false if no trigger has this name, like the next step. */
export function* setTriggerEnabled(
  session: Session,
  name: string,
  isEnabled: boolean,
  note: string | null,
  at: number,
): Step<boolean> {
  const statement = `
UPDATE triggers SET enabled = $1, note = $2, failures_in_row = 0, updated_at = $3 WHERE name = $4`
  return (yield* session.run(statement, isEnabled, note, at, name)) === 1
}

/** Adds to the present overrides, or resets all of them. */
export function* overrideTrigger(
  session: Session,
  name: string,
  overrides: TriggerOverrides | null,
  at: number,
): Step<boolean> {
  const record = yield* session.one<{ readonly overrides: string | null }>(session.sql.triggers.lockOverrides, name)
  if (record === undefined) return false
  const all = overrides === null ? {} : { ...jsonOrEmpty(record.overrides), ...overrides }
  const text = Object.keys(all).length === 0 ? null : JSON.stringify(all)
  session.run('UPDATE triggers SET overrides = $1, updated_at = $2 WHERE name = $3', text, at, name)
  return true
}

export function* listFirings(
  session: Session,
  trigger: string,
  { limit, offset, after }: PageAfter,
): Step<readonly FiringRow[]> {
  const found = yield* session.one<{ readonly seq: number }>(sql.FIND_TRIGGER_SEQ, trigger)
  const place = yield* placeAfter(session, `SELECT fired_at AS at, seq FROM ${sql.ALL_FIRINGS} WHERE id = $1`, after)
  if (found === undefined || place === null) return []
  return yield* session.all<FiringRow>(sql.LIST_FIRINGS, found.seq, place.at, place.seq, limit, offset)
}

/** Returns the settings that differ from the default, or null if none does. */
function policyText(policy: TriggerPolicy): string | null {
  const given = Object.entries(policy).filter(([name, value]) => value !== DEFAULT_POLICY[name as keyof TriggerPolicy])
  return given.length === 0 ? null : JSON.stringify(Object.fromEntries(given))
}
