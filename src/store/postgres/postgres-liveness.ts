/**
 * Liveness of the engines of a schema, by the clock of the server. To an engine, another one is dead if its process
 * on the same host is gone, or if it had no heartbeat for 10 s while the heartbeats of the observer had no gap: an
 * engine that was suspended has observed no heartbeats.
 */

import { DEAD_AFTER_MS, isEngineProcessAlive, type ProcessIdentity } from '../process-identity.ts'
import { isListedAlive } from '../steps/instance-steps.ts'
import type { ListedEngine, Liveness, OtherEngine, Reply, Session, Step } from '../store-session.ts'
import { SERVER_NOW } from './sql/postgres-sql-fragments.ts'

/** Values: id, time of the engine, time of the server or null, time after which the engine is dead. */
const BEAT = `
UPDATE instances
SET heartbeat_at = $2, expires_at = now.at + $4,
    alive_since = CASE WHEN expires_at <= now.at THEN now.at ELSE alive_since END
FROM (SELECT ${SERVER_NOW(3)} AS at) now
WHERE id = $1 AND NOT is_declared_dead`

const REGISTER = `
INSERT INTO instances (id, host, pid, process_started_at, opened_at, heartbeat_at, expires_at, alive_since)
SELECT $1, $2, $3, $4::bigint, $5, $5, now.at + $7, now.at FROM (SELECT ${SERVER_NOW(6)} AS at) now
RETURNING alive_since - opened_at AS "skewMs"`

/** `is_dead`: is declared dead, or has expired while the heartbeats of the observer had no gap. */
const LIST_OTHERS = `
SELECT other.seq, other.id, other.host, other.pid, other.process_started_at,
       other.is_declared_dead OR coalesce(
         other.expires_at <= now.at AND observer.expires_at > now.at AND now.at - observer.alive_since >= $3, false
       ) AS is_dead,
       other.is_loss_reported AS "isLossReported",
       NOT other.is_declared_dead AND other.expires_at > now.at
         AND EXISTS (SELECT 1 FROM instance_workflows WHERE instance_seq = other.seq) AS "isPeer"
FROM (SELECT ${SERVER_NOW(2)} AS at) now, instances other LEFT JOIN instances observer ON observer.id = $1
WHERE other.id <> $1 ORDER BY other.seq`

const LIST = `
SELECT seq, id, host, pid, process_started_at, opened_at, heartbeat_at,
       is_declared_dead OR expires_at <= now.at AS is_dead
FROM instances, (SELECT ${SERVER_NOW(1)} AS at) now ORDER BY seq`

interface ProcessRecord {
  readonly host: string
  readonly pid: number
  readonly process_started_at: number | null
  readonly is_dead: boolean
}

type OtherRecord = ProcessRecord & Omit<OtherEngine, 'isDead'>
type EngineRecord = ProcessRecord & Omit<ListedEngine, 'isAlive'>

export function postgresLiveness(
  self: ProcessIdentity,
  isProcessAlive: (pid: number) => boolean,
  serverNow: () => number | null,
): Liveness {
  const isDead = (record: ProcessRecord): boolean =>
    record.is_dead || (record.host === self.host && !isEngineProcessAlive(self, record, isProcessAlive))
  return {
    now(session: Session): Step<number> {
      const reply = session.one<{ readonly at: number }>(`SELECT ${SERVER_NOW(1)} AS at`, serverNow())
      return mapped(reply, (found) => found?.at ?? 0)
    },
    beat(session: Session, instanceId: string, at: number) {
      return mapped(session.run(BEAT, instanceId, at, serverNow(), DEAD_AFTER_MS), (changed) => changed > 0)
    },
    *register(session: Session, instanceId: string, at: number): Step<number> {
      const { host, pid, startedAt } = self
      const values = [instanceId, host, pid, startedAt, at, serverNow(), DEAD_AFTER_MS]
      return (yield* session.one<{ readonly skewMs: number }>(REGISTER, ...values))?.skewMs ?? 0
    },
    others(session: Session, instanceId: string): Step<readonly OtherEngine[]> {
      const records = session.all<OtherRecord>(LIST_OTHERS, instanceId, serverNow(), DEAD_AFTER_MS)
      return mapped(records, (found) => found.map((record) => ({ ...record, isDead: isDead(record) })))
    },
    list(session: Session): Step<readonly ListedEngine[]> {
      const records = session.all<EngineRecord>(LIST, serverNow())
      return mapped(records, (found) => found.map((record) => ({ ...record, isAlive: !isDead(record) })))
    },
    /** The server measures the heartbeats, so no engine has observed more than one query shows. */
    isAlive(session: Session, instanceId: string, at: number): Step<boolean> {
      return isListedAlive(session, instanceId, at)
    },
  }
}

function* mapped<Result, Value>(reply: Reply<Result>, change: (result: Result) => Value): Step<Value> {
  return change(yield* reply)
}
