/**
 * Liveness of the engines of a file. To an engine, another one is dead if its process on the same host is gone, or if
 * its heartbeats have not changed for 10 s of the observer's monotonic time, because its process number may belong to
 * another process. A process that is stalled for 10 s is therefore dead to others: its writes under old leases and
 * owner numbers are refused.
 *
 * Each heartbeat increments a number in the database, and the monotonic clock of the observer measures the time between
 * two observations: wall clocks can be set, and monotonic clocks of two machines cannot be compared. An observer that
 * was suspended has observed no heartbeats, so a pause between two observations adds at most `MAX_PAUSE_MS`.
 */

import type { Clock } from '../../engine/ports.ts'
import { DEAD_AFTER_MS, hasProcess, type ProcessIdentity } from '../process-identity.ts'
import type { Session, Step } from '../session.ts'
import type { ListedEngine, Liveness, OtherEngine } from '../steps/liveness.ts'

/** One and a half heartbeats: every engine observes the others at each of its own. */
const MAX_PAUSE_MS = 4_500

const BEAT = 'UPDATE instances SET heartbeat_at = $1, beats = beats + 1 WHERE id = $2 AND NOT is_declared_dead'

const REGISTER = `
INSERT INTO instances (id, host, pid, process_started_at, opened_at, heartbeat_at) VALUES ($1, $2, $3, $4, $5, $5)`

const LIST = `
SELECT seq, id, host, pid, process_started_at, opened_at, heartbeat_at, beats, is_declared_dead,
       EXISTS (SELECT 1 FROM instance_workflows WHERE instance_seq = seq) AS has_workflows
FROM instances ORDER BY seq`

interface EngineRecord extends Omit<ListedEngine, 'isAlive'> {
  readonly process_started_at: number | null
  readonly beats: number
  readonly is_declared_dead: number
  readonly has_workflows: number
}

export class SqliteLiveness implements Liveness {
  readonly #self: ProcessIdentity
  readonly #isProcessAlive: (pid: number) => boolean
  readonly #clock: Pick<Clock, 'monotonic'>
  /** Time since the heartbeats of each engine changed, by `seq`. */
  #observed = new Map<number, { readonly beats: number; readonly silentMs: number }>()
  #observedAt: number | null = null

  constructor(self: ProcessIdentity, isProcessAlive: (pid: number) => boolean, clock: Pick<Clock, 'monotonic'>) {
    this.#self = self
    this.#isProcessAlive = isProcessAlive
    this.#clock = clock
  }

  *beat(session: Session, instanceId: string, at: number): Step<boolean> {
    return (yield* session.run(BEAT, at, instanceId)) === 1
  }

  /** Observes all engines, so that the time of their silence begins before the first heartbeat. */
  *register(session: Session, instanceId: string, at: number): Step<void> {
    const { host, pid, startedAt } = this.#self
    session.run(REGISTER, instanceId, host, pid, startedAt, at)
    yield* this.#observe(session)
  }

  *others(session: Session, instanceId: string): Step<readonly OtherEngine[]> {
    const others = (yield* this.#observe(session)).filter(({ id }) => id !== instanceId)
    return others.map((record) => {
      const isDead = this.#isDead(record)
      return { seq: record.seq, id: record.id, isDead, isPeer: record.has_workflows === 1 && !isDead }
    })
  }

  /** One query shows less than `others`, which observes for a while. */
  *list(session: Session, at: number): Step<readonly ListedEngine[]> {
    const records = yield* session.all<EngineRecord>(LIST)
    return records.map((record) => ({ ...record, isAlive: this.#isAlive(record, at) }))
  }

  /** Forgets all heartbeats, because another file is open. */
  forget(): void {
    this.#observed.clear()
  }

  /** Observes the heartbeats of all engines, and forgets engines that are gone. */
  *#observe(session: Session): Step<readonly EngineRecord[]> {
    const records = yield* session.all<EngineRecord>(LIST)
    const now = this.#clock.monotonic()
    const passedMs = Math.min(now - (this.#observedAt ?? now), MAX_PAUSE_MS)
    this.#observedAt = now
    this.#observed = new Map(
      records.map(({ seq, beats }) => {
        const before = this.#observed.get(seq)
        return [seq, { beats, silentMs: before?.beats === beats ? before.silentMs + passedMs : 0 }]
      }),
    )
    return records
  }

  #isDead(record: EngineRecord): boolean {
    const { silentMs = 0 } = this.#observed.get(record.seq) ?? {}
    if (record.is_declared_dead === 1 || silentMs >= DEAD_AFTER_MS) return true
    return record.host === this.#self.host && !this.#hasProcess(record)
  }

  #isAlive(record: EngineRecord, at: number): boolean {
    if (record.is_declared_dead === 1) return false
    if (record.host === this.#self.host) return this.#hasProcess(record)
    return Math.abs(at - record.heartbeat_at) < DEAD_AFTER_MS
  }

  #hasProcess(record: EngineRecord): boolean {
    return hasProcess(this.#self, record, this.#isProcessAlive)
  }
}
