/** Steps of limits. See the methods of the port that have the same names. */

import type { Clock } from '../../../engine/clock-port.ts'
import type { LimitStore, TimedRelease } from '../../../engine/limits/limit-store.ts'
import type { NewAction } from '../../../model/action.ts'
import type { LimitDefinition, LimitKey, LimitOverrides } from '../../../model/limits/limits.ts'
import * as sql from '../../sql/executions/limit-sql.ts'
import { type RunStep, type Session, type Step, stepMethod } from '../../store-session.ts'
import { recordActionIf } from '../action-steps.ts'
import type { LiveDeclarations } from '../declaration-steps.ts'
import { releaseExecutions } from './execution-slots.ts'
import { KeyRotation } from './key-rotation.ts'
import {
  freeSlots,
  type KeyState,
  loadKeys,
  loadLimits,
  lockKeys,
  MAX_SLOTS_PER_STEP,
  OFFER_MS,
  sortedKeys,
} from './key-states.ts'
import { storedOverrides, UNTIL_OPENED, valuesText } from './limit-values.ts'
import { getLimit, listLimits, listLimitValues } from './shown-limits.ts'
import { offerSlots } from './slot-offers.ts'

/** Longest time until the next release: leases may end, and steps pass over executions that others have locked. */
const RELEASE_EVERY_MS = 1_000
/** Time after which tasks usually have taken the slots that were offered to them. */
const OFFERS_TAKEN_MS = 20

/** Time until the next pass if one pass does not look at all values. */
const NEXT_VALUES_AFTER_MS = 100

/** Closing of a limit, for all its values or for one. */
interface Selection {
  readonly name: string
  readonly value: string | null
}

export function limitStore(run: RunStep, declarations: LiveDeclarations, clock: Pick<Clock, 'now'>): LimitStore {
  const rotations: Rotations = { tasks: new KeyRotation(), workflows: new KeyRotation() }
  // Alone: they lock limits, and then executions.
  return {
    declare: (instanceId, limits, at) => {
      const announced = announcedText(limits)
      declarations.keep(instanceId, 'limits', limits.length === 0, function* (session, _at, _dead, isNew) {
        if (isNew) yield* session.run(sql.ANNOUNCE_LIMITS, instanceId, announced)
      })
      return run('write', (session) => declare(session, instanceId, limits, at), 'alone')
    },
    list: () => run('read', (session) => listLimits(session, clock.now())),
    get: (name) => run('read', (session) => getLimit(session, name, clock.now())),
    listValues: stepMethod(run, 'read', listLimitValues),
    set: stepMethod(run, 'accept', set, 'alone'),
    close: stepMethod(run, 'accept', close, 'alone'),
    open: stepMethod(run, 'accept', open, 'alone'),
    release: (at) => run('write', (session) => release(session, at, rotations), 'alone'),
  }
}

function announcedText(limits: readonly LimitDefinition[]): string | null {
  if (limits.length === 0) return null
  return JSON.stringify(Object.fromEntries(limits.map((limit) => [limit.name, valuesText(limit)])))
}

function* declare(
  session: Session,
  instanceId: string,
  limits: readonly LimitDefinition[],
  at: number,
): Step<readonly string[]> {
  session.run(sql.ANNOUNCE_LIMITS, instanceId, announcedText(limits))
  if (limits.length === 0) return []
  const sorted = limits.toSorted((one, other) => (one.name < other.name ? -1 : 1))
  const known = yield* loadLimits(
    session,
    sorted.map(({ name }) => ({ name, value: '' })),
  )
  const changed = sorted.filter((limit) => known.get(limit.name)?.declared !== valuesText(limit))
  for (const limit of changed) session.run(sql.DECLARE_LIMIT, limit.name, valuesText(limit))
  const names = new Set(changed.map(({ name }) => name))
  return names.size === 0 ? [] : (yield* releaseAll(session, at, ({ name }) => names.has(name))).released
}

function* set(
  session: Session,
  name: string,
  overrides: LimitOverrides | null,
  at: number,
  action?: NewAction,
): Step<readonly string[] | null> {
  const limit = (yield* loadLimits(session, [{ name, value: '' }])).get(name)
  if (limit === undefined) return null
  const merged = overrides === null ? null : JSON.stringify({ ...storedOverrides(limit), ...overrides })
  session.run(sql.OVERRIDE_LIMIT, name, merged)
  recordActionIf(true, session, action)
  session.notifyEngines()
  return (yield* releaseAll(session, at, (key) => key.name === name)).released
}

