/**
 * Steps of engines: their registration, heartbeats, announced code, and the release of their leases and executions. An
 * engine that was declared dead can register again, but does not get back what others took over.
 */

import type { IncidentReport } from '../../engine/incidents/incident-report.ts'
import type { HeartbeatAnswer, InstanceCode, LostEngine } from '../../engine/store-ports.ts'
import { StoreError } from '../../errors.ts'
import type { PythonFault } from '../../model/fault.ts'
import type { InstanceRow } from '../../model/schedule-rows.ts'
import { formatHost } from '../process-identity.ts'
import { END_LOST_SLOTS } from '../sql/executions/limit-sql.ts'
import * as sql from '../sql/instance-sql.ts'
import { faultText } from '../store-rows.ts'
import { collectReplies, type OtherEngine, type RunStep, type Session, type Step } from '../store-session.ts'
import type { LiveDeclarations } from './declaration-steps.ts'
import { changeIncidents, lockIncidents } from './incidents/incident-steps.ts'

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

const INSERT_WORKFLOW_VERSION = `
INSERT INTO instance_workflows (instance_seq, workflow, version) VALUES ($1, $2, $3)
ON CONFLICT (instance_seq, workflow) DO UPDATE SET version = excluded.version`

/** Makes the incident of an engine that was found dead. Undefined: engines are not reported. */
export type ReportLost = ((lost: LostEngine) => IncidentReport) | undefined

interface SeqRecord {
  readonly seq: number
}

interface HoldingsRecord extends SeqRecord {
  readonly triggers: number
  readonly executions: number
}

/** Returns as `Liveness.register` does. */
export function* openInstance(session: Session, instanceId: string, at: number): Step<number> {
  const isOpen = yield* session.liveness.beat(session, instanceId, at)
  return isOpen ? 0 : yield* register(session, instanceId, at)
}

/** Returns the answer, and the other engines as a text for `Declarations`. */
export function* heartbeat(
  session: Session,
  declarations: LiveDeclarations,
  instanceId: string,
  at: number,
  reportLost?: ReportLost,
): Step<{ readonly answer: HeartbeatAnswer; readonly others: string }> {
  const beaten = session.liveness.beat(session, instanceId, at)
  const observed = session.liveness.others(session, instanceId)
  const wasDead = !(yield* beaten)
  if (wasDead) yield* register(session, instanceId, at)
  const others = yield* wasDead ? session.liveness.others(session, instanceId) : observed
  const known = others.map(({ seq, isDead }) => (isDead ? `${seq} dead` : `${seq}`)).join()
  if (wasDead || !declarations.isComparedWith(instanceId, known)) {
    for (const declare of declarations.of(instanceId)) yield* declare(session, at, selectDead(others), wasDead)
  }
  yield* reportLosses(session, others, reportLost)
  return { answer: { others: others.filter(({ isPeer }) => isPeer).length, wasDead }, others: known }
}

export function announce(
  run: RunStep,
  declarations: LiveDeclarations,
  instanceId: string,
  code: InstanceCode,
  at: number,
): Promise<void> {
  // An engine without triggers says nothing about the triggers of others.
  const isEmpty = code.polled.length + code.crons.length === 0
  const isDeclaring = declarations.keep(instanceId, 'code', isEmpty, function* (session, at, dead, isNew) {
    if (isNew) yield* storeCode(session, instanceId, code)
    if (!isEmpty) markUndeclared(session, at, dead)
  })
  return run(
    'write',
    function* (session) {
      yield* storeCode(session, instanceId, code)
      if (isDeclaring) markUndeclared(session, at, yield* deadSeqs(session, instanceId))
      session.notifyEngines()
    },
    'quiet',
  )
}

function* storeCode(session: Session, instanceId: string, code: InstanceCode): Step<void> {
  const { polled, crons, isPolling } = code
  const names = [...polled.map((name) => `poll ${name}`), ...crons.map((name) => `cron ${name}`)]
  const statement = 'UPDATE instances SET declared = $1, is_polling = $2 WHERE id = $3 RETURNING seq'
  const seq = requireSeq(yield* session.one(statement, names, isPolling, instanceId), instanceId)
  session.run('DELETE FROM instance_workflows WHERE instance_seq = $1', seq)
  for (const { name, version } of code.workflows) session.run(INSERT_WORKFLOW_VERSION, seq, name, version)
}

function markUndeclared(session: Session, at: number, deadSeqs: readonly number[]): void {
  for (const mark of session.sql.instanceCode.markUndeclared) session.run(mark, deadSeqs, at)
}

