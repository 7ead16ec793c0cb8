/**
 * Who is alive, and what the dead leave behind. Each function is the body of one step and runs in its transaction.
 *
 * An instance is dead when its process is gone (seen from the same host), or when its heartbeats have stood still for
 * 30 s (seen from anywhere: a process id may have been given to another process since). So a process that lives and
 * stalls for so long is dead to the others, who take what it held; what it held by a number that has gone up since
 * (a trigger's lease) or by a name that is another's (an execution's owner), it can no longer write.
 */

import type { Clock } from '../../engine/ports.ts'
import { StoreError } from '../../errors.ts'
import type { InstanceRow } from '../../model/schedule.ts'
import { HeartbeatWatch } from '../heartbeat-watch.ts'
import { DEAD_AFTER_MS, hasProcess, type ProcessIdentity, shownHost } from '../process-identity.ts'
import { RECOVER_RUNNING_TASKS } from './executions/execution-queries.ts'
import type { Connection } from './file/connection.ts'
import { insertCutAttempts, insertLostAttempts } from './history/attempt-steps.ts'
import {
  DELETE_INSTANCE,
  FIND_INSTANCE,
  INSERT_INSTANCE,
  LIST_INSTANCES,
  LIST_INSTANCES_WITH_HOLDINGS,
  LIST_OTHER_WORKERS,
  LIST_OWNED,
  READY_RUNNING_TASKS_OF_OWNER,
  RELEASE_EXECUTIONS,
  RELEASE_LEASES,
  TOUCH_INSTANCE,
} from './instance-queries.ts'

interface InstanceRecord {
  readonly seq: number
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly process_started_at: number | null
  readonly heartbeat_at: number
  readonly beats: number
  readonly is_declared_dead: number
}

interface HoldingRecord extends InstanceRecord {
  readonly opened_at: number
  readonly triggers: number
  readonly executions: number
}

export class Liveness {
  readonly #self: ProcessIdentity
  readonly #isProcessAlive: (pid: number) => boolean
  readonly #heartbeats: HeartbeatWatch
  #known = ''

  constructor(self: ProcessIdentity, isAlive: (pid: number) => boolean, clock: Pick<Clock, 'monotonic'>) {
    this.#self = self
    this.#isProcessAlive = isAlive
    this.#heartbeats = new HeartbeatWatch(clock)
  }

  /**
   * Also the heartbeat of an instance that others took for dead and removed: it enters again. Each one is an occasion to
   * listen for those of the others. True when the instance was not there.
   */
  enter(connection: Connection, instanceId: string, at: number): boolean {
    const isNew = connection.run(TOUCH_INSTANCE, at, instanceId) === 0
    if (isNew) {
      abandon(connection, instanceId, at)
      const { host, pid, startedAt } = this.#self
      connection.run(INSERT_INSTANCE, instanceId, host, pid, startedAt, at, at)
    }
    const records = this.#readInstances(connection)
    this.#known = records.map((record) => `${record.seq}${this.#isDead(record) ? ' dead' : ''}`).join()
    return isNew
  }

  /** Which instances there were at the last look, and which of them are dead: another text when that has changed. */
  get known(): string {
    return this.#known
  }

  /** Another database is open: who was heard of in the old one means nothing. */
  forget(): void {
    this.#heartbeats.observe([])
  }

