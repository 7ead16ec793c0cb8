/** The triggers of the store: a step for each method of the port. */

import type { PageAfter, TriggerDeclaration, TriggerStore } from '../../engine/ports.ts'
import { DEFAULT_POLICY, type TriggerOverrides, type TriggerPolicy } from '../../model/policy.ts'
import type { FiringRow, TriggerRow } from '../../model/schedule.ts'
import type { Database } from '../database.ts'
import { jsonOrEmpty, type TriggerRecord, triggerRow } from '../rows.ts'
import { method, type Session, type Step } from '../session.ts'
import type { SkipWriter } from '../skip-writer.ts'
import * as sql from '../sql/triggers.ts'
import { recordedIf } from './actions.ts'
import { removeTrigger } from './instance-code.ts'
import { placeAfter } from './pages.ts'
import { recordFailed, recordFired } from './polls.ts'
import { listTicks } from './ticks.ts'
import { type HeldLeases, leaseTriggers, releaseTriggers } from './trigger-leases.ts'

const SET_ENABLED = 'UPDATE triggers SET enabled = $1, note = $2, failures_in_row = 0, updated_at = $3 WHERE name = $4'

export function triggerStore(database: Database, skips: SkipWriter, held: HeldLeases): TriggerStore {
  const { run, liveness, isReadOnly } = database
  const rowOf = (record: TriggerRecord): TriggerRow => triggerRow(record, skips.lastAt(record.name))
  return {
    saveTriggers: method(run, 'write', function* (session, declared, at) {
      return (yield* saveTriggers(session, declared, at)).map(rowOf)
    }),
    leaseTriggers: (instanceId, names) =>
      run('write', (session) => leaseTriggers(session, liveness, held, instanceId, names), 'quiet'),
    releaseTriggers: method(run, 'write', releaseTriggers, 'quiet'),
    removeTrigger: (name, at) => run('accept', (session) => removeTrigger(session, liveness, name, at)),
    listTriggers: method(run, 'read', function* (session, { enabledOnly, limit, offset }) {
      return (yield* session.all<TriggerRecord>(sql.LIST_TRIGGERS, enabledOnly, limit, offset)).map(rowOf)
    }),
    getTrigger: method(run, 'read', function* (session, name) {
      const record = yield* session.one<TriggerRecord>(sql.GET_TRIGGER, name)
      return record === undefined ? null : rowOf(record)
    }),
    setTriggerEnabled: method(run, 'accept', function* (session, name, isEnabled, note, at, action) {
      const changed = yield* session.run(SET_ENABLED, isEnabled, note, at, name)
      return recordedIf(changed === 1, session, action)
    }),
    overrideTrigger: method(run, 'accept', function* (session, name, overrides, at, action) {
      return recordedIf(yield* overrideTrigger(session, name, overrides, at), session, action)
    }),
    noteSkip: (skip) => {
      if (!isReadOnly) skips.note(skip)
    },
    recordFired: (tick) => skips.stepAfter('accept', tick.trigger, (session) => recordFired(session, tick)),
    recordFailed: (tick) => skips.stepAfter('write', tick.trigger, (session) => recordFailed(session, tick)),
    listFirings: method(run, 'read', listFirings),
    listTicks: (trigger, filter) => skips.read(trigger, (session) => listTicks(session, trigger, filter)),
  }
}

function* saveTriggers(
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

/** Returns false if no trigger has this name. */
function* overrideTrigger(
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

function* listFirings(
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