function* close(
  session: Session,
  { name, value }: Selection,
  forMs: number | null,
  _at: number,
  action?: NewAction,
): Step<boolean> {
  const limit = (yield* loadLimits(session, [{ name, value: '' }])).get(name)
  if (limit === undefined) return false
  const now = yield* session.liveness.now(session)
  const until = forMs === null ? UNTIL_OPENED : now + forMs
  if (value === null) session.run(sql.CLOSE_LIMIT, name, now, until)
  else {
    yield* lockKeys(session, [{ name, value }])
    session.run(sql.EXTEND_CLOSING, name, value, now, until)
  }
  session.notifyEngines()
  return recordActionIf(true, session, action)
}

function* open(
  session: Session,
  { name, value }: Selection,
  at: number,
  action?: NewAction,
): Step<readonly string[] | null> {
  const limit = (yield* loadLimits(session, [{ name, value: '' }])).get(name)
  if (limit === undefined) return null
  if (value === null) session.run(sql.CLOSE_LIMIT, name, null, null)
  session.run(sql.OPEN_VALUES, name, value)
  recordActionIf(true, session, action)
  session.notifyEngines()
  const isOpened = (key: LimitKey) => key.name === name && (value === null || key.value === value)
  return (yield* releaseAll(session, at, isOpened)).released
}

interface Rotations {
  readonly tasks: KeyRotation
  readonly workflows: KeyRotation
}

function* release(session: Session, at: number, rotations: Rotations): Step<TimedRelease> {
  const waiting = yield* listWaited(session)
  const keys = rotations.tasks.next(waiting.tasks)
  const workflowKeys = rotations.workflows.next(waiting.workflows)
  const { released, nextInMs } = yield* releaseKeys(session, at, { tasks: keys, workflows: workflowKeys })
  const isMore = keys.length + workflowKeys.length < waiting.tasks.length + waiting.workflows.length
  return { available: released, nextInMs: isMore ? Math.min(nextInMs ?? 0, NEXT_VALUES_AFTER_MS) : nextInMs }
}

interface Released {
  readonly released: readonly string[]
  readonly nextInMs: number | null
}

/** Limits and values of tasks and of workflows, sorted. */
interface WaitedKeys {
  readonly tasks: readonly LimitKey[]
  readonly workflows: readonly LimitKey[]
}

/** Returns the limits and values for which tasks or executions wait. */
function* listWaited(session: Session): Step<WaitedKeys> {
  const tasks = session.all<LimitKey>(sql.LIST_WAITED_VALUES)
  const workflows = session.all<LimitKey>(sql.LIST_WAITED_WORKFLOWS, ...sql.WORKFLOW_LINES)
  return { tasks: sortedKeys(yield* tasks), workflows: sortedKeys(yield* workflows) }
}

/** Offers the free slots of all selected limits for which tasks or executions wait. */
function* releaseAll(session: Session, at: number, isSelected: (key: LimitKey) => boolean): Step<Released> {
  const { tasks, workflows } = yield* listWaited(session)
  const selected = { tasks: tasks.filter(isSelected), workflows: workflows.filter(isSelected) }
  return yield* releaseKeys(session, at, selected)
}

function* releaseKeys(session: Session, at: number, { tasks, workflows }: WaitedKeys): Step<Released> {
  if (tasks.length + workflows.length === 0) return { released: [], nextInMs: null }
  // The keys of tasks precede those of workflows, as in settlements.
  const { now, limits } = yield* lockKeys(session, tasks)
  const states = yield* loadKeys(session, tasks, limits, now)
  const begun = yield* releaseExecutions(session, workflows, at)
  const { executionIds } = yield* offerSlots(session, states.values(), { at, now })
  const next = [...states.values()].map((state) => nextSlotMs(state, now))
  const released = [...executionIds, ...begun]
  const mayBeMore = released.length >= MAX_SLOTS_PER_STEP
  return { released, nextInMs: mayBeMore ? 1 : Math.min(RELEASE_EVERY_MS, ...next) }
}

/** Returns the time until the next slot of a limit may be offered. */
function nextSlotMs(state: KeyState, now: number): number {
  const { closedUntil, nextPlaceAt, values, places, hasUntaken, used } = state
  if (closedUntil > now) return closedUntil - now
  if (nextPlaceAt !== null) return Math.max(1, nextPlaceAt - now)
  // The time of the next place is known when the tasks that were offered the last places have begun.
  if (values.rate !== null && places > 0 && !hasUntaken && used < (values.maxActive ?? Number.POSITIVE_INFINITY))
    return OFFERS_TAKEN_MS
  return freeSlots(state, now) > 0 ? RELEASE_EVERY_MS : OFFER_MS
}
