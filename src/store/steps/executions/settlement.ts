/** Steps that settle attempts: they change executions, and end them. One statement serves all settlements of a step. */

import type { IncidentReport } from '../../../engine/incidents/incident-report.ts'
import type { Settled, Settlement, TaskChange } from '../../../engine/store-ports.ts'
import { StoreError } from '../../../errors.ts'
import { type LimitKey, workflowLimitName } from '../../../model/limits/limits.ts'
import { FIND_ENDED } from '../../sql/executions/execution-sql.ts'
import { KINDS_OF_EXECUTIONS } from '../../sql/incident-sql.ts'
import { faultText, type OwnedRecord } from '../../store-rows.ts'
import { type Reply, type RowValues, type Session, type Step, toRows } from '../../store-session.ts'
import { changeIncidents, type IncidentChange, judgeDeadlines } from '../incidents/incident-steps.ts'
import { type SlotResult, useSlots, usesSlots } from '../limits/attempt-slots.ts'
import { releaseExecutions } from '../limits/execution-slots.ts'
import { releaseUpToLimit } from '../waiting-steps.ts'
import { endChildWaits, endLateWaits, findFamily } from './child-waits.ts'
import { type EndingRecord, writeEnds } from './execution-ends.ts'
import { applyByOwner } from './requests.ts'
import { lockSignals, type SignalKey } from './signal-steps.ts'
import { completingAttempts, TaskChanges } from './task-changes.ts'
import { releaseWaiting, WaitChanges } from './wait-steps.ts'

interface SettlingRecord
  extends EndingRecord,
    Pick<OwnedRecord, 'workflow' | 'owner_seq' | 'owner_number' | 'limit_value'> {
  /** Whether an incident of the workflow is open that a completed execution ends. */
  readonly has_incident: boolean | number
  /** Whether executions of the same trigger wait for the end of this one or of others. */
  readonly has_waiting: boolean | number
}

interface Accepted {
  readonly record: SettlingRecord
  readonly settlement: Settlement
}

interface Judged extends Accepted {
  /** Missed deadlines that nobody has judged before. */
  readonly missed: readonly IncidentReport[]
}

const RELEASED = 'the execution has ended, or no engine is running it'

/**
 * Settles executions that differ. Returns the error of each settlement that is refused, and otherwise the ids of
 * executions that can begin after its end.
 */
export function* settle(
  session: Session,
  settlements: readonly Settlement[],
  at: number,
): Step<readonly (Settled | StoreError)[]> {
  const signals = settlements.flatMap(openedSignals)
  if (signals.length > 0) lockSignals(session, signals)
  const ids = yield* findFamily(session, settlements)
  const records = yield* session.allEach<SettlingRecord>(session.sql.executions.findForSettling, toRows(ids))
  const recordOf = new Map(records.map((record) => [record.id, record]))
  const accepted: Accepted[] = []
  const refusals: (StoreError | null)[] = []
  for (const settlement of settlements) {
    const { executionId } = settlement
    const record = recordOf.get(executionId)
    const reason = record === undefined ? yield* reasonMissing(session, executionId) : refusalOf(record, settlement)
    refusals.push(reason === null ? null : cannotSettle(executionId, reason))
    if (record !== undefined && reason === null) accepted.push({ record, settlement })
  }
  yield* lockTriggers(session, accepted)
  const slots = yield* useSlots(session, accepted, at)
  const changes = new TaskChanges()
  const waits = new WaitChanges()
  const written = writeTasks(
    session,
    accepted.map((each) => withLimited(each, slots)),
    changes,
    waits,
  )
  yield* waits.write(session, at)
  yield* endLateWaits(session, accepted, (id) => recordOf.has(id), at)
  for (const { record, settlement } of accepted) {
    if (settlement.applied !== undefined) yield* applyByOwner(session, record.id, settlement.applied, at)
  }
  writeEnds(session, accepted)
  const freed = yield* endChildWaits(session, endedChildren(accepted))
  giveBack(session, accepted)
  // Before the incidents, since steps of polls lock their trigger first, too.
  const released = yield* releaseAfter(session, accepted, at)
  const begun = yield* releaseExecutions(session, freedKeys(accepted), at)
  yield* changeIncidents(session, incidentChanges(yield* judged(session, accepted)))
  let changed = 0
  for (const reply of written) changed += yield* reply
  if (changed !== changes.count) yield* throwMissingTask(session, accepted)
  return refusals.map((refusal, index) => {
    const id = settlements[index]?.executionId ?? ''
    // One settlement reports what several have freed together.
    const shared = index === refusals.indexOf(null) ? [...begun, ...slots.offered] : []
    const own = [...(released.get(id) ?? []), ...(freed.get(id) ?? [])]
    return refusal ?? { released: [...own, ...shared], limited: slots.limited.get(id) ?? [] }
  })
}

