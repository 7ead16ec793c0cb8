/**
 * Steps that record firings. All firings of a poll, its tick, the keys, the state and the executions are one step,
 * decided while the row of the trigger is locked.
 */

import type * as port from '../../engine/store-ports.ts'
import type * as polls from '../../engine/triggers/poll-records.ts'
import { limitedReason, UNCHANGED_REASON, workflowLimitedReason } from '../../model/policy.ts'
import { COUNT_BEGUN, triggerLine } from '../sql/firing-sql.ts'
import { KINDS_OF_FIRINGS, KINDS_OF_POLLS } from '../sql/incident-sql.ts'
import { COUNT_FAILURE, SET_LAST_POLL } from '../sql/trigger-sql.ts'
import { type RowValues, type Session, type Step, toRows } from '../store-session.ts'
import { recordAction } from './action-steps.ts'
import { type Creation, insertAdmitted } from './executions/creation.ts'
import { changeIncidents } from './incidents/incident-steps.ts'
import { admit, type StartAdmission } from './limits/start-admission.ts'
import {
  endIncidents,
  endSkips,
  insertTick,
  lockedTrigger,
  type PolledRow,
  reportedFailure,
  writeSkip,
} from './poll-steps.ts'
import { findConflict, savePolledState } from './trigger-state-steps.ts'
import type { Begun } from './waiting-steps.ts'

/** Firing that has the key or the context of a later one. */
interface Earlier {
  readonly firingId: string
  readonly executionId: string | null
}

interface Decision {
  readonly firing: port.NewTriggerFiring
  readonly earlier: Earlier | null
  readonly waits: boolean
  /** Result if the limit of the workflow refused the execution. */
  readonly limited: Extract<polls.FiringResult, { readonly kind: 'limited' }> | null
}

export function* recordFired(session: Session, tick: port.FiredTick): Step<port.FiredTickResult> {
  const trigger = yield* lockedTrigger(session, tick.trigger)
  if (tick.lease !== null && tick.lease !== trigger.lease_number) return { kind: 'lost' }
  const conflict = yield* findConflict(session, trigger.seq, tick.polledState)
  if (conflict !== null) return conflict
  const result = yield* fire(session, trigger, tick)
  yield* changeIncidentsOf(session, trigger, tick, result)
  recordAction(session, tick.recorded?.(result))
  return result
}

/** A refusal extends the incident of a failing trigger. Another result of a poll ends it. */
function* changeIncidentsOf(
  session: Session,
  trigger: PolledRow,
  tick: port.FiredTick,
  result: port.FiredTickResult,
): Step<void> {
  if (isRefused(result)) {
    const failed = reportedFailure(tick.refusal?.failing, trigger.failures_in_row + 1)
    if (failed !== null) yield* changeIncidents(session, [{ failure: failed }])
    yield* endIncidents(session, trigger, ['trigger-late'], tick)
    return
  }
  const kinds = [...(tick.byHand === null ? KINDS_OF_POLLS : []), ...(hasStarted(result) ? KINDS_OF_FIRINGS : [])]
  yield* endIncidents(session, trigger, kinds, tick)
}

function isRefused(result: port.FiredTickResult): boolean {
  return result.kind === 'several' ? result.firings.some(isRefused) : result.kind === 'refused'
}

function hasStarted(result: port.FiredTickResult): boolean {
  return result.kind === 'several' ? result.firings.some(hasStarted) : result.kind === 'started'
}

