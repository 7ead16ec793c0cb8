/**
 * Steps of engines: their registration, heartbeats, and the release of their leases and executions. An engine that
 * was declared dead can register again, but does not get the leases and executions back that others took over.
 */

import type { HeartbeatAnswer } from '../../engine/ports.ts'
import { StoreError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { InstanceRow } from '../../model/schedule.ts'
import { PROCESS_DIED, RUNNER_STOPPED } from '../history-rows.ts'
import { shownHost } from '../process-identity.ts'
import { faultText } from '../rows.ts'
import type { Session, Step } from '../session.ts'
import {
  DELETE_INSTANCE,
  FIND_INSTANCE,
  INSERT_LOST_ATTEMPTS,
  LIST_HOLDINGS,
  READY_RUNNING_TASKS,
  RELEASE_EXECUTIONS,
  RELEASE_LEASES,
} from '../sql/instances.ts'
import type { Declarations } from './declarations.ts'
import { deadOf, type Liveness } from './liveness.ts'

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
  { instanceId, at }: { readonly instanceId: string; readonly at: number },
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
  const found = yield* session.one<SeqRecord>(FIND_INSTANCE, instanceId)
  if (found !== undefined) yield* remove(session, found.seq, { fault: RUNNER_STOPPED, recoveries: 0, at })
}

export function* listInstances(session: Session, liveness: Liveness, at: number): Step<readonly InstanceRow[]> {
  const listed = liveness.list(session, at)
  const counted = session.all<HoldingsRecord>(LIST_HOLDINGS)
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
  const dead = yield* session.one<SeqRecord>(FIND_INSTANCE, instanceId)
  if (dead !== undefined) yield* remove(session, dead.seq, { fault: PROCESS_DIED, recoveries: 1, at })
  yield* liveness.register(session, instanceId, at)
}

/** Releases the leases and executions of an engine, and removes it. `fault`: error of its running attempts. */
function* remove(
  session: Session,
  seq: number,
  { fault, recoveries, at }: { readonly fault: PythonFault; readonly recoveries: number; readonly at: number },
): Step<void> {
  // Locks the executions, so that no other engine takes one over before their tasks are ready.
  const executions = yield* session.all<SeqRecord>(RELEASE_EXECUTIONS, seq)
  for (const execution of executions) {
    session.run(INSERT_LOST_ATTEMPTS, at, faultText(fault), execution.seq)
    session.run(READY_RUNNING_TASKS, recoveries, execution.seq)
  }
  session.run(RELEASE_LEASES, seq)
  session.run(DELETE_INSTANCE, seq)
}