function endedChildren(accepted: readonly Accepted[]) {
  return accepted.flatMap(({ record: { id, origin }, settlement: { end } }) =>
    origin === 'child' && end !== null ? { id, at: end.endedAt } : [],
  )
}

/** Returns the names and keys of the signals for which the changes open waits. */
export function openedSignals({ changes }: Settlement): readonly SignalKey[] {
  return changes.flatMap(({ wait }) => (wait?.kind === 'signal' ? wait : []))
}

/** Locks the triggers before the limits, as firings do, if the step uses both. */
function* lockTriggers(session: Session, accepted: readonly Accepted[]): Step<void> {
  const waiting = accepted.flatMap(({ record: { origin_source, has_waiting }, settlement: { end } }) =>
    has_waiting && end !== null ? (origin_source ?? []) : [],
  )
  if (waiting.length === 0 || !accepted.some(({ settlement }) => usesSlots(settlement))) return
  for (const trigger of [...new Set(waiting)].sort()) yield* session.one(session.sql.firings.lockLimit, trigger)
}

/** Replaces the changes of attempts that did not begin: their tasks wait. */
function withLimited(each: Accepted, { limited }: SlotResult): Accepted {
  const tasks = limited.get(each.record.id)
  if (tasks === undefined) return each
  const ids = new Set(tasks.map(({ taskId }) => taskId))
  const changes = each.settlement.changes.map((change) => (ids.has(change.taskId) ? limitedChange(change) : change))
  return { ...each, settlement: { ...each.settlement, changes } }
}

function limitedChange({ wait: _, ...change }: TaskChange): TaskChange {
  const attempts = change.attempts - 1
  const isFirst = attempts === 0 && change.recoveries === 0 && (change.triesLater ?? 0) === 0
  return { ...change, status: 'Waiting', attempts, startedAt: isFirst ? null : change.startedAt }
}

/** Returns the limits of workflows whose slots the ended executions used. */
function freedKeys(accepted: readonly Accepted[]): readonly LimitKey[] {
  return accepted.flatMap(({ record: { workflow, limit_value }, settlement: { end } }) =>
    end === null || limit_value === null ? [] : { name: workflowLimitName(workflow), value: limit_value },
  )
}

/** Returns the ids of executions that begin after the ends of others, by one of these. Locks triggers in one order. */
function* releaseAfter(
  session: Session,
  accepted: readonly Accepted[],
  at: number,
): Step<ReadonlyMap<string, readonly string[]>> {
  const waiting = accepted.flatMap(({ record: { id, origin_source, has_waiting }, settlement: { end } }) =>
    has_waiting && end !== null && origin_source !== null ? { id, trigger: origin_source } : [],
  )
  const released = new Map<string, readonly string[]>()
  if (waiting.length === 0) return released
  const endedOf = new Map(waiting.map(({ id, trigger }) => [trigger, id]))
  for (const trigger of [...endedOf.keys()].sort()) {
    released.set(endedOf.get(trigger) ?? '', (yield* releaseUpToLimit(session, trigger, at)).released)
  }
  return released
}

function* reasonMissing(session: Session, executionId: string): Step<string> {
  const ended = yield* session.one(FIND_ENDED, executionId)
  return ended === undefined ? 'the execution does not exist' : RELEASED
}

