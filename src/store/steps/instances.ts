/**
 * Steps of engines: their registration, heartbeats, and the release of their leases and executions. An engine that
 * was declared dead can register again, but does not get the leases and executions back that others took over.
 */

import type { HeartbeatAnswer } from '../../engine/ports.ts'
import { StoreError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { InstanceRow } from '../../model/schedule.ts'
import { shownHost } from '../process-identity.ts'
import { faultText } from '../rows.ts'
import type { Session, Step } from '../session.ts'
import * as sql from '../sql/instances.ts'
import type { Declarations } from './declarations.ts'
import { deadOf, type Liveness } from './liveness.ts'

/** Error of an attempt whose end no engine has reported. */
const PROCESS_DIED: PythonFault = {
  type: 'ProcessDied',
  message: 'The process that was running this attempt ended before the attempt was finished.',
  traceback: '',
}

const RUNNER_STOPPED: PythonFault = {
  type: 'RunnerStopped',
  message: 'The runner stopped without waiting for this attempt to end.',
  traceback: '',
}

interface SeqRecord {
  readonly seq: number
}

interface HoldingsRecord extends SeqRecord {
  readonly triggers: number
  readonly executions: number
}

export function* openInstance(session: Session, liveness: Liveness, instanceId: string, at: number): Step<void> {
  if (!(yield* liveness.beat(session, instanceId, at))) yield* register(session, liveness, instanceId, at)
}

/** Returns the answer, and the other engines as a text for `Declarations`. */
export function* heartbeat(
  session: Session,
  liveness: Liveness,
  declarations: Declarations,
  instanceId: string,
  at: number,
): Step<{ readonly answer: HeartbeatAnswer; readonly others: string }> {
  const beaten = liveness.beat(session, instanceId, at)
  const observed = liveness.others(session, instanceId)
  const wasDead = !(yield* beaten)
  if (wasDead) yield* register(session, liveness, instanceId, at)
  const others = yield* wasDead ? liveness.others(session, instanceId) : observed
  const known = others.map(({ seq, isDead }) => (isDead ? `${seq} dead` : `${seq}`)).join()
  if (wasDead || !declarations.isComparedWith(instanceId, known)) {
    for (const declare of declarations.of(instanceId)) yield* declare(session, at, deadOf(others), wasDead)
  }
  return { answer: { others: others.filter(({ isPeer }) => isPeer).length, wasDead }, others: known }
}

export function* closeInstance(session: Session, instanceId: string, at: number): Step<void> {
  const found = yield* session.one<SeqRecord>(sql.FIND_INSTANCE, instanceId)
  if (found !== undefined) yield* remove(session, found.seq, at, true)
}

export function* listInstances(session: Session, liveness: Liveness, at: number): Step<readonly InstanceRow[]> {
  const listed = liveness.list(session, at)
  const counted = session.all<HoldingsRecord>(sql.LIST_HOLDINGS)
  const engines = yield* listed
  const holdings = new Map((yield* counted).map((each) => [each.seq, each]))
  return engines.map(({ seq, id, host, pid, opened_at, heartbeat_at, isAlive }) => {
    const { triggers, executions } = holdings.get(seq) ?? { triggers: 0, executions: 0 }
    const times = { openedAt: opened_at, heartbeatAt: heartbeat_at }
    return { id, host: shownHost(host), pid, ...times, isAlive, triggers, executions }
  })
}

/** Returns `seq` of an engine. Throws if the engine is not registered. */
export function seqOrThrow(record: SeqRecord | undefined, instanceId: string): number {
  if (record !== undefined) return record.seq
  throw new StoreError('DATABASE_FAILED', `Engine "${instanceId}" is not open: call openInstance first.`)
}

/** Removes an engine of this id that was declared dead, and registers the engine. */
function* register(session: Session, liveness: Liveness, instanceId: string, at: number): Step<void> {
  const dead = yield* session.one<SeqRecord>(sql.FIND_INSTANCE, instanceId)
  if (dead !== undefined) yield* remove(session, dead.seq, at)
  yield* liveness.register(session, instanceId, at)
}

/** Releases the leases and executions of an engine, and removes it. `isStopped`: it has stopped in order. */
function* remove(session: Session, seq: number, at: number, isStopped = false): Step<void> {
  // Locks the executions, so that no other engine takes one over before their tasks are ready.
  const executions = yield* session.all<SeqRecord>(sql.RELEASE_EXECUTIONS, seq)
  for (const execution of executions) loseAttempts(session, execution.seq, at, isStopped)
  session.run('UPDATE triggers SET lease_seq = NULL WHERE lease_seq = $1', seq)
  session.run('DELETE FROM instances WHERE seq = $1', seq)
}

/** Stores the running attempts of an execution as lost, and makes their tasks ready. */
export function loseAttempts(session: Session, executionSeq: number, at: number, isStopped = false): void {
  const error = faultText(isStopped ? RUNNER_STOPPED : PROCESS_DIED)
  session.run(sql.INSERT_LOST_ATTEMPTS, at, error, executionSeq)
  session.run(sql.READY_RUNNING_TASKS, isStopped ? 0 : 1, executionSeq)
}