export function* closeInstance(session: Session, instanceId: string, at: number): Step<void> {
  const found = yield* session.one<SeqRecord>(sql.FIND_INSTANCE, instanceId)
  if (found !== undefined) yield* remove(session, found.seq, at, true)
}

export function* listInstances(session: Session, at: number): Step<readonly InstanceRow[]> {
  const listed = session.liveness.list(session, at)
  const counted = session.all<HoldingsRecord>(sql.LIST_HOLDINGS)
  const engines = yield* listed
  const holdings = new Map((yield* counted).map((each) => [each.seq, each]))
  return engines.map(({ seq, id, host, pid, opened_at, heartbeat_at, isAlive }) => {
    const { triggers, executions } = holdings.get(seq) ?? { triggers: 0, executions: 0 }
    const times = { openedAt: opened_at, heartbeatAt: heartbeat_at }
    return { id, host: formatHost(host), pid, ...times, isAlive, triggers, executions }
  })
}

/** Returns the `seq` of an engine. Throws if it is not registered. */
export function requireSeq(record: SeqRecord | undefined, instanceId: string): number {
  if (record !== undefined) return record.seq
  throw new StoreError('DATABASE_FAILED', `Engine "${instanceId}" is not open: call openInstance first.`)
}

/** Registers an engine. An earlier registration loses its leases and executions, as that of a dead engine. */
export function* register(session: Session, instanceId: string, at: number): Step<number> {
  const dead = yield* session.one<SeqRecord>(sql.FIND_INSTANCE, instanceId)
  if (dead !== undefined) yield* remove(session, dead.seq, at)
  return yield* session.liveness.register(session, instanceId, at)
}

/** Releases the leases and executions of an engine, and removes it. `isStopped`: it has stopped in order. */
function* remove(session: Session, seq: number, at: number, isStopped = false): Step<void> {
  // Locks the executions, so that no other engine takes one over before their tasks are ready.
  const executions = yield* session.all<SeqRecord>(sql.RELEASE_EXECUTIONS, seq)
  for (const execution of executions) loseAttempts(session, execution.seq, at, isStopped)
  session.run('UPDATE triggers SET lease_seq = NULL WHERE lease_seq = $1', seq)
  session.run(END_LOST_SLOTS, seq)
  session.run('DELETE FROM instances WHERE seq = $1', seq)
}

export function loseAttempts(session: Session, executionSeq: number, at: number, isStopped = false): void {
  const error = faultText(isStopped ? RUNNER_STOPPED : PROCESS_DIED)
  session.run(sql.INSERT_LOST_ATTEMPTS, at, error, executionSeq)
  session.run(sql.READY_RUNNING_TASKS, isStopped ? 0 : 1, executionSeq)
}

/** Declares engines dead in the order of their numbers, so that two engines that do it never wait for each other. */
export function declareDead(session: Session, seqs: readonly number[]): void {
  for (const seq of [...new Set(seqs)].sort((one, other) => one - other)) {
    session.run(sql.DECLARE_DEAD, seq)
    session.run(END_LOST_SLOTS, seq)
  }
}

/** Reports engines that are dead, in the order of their numbers. Several engines may do it: the first one does. */
export function* reportLosses(session: Session, others: readonly OtherEngine[], reportLost: ReportLost): Step<void> {
  if (reportLost === undefined) return
  const found = others.filter(({ isDead, isLossReported }) => isDead && !isLossReported)
  if (found.length === 0) return
  // Before the rows of the engines, so that two engines that do it never wait for each other.
  lockIncidents(session)
  const replies = found.map(({ seq }) => session.one<LostEngine>(sql.REPORT_LOSS, seq))
  const lost = (yield* collectReplies(replies)).flatMap((engine) => engine ?? [])
  const reports = lost.map((engine) => reportLost({ ...engine, host: formatHost(engine.host) }))
  yield* changeIncidents(
    session,
    reports.map((failure) => ({ failure })),
  )
}

export function* deadSeqs(session: Session, instanceId: string): Step<readonly number[]> {
  return selectDead(yield* session.liveness.others(session, instanceId))
}

export function selectDead(others: readonly OtherEngine[]): readonly number[] {
  return others.filter(({ isDead }) => isDead).map(({ seq }) => seq)
}

export function* isListedAlive(session: Session, instanceId: string, at: number): Step<boolean> {
  return (yield* session.liveness.list(session, at)).some(({ id, isAlive }) => id === instanceId && isAlive)
}

export function* livingSeqs(session: Session, at: number): Step<ReadonlySet<number>> {
  const engines = yield* session.liveness.list(session, at)
  return new Set(engines.flatMap(({ seq, isAlive }) => (isAlive ? seq : [])))
}