/** Returns why a settlement is refused: its owner number is not the current one, because another engine took over. */
function refusalOf(record: SettlingRecord, settlement: Settlement): string | null {
  if (record.owner_seq === null) return RELEASED
  return record.owner_number === settlement.ownerNumber ? null : 'another engine has taken over the execution'
}

function writeTasks(
  session: Session,
  accepted: readonly Accepted[],
  changes: TaskChanges,
  waits: WaitChanges,
): readonly Reply<number>[] {
  const attempts: RowValues[] = []
  for (const { record, settlement } of accepted) {
    const { seq } = record
    const completing = completingAttempts(settlement)
    for (const change of settlement.changes) {
      changes.add(seq, change, completing?.get(change.taskId))
      // Steps of slots change the waits of attempts that begin.
      if (change.wait !== undefined && change.slots?.kind !== 'take')
        waits.add(record, change.taskId, change.wait, settlement.signalsSinceAt)
    }
    for (const ended of settlement.attempts ?? []) {
      if (completing?.get(ended.taskId) === ended) continue
      const { taskId, attempt, outcome, queuedAt, startedAt, endedAt, error } = ended
      attempts.push([seq, taskId, attempt, outcome, queuedAt, startedAt, endedAt, faultText(error)])
    }
  }
  const written = changes.write(session)
  session.each(session.sql.executions.insertAttempts, attempts)
  return written
}

function* judged(session: Session, accepted: readonly Accepted[]): Step<readonly Judged[]> {
  const all: Judged[] = []
  for (const each of accepted)
    all.push({ ...each, missed: yield* judgeDeadlines(session, each.settlement.missed ?? []) })
  return all
}

/**
 * Returns the incidents of missed deadlines and failed executions, and the successes that end open incidents, also of
 * this step. The deadlines of an execution precede its end, because they passed before it.
 */
function incidentChanges(judged: readonly Judged[]): readonly IncidentChange[] {
  const failing = new Set<string>()
  const [ended, open]: [IncidentChange[], IncidentChange[]] = [[], []]
  for (const { record, settlement, missed } of judged) {
    const { end } = settlement
    const failures = end?.status === 'Failed' && end.report !== undefined ? [...missed, end.report] : missed
    const changes = end === null ? open : ended
    for (const failure of failures) {
      failing.add(failure.subject)
      changes.push({ failure })
    }
    const { id: executionId, workflow: subject, has_incident } = record
    if (end?.status !== 'Completed' || !(has_incident || failing.has(subject))) continue
    changes.push({ success: { kinds: KINDS_OF_EXECUTIONS, subject, at: end.endedAt, executionId } })
  }
  return [...ended, ...open]
}

function giveBack(session: Session, accepted: readonly Accepted[]): void {
  const [unserved, waiting]: [string[], string[]] = [[], []]
  for (const { record, settlement } of accepted) {
    if (settlement.end !== null || settlement.givenBack === undefined) continue
    if (settlement.givenBack === 'waiting') waiting.push(record.id)
    else unserved.push(record.id)
  }
  if (waiting.length > 0) releaseWaiting(session, waiting)
  if (unserved.length === 0) return
  session.each(session.sql.executions.disown, toRows(unserved))
  session.notifyEngines()
}

function* throwMissingTask(session: Session, accepted: readonly Accepted[]): Step<void> {
  for (const { record, settlement } of accepted) {
    const statement = 'SELECT task_id AS id FROM task_runs WHERE execution_seq = $1'
    const tasks = yield* session.all<{ readonly id: string }>(statement, record.seq)
    const known = new Set(tasks.map(({ id }) => id))
    const missing = settlement.changes.find(({ taskId }) => !known.has(taskId))
    if (missing !== undefined) throw cannotSettle(record.id, `the execution has no task "${missing.taskId}"`)
  }
}

function cannotSettle(executionId: string, why: string): StoreError {
  return new StoreError('EXECUTION_NOT_OWNED', `Cannot store the result of execution "${executionId}": ${why}.`, {
    executionId,
  })
}
