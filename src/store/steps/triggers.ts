/** Steps of triggers and lists of their firings. */

import type { Page, PageAfter, TriggerDeclaration } from '../../engine/ports.ts'
import type { TriggerOverrides } from '../../model/policy.ts'
import type { FiringRow } from '../../model/schedule.ts'
import { type FiringRecord, firingRow, overridesText, policyText, type TriggerRecord } from '../rows.ts'
import type { Session, Step } from '../session.ts'
import {
  FIND_FIRING,
  FIND_TRIGGER_SEQ,
  GET_TRIGGER,
  LIST_FIRINGS,
  LIST_TRIGGERS,
  SET_OVERRIDES,
  SET_TRIGGER_ENABLED,
} from '../sql/triggers.ts'
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
  return yield* session.all<TriggerRecord>(LIST_TRIGGERS, page.enabledOnly, page.limit, page.offset)
}

export function* getTrigger(session: Session, name: string): Step<TriggerRecord | null> {
  return (yield* session.one<TriggerRecord>(GET_TRIGGER, name)) ?? null
}

/** Returns false if no trigger has this name, like the next step. */
export function* setTriggerEnabled(
  session: Session,
  name: string,
  isEnabled: boolean,
  note: string | null,
  at: number,
): Step<boolean> {
  return (yield* session.run(SET_TRIGGER_ENABLED, isEnabled, note, at, name)) === 1
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
  const before = overrides === null || record.overrides === null ? {} : (JSON.parse(record.overrides) as object)
  session.run(SET_OVERRIDES, overridesText({ ...before, ...overrides }), at, name)
  return true
}

export function* listFirings(
  session: Session,
  trigger: string,
  { limit, offset, after }: PageAfter,
): Step<readonly FiringRow[]> {
  const found = yield* session.one<{ readonly seq: number }>(FIND_TRIGGER_SEQ, trigger)
  const place = yield* placeAfter(session, FIND_FIRING, after)
  if (found === undefined || place === null) return []
  const records = yield* session.all<FiringRecord>(LIST_FIRINGS, found.seq, place.at, place.seq, limit, offset)
  return records.map(firingRow)
}