function* fire(session: Session, trigger: PolledRow, tick: port.FiredTick): Step<port.FiredTickResult> {
  if (tick.onChange && trigger.is_firing) {
    yield* writeSkip(session, { ...tick, reason: UNCHANGED_REASON, isFiring: true })
    return { kind: 'unchanged' }
  }
  const { seq } = trigger
  const counting = tick.maxActive === null ? null : session.one<Begun>(COUNT_BEGUN, seq, triggerLine(tick.trigger))
  const earlier = yield* findEarlier(session, seq, tick)
  const begun = counting === null ? undefined : yield* counting
  const free = freePlaces(tick.maxActive, begun)
  const isLimited = tick.aboveLimit === 'dropped' && free === 0 && earlier[0] === null
  if (trigger.skip_count > 0) endSkips(session, tick.trigger)
  if (tick.byHand === null) session.run(SET_LAST_POLL, tick.at, !isLimited && tick.refusal === undefined, seq)
  if (isLimited) {
    const active = begun?.active ?? 0
    const reason = limitedReason(tick.maxActive ?? 0, active)
    insertTick(session, seq, { ...tick, reason, outcome: 'limited', firingId: null, firings: 1 })
    return { kind: 'limited', active }
  }
  const decided = decide(tick.firings, earlier, free)
  const admission = yield* admit(session, creationsOf(tick, decided))
  const decisions = decided.map((decision) => limitedDecision(decision, admission))
  const [first] = decisions
  if (decisions.length === 1 && first !== undefined && first.limited !== null) {
    const { active } = first.limited
    const reason = workflowLimitedReason(active)
    if (tick.byHand === null) session.run(SET_LAST_POLL, tick.at, false, seq)
    insertTick(session, seq, { ...tick, reason, outcome: 'limited', firingId: null, firings: 1 })
    savePolledState(session, seq, tick.polledState, tick.at)
    return first.limited
  }
  const results = decisions.map((decision) => resultOf(tick, decision))
  if (results.some(isRefused)) session.run(COUNT_FAILURE, trigger.failures_in_row + 1, seq)
  insertFiredTick(session, seq, tick, decisions)
  insertFirings(session, seq, tick, decisions)
  savePolledState(session, seq, tick.polledState, tick.at)
  yield* insertAdmitted(session, admission)
  const [only] = results
  return results.length === 1 && only !== undefined ? only : { kind: 'several', firings: results }
}

/** Returns the number of executions that may begin. None may while others wait. */
function freePlaces(maxActive: number | null, begun: Begun | undefined): number {
  if (maxActive === null) return Number.POSITIVE_INFINITY
  const { active, waiting } = begun ?? { active: 0, waiting: 0 }
  return waiting > 0 ? 0 : Math.max(0, maxActive - active)
}

function decide(firings: readonly port.NewTriggerFiring[], earlier: readonly (Earlier | null)[], free: number) {
  let begun = 0
  return firings.map((firing, index): Decision => {
    const before = earlier[index] ?? null
    if (before !== null || firing.execution === null) return { firing, earlier: before, waits: false, limited: null }
    begun += 1
    return { firing, earlier: null, waits: begun > free, limited: null }
  })
}

function limitedDecision(decision: Decision, { refused }: StartAdmission<Creation>): Decision {
  const { execution } = decision.firing
  const result = decision.earlier !== null || execution === null ? undefined : refused.get(execution.id)
  return result === undefined
    ? decision
    : { ...decision, limited: { kind: 'limited', active: result.active, by: 'workflow' } }
}

function resultOf({ refusal }: port.FiredTick, { earlier, waits, limited }: Decision): polls.FiringResult {
  if (limited !== null) return limited
  if (earlier !== null) return { kind: 'duplicate', executionId: earlier.executionId }
  if (refusal !== undefined) return { kind: 'refused' }
  return waits ? { kind: 'started', waits } : { kind: 'started' }
}

/**
 * Returns for each firing an earlier one that makes it a duplicate, or null: the one with its key, or, without a key,
 * an active one with its context. Earlier firings of the same list apply like stored ones.
 */
