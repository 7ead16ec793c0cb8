/**
 * How attempts change executions, many at once: one statement a table for all the settlements of a transaction. What was taken over by
 * another instance is refused alone. Each function is the body of steps and runs in their transaction.
 */

import type { ExecutionEnd, Settlement } from '../../engine/ports.ts'
import { StoreError } from '../../errors.ts'
import { PROCESS_DIED } from '../history-rows.ts'
import { type ExecutionRecord, faultText } from '../rows.ts'
import {
  CANCEL_UNFINISHED_TASKS,
  COMPLETE_FIRINGS,
  DISOWN_EXECUTIONS,
  END_EXECUTIONS,
  FIND_ENDED,
  FIND_FOR_SETTLING,
  GET_EXECUTION,
  INSERT_FINALS,
  REQUEST_CANCEL,
  SAVE_OUTPUTS,
  SET_PAUSED,
  UPDATE_TASKS,
} from './execution-queries.ts'
import { getExecution } from './execution-steps.ts'
import { INSERT_ATTEMPTS, INSERT_LOST_ATTEMPTS } from './history/attempt-queries.ts'
import type { Session } from './session/session.ts'

interface SettlingRecord {
  readonly seq: number
  readonly id: string
  readonly origin: string
  readonly firing_id: string | null
  readonly owner_id: string | null
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
  owners: ReadonlySet<string>,
): Promise<readonly (undefined | Error)[]> {
  const ids = settlements.map(({ executionId }) => executionId)
  const records = await session.all<SettlingRecord>(FIND_FOR_SETTLING, ids)
  const recordOf = new Map(records.map((record) => [record.id, record]))
  const isMissing = ids.some((id) => !recordOf.has(id))
  const ended = new Set(isMissing ? (await session.all<{ id: string }>(FIND_ENDED, ids)).map(({ id }) => id) : [])
  const found: Found[] = []
  const results = settlements.map((settlement) => {
    const record = recordOf.get(settlement.executionId)
    const refusal = whyNot(record, ended.has(settlement.executionId), owners)
    if (refusal !== null) return cannotSettle(settlement.executionId, refusal)
    if (record !== undefined) found.push({ record, settlement })
    return undefined
  })
  if (found.length > 0) await write(session, found)
  return results
}

function whyNot(record: SettlingRecord | undefined, isKnown: boolean, owners: ReadonlySet<string>): string | null {
  if (record === undefined) return isKnown ? 'it has ended or was given back' : 'there is none of this id'
  if (record.owner_id === null) return 'it has ended or was given back'
  return owners.has(record.owner_id) ? null : 'another instance has taken it over'
}

async function write(session: Session, found: readonly Found[]): Promise<void> {
  const [changed] = await Promise.all([
    updateTasks(session, found),
    saveOutputs(session, found),
    insertAttempts(session, found),
    requestCancels(session, found),
  ])
  const expected = found.reduce((sum, { settlement }) => sum + settlement.changes.length, 0)
  // One of them names a task that its execution does not have: which one is found when each is carried out alone.
  if (changed !== expected) throw cannotSettle(found[0]?.record.id ?? '', 'it has no such task')
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

async function requestCancels(session: Session, found: readonly Found[]): Promise<void> {
  const asked = found.flatMap(({ record: { seq }, settlement: { cancelRequestedAt: at } }) =>
    at === undefined ? [] : { seq, at },
  )
  if (asked.length === 0) return
  await session.run(
    REQUEST_CANCEL,
    asked.map(({ seq }) => seq),
    asked.map(({ at }) => at),
  )
}

async function writeEnds(session: Session, found: readonly Found[]): Promise<void> {
  const ends = found.flatMap(({ record, settlement: { changes, end } }) => {
    // Nearly always the output of the task that has just finished, which is stored already.
    const finalTask = changes.find((change) => change.outputText === end?.finalText)
    return end === null ? [] : { record, end, finalTaskId: finalTask?.taskId ?? null }
  })
  if (ends.length === 0) return
  // Somebody else may wait for it.
  if (ends.some(({ record }) => record.origin === 'call')) session.tell()
  const finals = ends.filter(({ finalTaskId }) => finalTaskId === null)
  const firings = ends.filter(({ record }) => record.origin === 'trigger')
  await Promise.all([
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

/** Ends an execution that no living instance owns; see the port. */
export async function cancelUnowned(
  session: Session,
  id: string,
  { endedAt, errorMessage }: { readonly endedAt: number; readonly errorMessage: string },
  isOwnerAlive: (instanceId: string) => Promise<boolean>,
): Promise<'cancelled' | 'owned' | 'ended' | 'unknown'> {
  const [record] = await session.all<SettlingRecord>(FIND_FOR_SETTLING, [id])
  if (record === undefined) {
    return (await session.one<ExecutionRecord>(GET_EXECUTION, id)) === undefined ? 'unknown' : 'ended'
  }
  if (record.owner_id !== null && (await isOwnerAlive(record.owner_id))) return 'owned'
  const found = await getExecution(session, id)
  if (found === null) return 'unknown'
  await session.run(INSERT_LOST_ATTEMPTS, endedAt, faultText(PROCESS_DIED), [record.seq])
  await session.run(CANCEL_UNFINISHED_TASKS, endedAt, record.seq)
  const last = found.tasks
    .filter(({ outputText }) => outputText !== null)
    .sort((one, other) => (other.finishedOrder ?? 0) - (one.finishedOrder ?? 0))[0]
  const end: ExecutionEnd = {
    status: 'Cancelled',
    endedAt,
    finalText: last?.outputText ?? found.inputText,
    errorMessage,
  }
  const settlement = { executionId: id, changes: [], cancelRequestedAt: endedAt, end }
  await requestCancels(session, [{ record, settlement }])
  await writeEnds(session, [{ record, settlement }])
  return 'cancelled'
}

/** Whoever owns it; see the port. */
export async function setPaused(
  session: Session,
  id: string,
  pausedAt: number | null,
): Promise<'owned' | 'unowned' | 'ended' | 'unknown'> {
  const changed = await session.one<{ readonly owner_seq: number | null }>(SET_PAUSED, pausedAt, id)
  if (changed !== undefined) return changed.owner_seq === null ? 'unowned' : 'owned'
  return (await session.one<ExecutionRecord>(GET_EXECUTION, id)) === undefined ? 'unknown' : 'ended'
}

function cannotSettle(executionId: string, why: string): StoreError {
  return new StoreError('EXECUTION_NOT_OWNED', `The execution "${executionId}" cannot be settled: ${why}.`, {
    executionId,
  })
}
