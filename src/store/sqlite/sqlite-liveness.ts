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

import type { Clock } from '../../engine/clock-port.ts'
import { DEAD_AFTER_MS, isEngineProcessAlive, type ProcessIdentity } from '../process-identity.ts'
import { isListedAlive } from '../steps/instance-steps.ts'
import { UNTIL_OPENED } from '../steps/limits/limit-values.ts'
import type { ListedEngine, Liveness, OtherEngine, Session, Step } from '../store-session.ts'

/** One and a half heartbeats: every engine observes the others at each of its own. */
const MAX_PAUSE_MS = 4_500

const BEAT = `
UPDATE instances SET heartbeat_at = $1, beats = beats + 1, expires_at = $3 WHERE id = $2 AND NOT is_declared_dead`

const REGISTER = `
INSERT INTO instances (id, host, pid, process_started_at, opened_at, heartbeat_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $5, $6)`

/**
 * Correct times that the monotonic clock cannot have shown yet. They are from before a restart of the machine. Value:
 * time of the clock.
 */
const CORRECT_TIMES = [
  `UPDATE instances SET expires_at = $1 WHERE expires_at > $1 + ${DEAD_AFTER_MS}`,
  `UPDATE limit_attempts SET ended_at = $1 WHERE ended_at > $1 + ${DEAD_AFTER_MS}`,
  'UPDATE limit_attempts SET begun_at = $1 WHERE begun_at > $1',
  "UPDATE waits SET offered_at = $1 WHERE outcome = 'free' AND offered_at > $1",
  ...['limits', 'limit_values'].map(
    (table) => `
UPDATE ${table} SET closed_at = $1, closed_until = CASE
  WHEN closed_until = ${UNTIL_OPENED} THEN closed_until ELSE $1 + closed_until - closed_at END
WHERE closed_at > $1`,
  ),
]

const LIST = `
SELECT seq, id, host, pid, process_started_at, opened_at, heartbeat_at, beats, is_declared_dead, is_loss_reported,
       EXISTS (SELECT 1 FROM instance_workflows WHERE instance_seq = seq) AS has_workflows
FROM instances ORDER BY seq`

interface EngineRecord extends Omit<ListedEngine, 'isAlive'> {
  readonly process_started_at: number | null
  readonly beats: number
  readonly is_declared_dead: number
  readonly is_loss_reported: number
  readonly has_workflows: number
}

export class SqliteLiveness implements Liveness {
  readonly #self: ProcessIdentity
  readonly #isProcessAlive: (pid: number) => boolean
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #opened: ReadonlySet<string>
  /** Time since the heartbeats of each engine changed, by `seq`. */
  #observed = new Map<number, { readonly beats: number; readonly silentMs: number }>()
  #observedAt: number | null = null

  /** `opened`: ids of the engines that were opened through the store. */
  constructor(
    self: ProcessIdentity,
    isProcessAlive: (pid: number) => boolean,
    clock: Pick<Clock, 'monotonic'>,
    opened: ReadonlySet<string>,
  ) {
    this.#self = self
    this.#opened = opened
    this.#isProcessAlive = isProcessAlive
    this.#clock = clock
  }

  *now(): Step<number> {
    return this.#now()
  }

  *beat(session: Session, instanceId: string, at: number): Step<boolean> {
    return (yield* session.run(BEAT, at, instanceId, this.#now() + DEAD_AFTER_MS)) === 1
  }

  /** Observes all engines, so that their silence is measured from before the first heartbeat. */
  *register(session: Session, instanceId: string, at: number): Step<number> {
    const { host, pid, startedAt } = this.#self
    const now = this.#now()
    for (const correct of CORRECT_TIMES) session.run(correct, now)
    session.run(REGISTER, instanceId, host, pid, startedAt, at, now + DEAD_AFTER_MS)
    yield* this.#observe(session)
    return 0
  }

  *others(session: Session, instanceId: string): Step<readonly OtherEngine[]> {
    const others = (yield* this.#observe(session)).filter(({ id }) => id !== instanceId)
    return others.map((record) => {
      const isDead = this.#isDead(record)
      const isPeer = record.has_workflows === 1 && !isDead
      return { seq: record.seq, id: record.id, isDead, isLossReported: record.is_loss_reported === 1, isPeer }
    })
  }

  /** One query shows less than `others`, which observes for a while. */
  *list(session: Session, at: number): Step<readonly ListedEngine[]> {
    const records = yield* session.all<EngineRecord>(LIST)
    return records.map((record) => ({ ...record, isAlive: this.#isAlive(record, at) }))
  }

  /** An engine has observed heartbeats with its monotonic clock, which is more certain than one query. */
  *isAlive(session: Session, instanceId: string, at: number): Step<boolean> {
    const [own] = this.#opened
    if (own === undefined) return yield* isListedAlive(session, instanceId, at)
    const others = yield* this.others(session, own)
    return instanceId === own || others.some(({ id, isDead }) => id === instanceId && !isDead)
  }

  forget(): void {
    this.#observed.clear()
  }

  #now(): number {
    return Math.floor(this.#clock.monotonic())
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
    return isEngineProcessAlive(this.#self, record, this.#isProcessAlive)
  }
}
