/**
 * Who is alive, and what the dead leave behind. Each function is the body of one step, or part of one.
 *
 * An instance is dead to others when it has not beaten for as long as a lease lasts, by the server's clock, or when its process is gone (seen
 * from the same host). An instance that was away itself has heard nobody meanwhile: only one that has beaten without a gap for as long takes
 * another for dead. So no clock but the server's counts.
 */

import { StoreError } from '../../errors.ts'
import type { InstanceRow } from '../../model/schedule.ts'
import { PROCESS_DIED, RUNNER_STOPPED } from '../history-rows.ts'
import { DEAD_AFTER_MS, hasProcess, type ProcessIdentity, shownHost } from '../process-identity.ts'
import { faultText } from '../rows.ts'
import { RECOVER_RUNNING_TASKS } from './executions/execution-queries.ts'
import { INSERT_CUT_ATTEMPTS, INSERT_LOST_ATTEMPTS } from './history/attempt-queries.ts'
import {
  BEAT,
  COUNT_OTHER_WORKERS,
  DELETE_INSTANCE,
  FIND_INSTANCE,
  INSERT_INSTANCE,
  LIST_INSTANCES,
  LIST_OTHERS,
  LIST_OWNED,
  READY_RUNNING_TASKS_OF_OWNER,
  RELEASE_EXECUTIONS,
  RELEASE_LEASES,
  SERVER_NOW,
} from './instance-queries.ts'
import type { Session } from './session/session.ts'

interface OtherRecord {
  readonly seq: number
  readonly host: string
  readonly pid: number
  readonly process_started_at: number | null
  readonly is_silent: boolean
}

interface InstanceRecord {
  readonly seq: number
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly process_started_at: number | null
  readonly opened_at: number
  readonly heartbeat_at: number
  readonly is_silent: boolean
  readonly triggers: number
  readonly executions: number
}

export class Liveness {
  readonly #self: ProcessIdentity
  readonly #isProcessAlive: (pid: number) => boolean
  readonly #serverNow: () => number | null

  /** `serverNow`: what to take for the server's clock; null: the server's clock. */
  constructor(self: ProcessIdentity, isProcessAlive: (pid: number) => boolean, serverNow: () => number | null) {
    this.#self = self
    this.#isProcessAlive = isProcessAlive
    this.#serverNow = serverNow
  }

  /** Also the heartbeat of an instance that others took for dead and removed: it enters again. True when it was not there. */
  async enter(session: Session, instanceId: string, at: number): Promise<boolean> {
    const now = this.#serverNow()
    if ((await session.run(BEAT, instanceId, at, now, DEAD_AFTER_MS)) > 0) return false
    await abandon(session, instanceId, at)
    const { host, pid, startedAt } = this.#self
    await session.run(INSERT_INSTANCE, instanceId, host, pid, startedAt, at, now, DEAD_AFTER_MS)
    return true
  }

  /** Which others there are, and which of them are dead: another text when that has changed. */
  async others(session: Session, askingId: string): Promise<string> {
    const others = await session.all<OtherRecord>(LIST_OTHERS, askingId, this.#serverNow(), DEAD_AFTER_MS)
    return others.map((other) => `${other.seq}${other.is_silent || this.#isGone(other) ? ' dead' : ''}`).join()
  }

  /** Those that seem alive, by one look. */
  async livingSeqs(session: Session): Promise<ReadonlySet<number>> {
    return new Set((await this.#list(session)).filter((record) => this.#isAlive(record)).map(({ seq }) => seq))
  }

  /** Never the instance that asks. */
  async deadSeqs(session: Session, askingId: string): Promise<readonly number[]> {
    const others = await session.all<OtherRecord>(LIST_OTHERS, askingId, this.#serverNow(), DEAD_AFTER_MS)
    return others.filter((other) => other.is_silent || this.#isGone(other)).map(({ seq }) => seq)
  }

  /** How many other living instances have announced workflows. */
  async countOthers(session: Session, instanceId: string): Promise<number> {
    const row = await session.one<{ readonly count: number }>(COUNT_OTHER_WORKERS, instanceId, this.#serverNow())
    return row?.count ?? 0
  }

  async hasLiving(session: Session): Promise<boolean> {
    return (await this.#list(session)).some((record) => this.#isAlive(record))
  }

  async isLiving(session: Session, instanceId: string): Promise<boolean> {
    return (await this.#list(session)).some((record) => record.id === instanceId && this.#isAlive(record))
  }

  async list(session: Session): Promise<readonly InstanceRow[]> {
    return (await this.#list(session)).map((record) => ({
      id: record.id,
      host: shownHost(record.host),
      pid: record.pid,
      openedAt: record.opened_at,
      heartbeatAt: record.heartbeat_at,
      isAlive: this.#isAlive(record),
      triggers: record.triggers,
      executions: record.executions,
    }))
  }

  /** How far the server's clock is ahead of `at`. */
  async skewMs(session: Session, at: number): Promise<number> {
    const row = await session.one<{ readonly now: number }>(`SELECT ${SERVER_NOW(1)} AS now`, this.#serverNow())
    return (row?.now ?? at) - at
  }

  #list(session: Session): Promise<InstanceRecord[]> {
    return session.all<InstanceRecord>(LIST_INSTANCES, this.#serverNow())
  }

  #isAlive(record: InstanceRecord): boolean {
    return !record.is_silent && !this.#isGone(record)
  }

  #isGone(record: Pick<OtherRecord, 'host' | 'pid' | 'process_started_at'>): boolean {
    return record.host === this.#self.host && !hasProcess(this.#self, record, this.#isProcessAlive)
  }
}

/** An instance that was declared dead enters again: what nobody took over of it is there for everybody. */
async function abandon(session: Session, instanceId: string, at: number): Promise<void> {
  const dead = await session.one<{ readonly seq: number }>(FIND_INSTANCE, instanceId)
  if (dead === undefined) return
  const owned = (await session.all<{ readonly seq: number }>(LIST_OWNED, dead.seq)).map(({ seq }) => seq)
  await Promise.all([
    session.run(INSERT_LOST_ATTEMPTS, at, faultText(PROCESS_DIED), owned),
    session.run(RECOVER_RUNNING_TASKS, owned),
    session.run(RELEASE_EXECUTIONS, dead.seq),
    session.run(RELEASE_LEASES, dead.seq),
    session.run(DELETE_INSTANCE, dead.seq),
  ])
}

export async function leaveInstance(session: Session, instanceId: string, at: number): Promise<void> {
  const found = await session.one<{ readonly seq: number }>(FIND_INSTANCE, instanceId)
  if (found === undefined) return
  await Promise.all([
    session.run(INSERT_CUT_ATTEMPTS, at, faultText(RUNNER_STOPPED), found.seq),
    session.run(READY_RUNNING_TASKS_OF_OWNER, found.seq),
    session.run(RELEASE_EXECUTIONS, found.seq),
    session.run(RELEASE_LEASES, found.seq),
    session.run(DELETE_INSTANCE, found.seq),
  ])
}

export async function instanceSeqOrThrow(session: Session, instanceId: string): Promise<number> {
  const record = await session.one<{ readonly seq: number }>(FIND_INSTANCE, instanceId)
  if (record !== undefined) return record.seq
  throw new StoreError('DATABASE_FAILED', `Engine "${instanceId}" is not open: call openInstance first.`)
}
