/**
 * How attempts change executions, many at once: one statement a table for all the settlements of a transaction. What was taken over by
 * another instance is refused alone. Each function is the body of steps and runs in their transaction.
 */

import type { Settlement } from '../../../engine/ports.ts'
import { StoreError } from '../../../errors.ts'
import { faultText } from '../../rows.ts'
import { INSERT_ATTEMPTS } from '../history/attempt-queries.ts'
import type { Session } from '../session/session.ts'
import {
  COMPLETE_FIRINGS,
  DISOWN_EXECUTIONS,
  END_EXECUTIONS,
  FIND_ENDED,
  FIND_FOR_SETTLING,
  INSERT_FINALS,
  SAVE_OUTPUTS,
  UPDATE_TASKS,
} from './execution-queries.ts'
import { answerAtEnd, applyByOwner } from './request-steps.ts'

export interface EndingRecord {
  readonly seq: number
  readonly origin: string
  readonly firing_id: string | null
  readonly request_number: number
  readonly request: string | null
}

interface SettlingRecord extends EndingRecord {
  readonly id: string
  readonly owner_seq: number | null
  readonly owner_number: number
}

/** An execution that ends or continues. */
export interface Ending {
  readonly record: EndingRecord
  readonly settlement: Pick<Settlement, 'changes' | 'cancelReport' | 'end'>
}

/** A settlement of an execution that is ours. */
interface Found {
  readonly record: SettlingRecord
  readonly settlement: Settlement
}

/** Of each settlement nothing, or why it is refused. */
export async function settle(
  session: Session,
  settlements: readonly Settlement[],
  at: number,
): Promise<readonly (undefined | Error)[]> {
  const ids = settlements.map(({ executionId }) => executionId)
  const records = await session.all<SettlingRecord>(FIND_FOR_SETTLING, ids)
  const recordOf = new Map(records.map((record) => [record.id, record]))
  const isMissing = ids.some((id) => !recordOf.has(id))
  const ended = new Set(isMissing ? (await session.all<{ id: string }>(FIND_ENDED, ids)).map(({ id }) => id) : [])
  const found: Found[] = []
  const results = settlements.map((settlement) => {
    const record = recordOf.get(settlement.executionId)
    const refusal = whyNot(record, ended.has(settlement.executionId), settlement.ownerNumber)
    if (refusal !== null) return cannotSettle(settlement.executionId, refusal)
    if (record !== undefined) found.push({ record, settlement })
    return undefined
  })
  if (found.length > 0) await write(session, found, at)
  return results
}

function whyNot(record: SettlingRecord | undefined, isKnown: boolean, ownerNumber: number): string | null {
  if (record === undefined)
    return isKnown ? 'the execution has ended, or no engine is running it' : 'the execution does not exist'
  if (record.owner_seq === null) return 'the execution has ended, or no engine is running it'
  return record.owner_number === ownerNumber ? null : 'another engine has taken over the execution'
}

async function write(session: Session, found: readonly Found[], at: number): Promise<void> {
  const [changed] = await Promise.all([
    updateTasks(session, found),
    saveOutputs(session, found),
    insertAttempts(session, found),
    applyRequests(session, found, at),
  ])
  const expected = found.reduce((sum, { settlement }) => sum + settlement.changes.length, 0)
  // One of them names a task that its execution does not have: which one is found when each is carried out alone.
  if (changed !== expected) throw cannotSettle(found[0]?.record.id ?? '', 'the execution has no such task')
  await writeEnds(session, found)
  await giveBack(session, found)
}

/** Another instance may declare their workflows. */
async function giveBack(session: Session, found: readonly Found[]): Promise<void> {
  const given = found.filter(({ settlement: { end, isGivenBack } }) => isGivenBack && end === null)
  if (given.length === 0) return
  await session.run(
    DISOWN_EXECUTIONS,
    given.map(({ record }) => record.seq),
  )
  session.tell()
}

