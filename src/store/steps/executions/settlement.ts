/** Steps that settle attempts: they change executions, and end them. One statement serves all settlements of a step. */

import type { ExecutionEnd, Settlement } from '../../../engine/ports.ts'
import { StoreError } from '../../../errors.ts'
import type { ExecutionOrigin } from '../../../model/execution.ts'
import { faultText, type OwnedRecord } from '../../rows.ts'
import { type Reply, type RowValues, rowsOf, type Session, type Step } from '../../session.ts'
import { FIND_ENDED } from '../../sql/executions/executions.ts'
import { answerAtEnd, applyByOwner } from './requests.ts'
import { completingAttempts, TaskChanges } from './task-changes.ts'

interface EndingRecord extends Pick<OwnedRecord, 'seq' | 'id' | 'request' | 'request_number'> {
  readonly origin: ExecutionOrigin['kind']
  readonly firing_id: string | null
}

interface SettlingRecord extends EndingRecord, Pick<OwnedRecord, 'owner_seq' | 'owner_number'> {}

/** An execution, and its settlement if the execution ends. */
interface Ending {
  readonly record: EndingRecord
  readonly settlement: Pick<Settlement, 'changes' | 'cancelReport' | 'end'>
}

interface Accepted {
  readonly record: SettlingRecord
  readonly settlement: Settlement
}

const RELEASED = 'the execution has ended, or no engine is running it'

/** Settles executions that differ. Returns for each settlement nothing, or the error if the settlement is refused. */
export function* settle(
  session: Session,
  settlements: readonly Settlement[],
  at: number,
): Step<readonly (StoreError | undefined)[]> {
  const ids = settlements.map(({ executionId }) => executionId)
  const records = yield* session.allEach<SettlingRecord>(session.sql.executions.findForSettling, rowsOf(ids))
  const recordOf = new Map(records.map((record) => [record.id, record]))
  const accepted: Accepted[] = []
  const refusals: (StoreError | undefined)[] = []
  for (const settlement of settlements) {
    const { executionId } = settlement
    const record = recordOf.get(executionId)
    const reason = record === undefined ? yield* reasonMissing(session, executionId) : refusalOf(record, settlement)
    refusals.push(reason === null ? undefined : cannotSettle(executionId, reason))
    if (record !== undefined && reason === null) accepted.push({ record, settlement })
  }
  const changes = new TaskChanges()
  const written = writeTasks(session, accepted, changes)
  for (const { record, settlement } of accepted) {
    if (settlement.applied !== undefined) yield* applyByOwner(session, record.id, settlement.applied, at)
  }
  writeEnds(session, accepted)
  giveBack(session, accepted)
  let changed = 0
  for (const reply of written) changed += yield* reply
  if (changed !== changes.count) yield* throwMissingTask(session, accepted)
  return refusals
}

function* reasonMissing(session: Session, executionId: string): Step<string> {
  const ended = yield* session.one(FIND_ENDED, executionId)
  return ended === undefined ? 'the execution does not exist' : RELEASED
}

/** Refuses a settlement with another number than that of the current owner: another engine took the execution over. */
function refusalOf(record: SettlingRecord, settlement: Settlement): string | null {
  if (record.owner_seq === null) return RELEASED
  return record.owner_number === settlement.ownerNumber ? null : 'another engine has taken over the execution'
}

/** Writes the changes of tasks, and the attempts that the rows of their tasks do not contain. */
function writeTasks(session: Session, accepted: readonly Accepted[], changes: TaskChanges): readonly Reply<number>[] {
  const attempts: RowValues[] = []
  for (const { record, settlement } of accepted) {
    const { seq } = record
    const completing = completingAttempts(settlement)
    for (const change of settlement.changes) changes.add(seq, change, completing?.get(change.taskId))
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

/** Also answers the requests that wait. */
export function writeEnds(session: Session, endings: readonly Ending[]): void {
  const { end: moves, insertFinals, completeFirings } = session.sql.executions
  const [ended, finals, firings]: [RowValues[], RowValues[], RowValues[]] = [[], [], []]
  for (const { record, settlement } of endings) {
    const { end } = settlement
    if (end === null) continue
    answerAtEnd(session, record, end, settlement.cancelReport)
    const finalTaskId = finalTaskOf(settlement.changes, end)
    ended.push([end.status, end.endedAt, finalTaskId, end.errorMessage, record.id])
    if (finalTaskId === null) finals.push([record.seq, end.finalText])
    if (record.origin === 'trigger') firings.push([end.endedAt, record.firing_id])
    // A caller may wait for the end.
    if (record.origin === 'call') session.notifyEngines()
  }
  if (ended.length === 0) return
  for (const move of moves) session.each(move, ended)
  session.each(insertFinals, finals)
  for (const complete of completeFirings) session.each(complete, firings)
}

/** The final context is nearly always the output of the task that has just completed, which is stored already. */
function finalTaskOf(changes: Settlement['changes'], { finalText }: ExecutionEnd): string | null {
  return changes.find(({ outputText }) => outputText === finalText)?.taskId ?? null
}

/** Leaves executions to the engines that declare their workflows. */
function giveBack(session: Session, accepted: readonly Accepted[]): void {
  const given = accepted.filter(({ settlement: { end, isGivenBack } }) => isGivenBack && end === null)
  if (given.length === 0) return
  const ids = given.map(({ record }) => record.id)
  session.each(session.sql.executions.disown, rowsOf(ids))
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