  /** Never the instance that asks: asking is a sign of life. */
  deadSeqs(connection: Connection, askingId: string): readonly number[] {
    const records = this.#readInstances(connection)
    return records.filter((record) => record.id !== askingId && this.#isDead(record)).map((record) => record.seq)
  }

  /** Whether an instance is dead or gone, as far as the one that asks has listened. */
  isDead(connection: Connection, instanceId: string, askingId: string): boolean {
    if (instanceId === askingId) return false
    const record = this.#readInstances(connection).find(({ id }) => id === instanceId)
    return record === undefined || this.#isDead(record)
  }

  /** How many other living instances have announced workflows. */
  countOthers(connection: Connection, instanceId: string): number {
    const others = connection.all<{ readonly seq: number }>(LIST_OTHER_WORKERS, instanceId)
    if (others.length === 0) return 0
    const dead = this.deadSeqs(connection, instanceId)
    return others.filter(({ seq }) => !dead.includes(seq)).length
  }

  /** One reading shows less than `deadSeqs`, which has listened for a while. */
  hasLiving(connection: Connection, at: number): boolean {
    return connection.all<InstanceRecord>(LIST_INSTANCES).some((record) => this.#seemsAlive(record, at))
  }

  /** Those that seem alive, by one look. */
  livingSeqs(connection: Connection, at: number): ReadonlySet<number> {
    const records = connection.all<InstanceRecord>(LIST_INSTANCES).filter((record) => this.#seemsAlive(record, at))
    return new Set(records.map(({ seq }) => seq))
  }

  /** The same for one instance. */
  isLiving(connection: Connection, instanceId: string, at: number): boolean {
    const records = connection.all<InstanceRecord>(LIST_INSTANCES)
    return records.some((record) => record.id === instanceId && this.#seemsAlive(record, at))
  }

  list(connection: Connection, at: number): readonly InstanceRow[] {
    return connection.all<HoldingRecord>(LIST_INSTANCES_WITH_HOLDINGS).map((record) => ({
      id: record.id,
      host: shownHost(record.host),
      pid: record.pid,
      openedAt: record.opened_at,
      heartbeatAt: record.heartbeat_at,
      isAlive: this.#seemsAlive(record, at),
      triggers: record.triggers,
      executions: record.executions,
    }))
  }

  #seemsAlive(record: InstanceRecord, at: number): boolean {
    if (record.is_declared_dead === 1) return false
    if (record.host === this.#self.host) return hasProcess(this.#self, record, this.#isProcessAlive)
    return Math.abs(at - record.heartbeat_at) < DEAD_AFTER_MS
  }

  #readInstances(connection: Connection): readonly InstanceRecord[] {
    const records = connection.all<InstanceRecord>(LIST_INSTANCES)
    this.#heartbeats.observe(records)
    return records
  }

  #isDead(record: InstanceRecord): boolean {
    if (record.is_declared_dead === 1 || this.#heartbeats.silentMs(record.seq) >= DEAD_AFTER_MS) return true
    return record.host === this.#self.host && !hasProcess(this.#self, record, this.#isProcessAlive)
  }
}

/** An instance that was declared dead enters again: what nobody took over of it is there for everybody. */
function abandon(connection: Connection, instanceId: string, at: number): void {
  const dead = connection.one<{ readonly seq: number }>(FIND_INSTANCE, instanceId)
  if (dead === undefined) return
  for (const { seq } of connection.all<{ readonly seq: number }>(LIST_OWNED, dead.seq)) {
    insertLostAttempts(connection, seq, at)
    connection.run(RECOVER_RUNNING_TASKS, seq)
  }
  connection.run(RELEASE_EXECUTIONS, dead.seq)
  connection.run(RELEASE_LEASES, dead.seq)
  connection.run(DELETE_INSTANCE, dead.seq)
}

export function leaveInstance(connection: Connection, instanceId: string, at: number): void {
  const seq = connection.one<{ readonly seq: number }>(FIND_INSTANCE, instanceId)?.seq
  if (seq === undefined) return
  insertCutAttempts(connection, seq, at)
  connection.run(READY_RUNNING_TASKS_OF_OWNER, seq)
  connection.run(RELEASE_EXECUTIONS, seq)
  connection.run(RELEASE_LEASES, seq)
  connection.run(DELETE_INSTANCE, seq)
}

export function instanceSeqOrThrow(connection: Connection, instanceId: string): number {
  const record = connection.one<{ readonly seq: number }>(FIND_INSTANCE, instanceId)
  if (record !== undefined) return record.seq
  throw new StoreError('DATABASE_FAILED', `Engine "${instanceId}" is not open: call openInstance first.`)
}
