/**
 * Liveness of engines. Each database brings its judgement, because each measures the time since a heartbeat with
 * another clock: see the README of the store.
 */

import type { Reply, Session, Step } from '../session.ts'

/** Another engine of the database, as the asking engine has observed it for a while. */
export interface OtherEngine {
  readonly seq: number
  readonly id: string
  /** Whether the asking engine may take over the leases and executions of this engine. */
  readonly isDead: boolean
  /** Whether it has announced workflows and its heartbeats have not stopped. */
  readonly isPeer: boolean
}

/** An engine of the database, as one query shows it. */
export interface ListedEngine {
  readonly seq: number
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly opened_at: number
  readonly heartbeat_at: number
  readonly isAlive: boolean
}

export interface Liveness {
  /** Stores a heartbeat. Returns false if the engine is not registered, or was declared dead. */
  beat(session: Session, instanceId: string, at: number): Reply<boolean>
  register(session: Session, instanceId: string, at: number): Step<void>
  /** Returns the engines other than this one. */
  others(session: Session, instanceId: string): Reply<readonly OtherEngine[]>
  /** Returns all engines, the oldest first. */
  list(session: Session, at: number): Reply<readonly ListedEngine[]>
}

/** Returns the `seq` of each engine that is dead to this one. */
export function* deadSeqs(session: Session, liveness: Liveness, instanceId: string): Step<readonly number[]> {
  return deadOf(yield* liveness.others(session, instanceId))
}

export function deadOf(others: readonly OtherEngine[]): readonly number[] {
  return others.filter(({ isDead }) => isDead).map(({ seq }) => seq)
}

/** Returns the `seq` of each engine that seems to be alive. */
export function* livingSeqs(session: Session, liveness: Liveness, at: number): Step<ReadonlySet<number>> {
  const engines = yield* liveness.list(session, at)
  return new Set(engines.flatMap(({ seq, isAlive }) => (isAlive ? seq : [])))
}