function updateTasks(session: Session, found: readonly Found[]): Promise<number> {
  const changes = found.flatMap(({ record, settlement }) =>
    settlement.changes.map((change) => ({ ...change, seq: record.seq })),
  )
  if (changes.length === 0) return Promise.resolve(0)
  return session.run(
    UPDATE_TASKS,
    changes.map(({ seq }) => seq),
    changes.map(({ taskId }) => taskId),
    changes.map(({ status }) => status),
    changes.map(({ attempts }) => attempts),
    changes.map(({ recoveries }) => recoveries),
    changes.map(({ notBeforeAt }) => notBeforeAt),
    changes.map(({ startedAt }) => startedAt),
    changes.map(({ endedAt }) => endedAt),
    changes.map(({ finishedOrder }) => finishedOrder),
    changes.map(({ error }) => faultText(error)),
  )
}

async function saveOutputs(session: Session, found: readonly Found[]): Promise<void> {
  const outputs = found.flatMap(({ record: { seq }, settlement }) =>
    settlement.changes.flatMap(({ taskId, outputText }) => (outputText === null ? [] : { seq, taskId, outputText })),
  )
  if (outputs.length === 0) return
  await session.run(
    SAVE_OUTPUTS,
    outputs.map(({ seq }) => seq),
    outputs.map(({ taskId }) => taskId),
    outputs.map(({ outputText }) => outputText),
  )
}

async function insertAttempts(session: Session, found: readonly Found[]): Promise<void> {
  const attempts = found.flatMap(({ record: { seq }, settlement }) =>
    (settlement.attempts ?? []).map((attempt) => ({ ...attempt, seq })),
  )
  if (attempts.length === 0) return
  await session.run(
    INSERT_ATTEMPTS,
    attempts.map(({ seq }) => seq),
    attempts.map(({ taskId }) => taskId),
    attempts.map(({ attempt }) => attempt),
    attempts.map(({ outcome }) => outcome),
    attempts.map(({ queuedAt }) => queuedAt),
    attempts.map(({ startedAt }) => startedAt),
    attempts.map(({ endedAt }) => endedAt),
    attempts.map(({ error }) => faultText(error)),
  )
}

/** Requests that their owners apply with these changes. */
async function applyRequests(session: Session, found: readonly Found[], at: number): Promise<void> {
  await Promise.all(
    found.flatMap(({ record: { seq }, settlement: { applied } }) =>
      applied === undefined ? [] : applyByOwner(session, seq, applied, at),
    ),
  )
}

/** Also answers the requests that wait. */
export async function writeEnds(session: Session, found: readonly Ending[]): Promise<void> {
  const ends = found.flatMap(({ record, settlement: { changes, end, cancelReport } }) => {
    // Nearly always the output of the task that has just finished, which is stored already.
    const finalTask = changes.find((change) => change.outputText === end?.finalText)
    return end === null ? [] : { record, end, cancelReport, finalTaskId: finalTask?.taskId ?? null }
  })
  if (ends.length === 0) return
  // Somebody else may wait for it.
  if (ends.some(({ record }) => record.origin === 'call')) session.tell()
  const finals = ends.filter(({ finalTaskId }) => finalTaskId === null)
  const firings = ends.filter(({ record }) => record.origin === 'trigger')
  await Promise.all([
    ...ends.flatMap(({ record, end, cancelReport }) => answerAtEnd(session, record, end, cancelReport)),
    session.run(
      END_EXECUTIONS,
      ends.map(({ record }) => record.seq),
      ends.map(({ end }) => end.status),
      ends.map(({ end }) => end.endedAt),
      ends.map(({ end }) => end.errorMessage),
      ends.map(({ finalTaskId }) => finalTaskId),
    ),
    finals.length > 0 &&
      session.run(
        INSERT_FINALS,
        finals.map(({ record }) => record.seq),
        finals.map(({ end }) => end.finalText),
      ),
    firings.length > 0 &&
      session.run(
        COMPLETE_FIRINGS,
        firings.map(({ record }) => record.firing_id),
        firings.map(({ end }) => end.endedAt),
      ),
  ])
}

function cannotSettle(executionId: string, why: string): StoreError {
  return new StoreError('EXECUTION_NOT_OWNED', `Cannot store the result of execution "${executionId}": ${why}.`, {
    executionId,
  })
}
