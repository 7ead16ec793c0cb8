/** The triggers of the store: a step for each method of the port. */

import type { TriggerStore } from '../../engine/store.ts'
import type { PageAfter, TriggerCounts, TriggerDeclaration, TriggerRemoval } from '../../engine/store-ports.ts'
import type { NewAction } from '../../model/action.ts'
import { DEFAULT_POLICY, type TriggerOverrides, type TriggerPolicy } from '../../model/policy.ts'
import type { FiringRow, TriggerRow } from '../../model/schedule-rows.ts'
import type { SkipWriter } from '../skip-writer.ts'
import { CANCEL_BATCHES } from '../sql/batch-sql.ts'
import * as sql from '../sql/trigger-sql.ts'
import type { Database } from '../store-database.ts'
import { jsonOrEmpty, type TriggerRecord, tagsJson, triggerRow } from '../store-rows.ts'
import { collectReplies, type Session, type Step, stepMethod } from '../store-session.ts'
import { recordActionIf } from './action-steps.ts'
import { recordFired } from './firing-steps.ts'
import { endIncidentsOfRemoved } from './incidents/incident-steps.ts'
import { livingSeqs } from './instance-steps.ts'
import { recordFailed, recordSkip } from './poll-steps.ts'
import { placeAfter } from './row-places.ts'
import { listTicks } from './tick-steps.ts'
import { type HeldLeases, leaseTriggers, releaseTriggers } from './trigger-lease-steps.ts'
import { changeState, getState, leasedFacts } from './trigger-state-steps.ts'
import { endWaiting, releaseWaiting } from './waiting-steps.ts'

/** Takes a few milliseconds, as a step of retention does. */
const MAX_ROWS_PER_STEP = 300

const SET_ENABLED = 'UPDATE triggers SET enabled = $1, note = $2, failures_in_row = 0, updated_at = $3 WHERE name = $4'

export function triggerStore(database: Database, skips: SkipWriter, held: HeldLeases): TriggerStore {
  const { run, isReadOnly } = database
  const rowOf = (record: TriggerRecord): TriggerRow => triggerRow(record, skips.lastAt(record.name))
  return {
    saveTriggers: stepMethod(run, 'write', function* (session, declared, at) {
      return (yield* saveTriggers(session, declared, at)).map(rowOf)
    }),
    leaseTriggers: (instanceId, names) =>
      run('write', (session) => leaseTriggers(session, held, instanceId, names), 'quiet'),
    releaseTriggers: stepMethod(run, 'write', releaseTriggers, 'quiet'),
    removeTrigger: stepMethod(run, 'accept', removeTrigger),
    listTriggers: stepMethod(run, 'read', function* (session, page) {
      const { enabledOnly, troubledAt = null, withoutReplaced = false, limit, offset } = page
      const values = [enabledOnly, limit, offset, troubledAt, withoutReplaced]
      return (yield* session.all<TriggerRecord>(sql.LIST_TRIGGERS, ...values)).map(rowOf)
    }),
    countTriggers: stepMethod(run, 'read', function* (session) {
      return (yield* session.one<TriggerCounts>(sql.COUNT_TRIGGERS)) ?? { all: 0, enabled: 0 }
    }),
    getTrigger: stepMethod(run, 'read', function* (session, name) {
      const record = yield* session.one<TriggerRecord>(sql.GET_TRIGGER, name)
      return record === undefined ? null : rowOf(record)
    }),
    setTriggerEnabled: stepMethod(run, 'accept', function* (session, name, isEnabled, note, at, action) {
      const changed = yield* session.run(SET_ENABLED, isEnabled, note, at, name)
      return recordActionIf(changed === 1, session, action)
    }),
    overrideTrigger: stepMethod(run, 'accept', function* (session, name, overrides, at, action) {
      return recordActionIf(yield* overrideTrigger(session, name, overrides, at), session, action)
    }),
    noteSkip: (skip) => {
      if (!isReadOnly) skips.note(skip)
    },
    leasedFacts: stepMethod(run, 'read', leasedFacts),
    recordSkip: (skip) => skips.stepAfter('accept', skip.trigger, (session) => recordSkip(session, skip)),
    recordFired: (tick) => skips.stepAfter('accept', tick.trigger, (session) => recordFired(session, tick)),
    releaseWaiting: stepMethod(run, 'write', releaseWaiting, 'alone'),
    getState: stepMethod(run, 'read', getState),
    changeState: stepMethod(run, 'accept', changeState),
    recordFailed: (tick) => {
      const need = tick.recorded === undefined ? 'write' : 'accept'
      return skips.stepAfter(need, tick.trigger, (session) => recordFailed(session, tick))
    },
    listFirings: stepMethod(run, 'read', listFirings),
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
  const rows = declared.map(
    ({ name, workflow, pollIntervalMs, allowConcurrent, policy, initialStateText, tags, priority }) => {
      const values = [
        workflow,
        pollIntervalMs,
        allowConcurrent,
        policyText(policy),
        initialStateText,
        tagsJson(tags),
        priority,
      ]
      return [session.newId(), name, ...values, at, at]
    },
  )
  session.each(session.sql.triggers.save, rows)
  const names = triggers.map(({ name }) => name)
  const records = yield* session.all<TriggerRecord>(session.sql.triggers.get, names)
  const recordOf = new Map(records.map((record) => [record.name, record]))
  return names.flatMap((name) => recordOf.get(name) ?? [])
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

/** Deletes the history of the trigger first, a part in each step, and the trigger in the last step. */
function* removeTrigger(session: Session, name: string, at: number, action?: NewAction): Step<TriggerRemoval> {
  const { listDeclarers, deleteHistory } = session.sql.instanceCode
  const declarers = session.all<{ readonly seq: number }>(listDeclarers, `poll ${name}`, `cron ${name}`)
  const living = yield* livingSeqs(session, at)
  if ((yield* declarers).some(({ seq }) => living.has(seq))) return 'declared'
  for (const statement of deleteHistory) {
    if ((yield* session.run(statement, name, MAX_ROWS_PER_STEP)) > 0) return 'more'
  }
  yield* session.run(CANCEL_BATCHES, at, name)
  const removed = yield* collectReplies([
    session.run('DELETE FROM triggers WHERE name = $1', name),
    session.run('DELETE FROM crons WHERE trigger_name = $1', name),
  ])
  const isRemoved = removed.some((rows) => rows > 0)
  if (isRemoved) {
    endIncidentsOfRemoved(session, name)
    yield* endWaiting(session, name, at)
  }
  return recordActionIf(isRemoved, session, action) ? 'removed' : 'unknown'
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

function policyText(policy: TriggerPolicy): string | null {
  const given = Object.entries(policy).filter(([name, value]) => value !== DEFAULT_POLICY[name as keyof TriggerPolicy])
  return given.length === 0 ? null : JSON.stringify(Object.fromEntries(given))
}