function* findEarlier(session: Session, seq: number, tick: port.FiredTick): Step<readonly (Earlier | null)[]> {
  const { firings, allowConcurrent, at } = tick
  const { findKeys, findActiveFirings } = session.sql.firings
  const keys = firings.flatMap(({ key }) => (key === null ? [] : storedKey(key)))
  const hashes = firings.flatMap(({ key, contextHash }) => (key !== null || allowConcurrent ? [] : contextHash))
  const known = session.allEach<Earlier & { readonly key: string }>(findKeys, toRows([...new Set(keys)]), seq, at)
  const active = session.allEach<Earlier & { readonly hash: string }>(
    findActiveFirings,
    toRows([...new Set(hashes)]),
    seq,
  )
  const byKey = new Map<string, Earlier>((yield* known).map((found) => [found.key, found]))
  const byHash = new Map<string, Earlier>((yield* active).map((found) => [found.hash, found]))
  return firings.map(({ key, contextHash, firingId, execution }) => {
    const stored = key === null ? null : storedKey(key)
    const unkeyed = allowConcurrent ? undefined : byHash.get(contextHash)
    const earlier = stored === null ? unkeyed : byKey.get(stored)
    if (earlier !== undefined) return earlier
    const own = { firingId, executionId: execution?.id ?? null }
    if (stored !== null) byKey.set(stored, own)
    if (execution !== null && !byHash.has(contextHash)) byHash.set(contextHash, own)
    return null
  })
}

/** PostgreSQL stores no NUL in a text. */
function storedKey(key: string): string {
  return key.replaceAll('\\', '\\\\').replaceAll('\0', '\\0')
}

function insertFiredTick(session: Session, seq: number, tick: port.FiredTick, decisions: readonly Decision[]): void {
  const started = decisions.find(({ earlier, limited }) => earlier === null && limited === null)
  const [only] = decisions.length === 1 ? decisions : []
  const executionId = only?.earlier?.executionId ?? (only?.earlier === null ? only.firing.execution?.id : null) ?? null
  const { refusal, byHand } = tick
  insertTick(session, seq, {
    ...tick,
    reason: refusal?.reason ?? byHand,
    outcome: started === undefined ? outcomeWithoutStart(decisions) : refusal === undefined ? 'fired' : 'refused',
    firingId: (refusal === undefined ? started?.firing.firingId : null) ?? only?.earlier?.firingId ?? null,
    executionId,
    firings: decisions.length,
    duplicates: decisions.filter(({ earlier }) => earlier !== null).length,
  })
}

function outcomeWithoutStart(decisions: readonly Decision[]): 'limited' | 'duplicate' {
  return decisions.some(({ limited }) => limited !== null) ? 'limited' : 'duplicate'
}

/** On SQLite, the tick must be the last inserted row with a rowid: see `InsertFirings`. */
function insertFirings(session: Session, seq: number, tick: port.FiredTick, decisions: readonly Decision[]): void {
  const { at, keysExpireAt } = tick
  const [active, ended, keys]: [RowValues[], RowValues[], RowValues[]] = [[], [], []]
  for (const [position, { firing, earlier, limited }] of decisions.entries()) {
    if (earlier !== null || limited !== null) continue
    const { firingId, contextHash, key, execution } = firing
    if (execution === null) ended.push([firingId, seq, contextHash, at, position])
    else active.push([firingId, seq, contextHash, execution.id, at, position])
    if (key !== null) keys.push([seq, storedKey(key), firingId, execution?.id ?? null, at, keysExpireAt])
  }
  session.each(session.sql.firings.insertActiveFirings, active)
  session.each(session.sql.firings.insertFirings, ended)
  session.each(session.sql.firings.insertKeys, keys)
}

function creationsOf({ trigger, at }: port.FiredTick, decisions: readonly Decision[]): readonly Creation[] {
  return decisions.flatMap(({ firing: { execution, firingId }, earlier, waits }) => {
    if (earlier !== null || execution === null) return []
    return {
      execution,
      origin: { kind: 'trigger', trigger, firingId },
      at,
      waitsFor: waits ? triggerLine(trigger) : null,
    }
  })
}
