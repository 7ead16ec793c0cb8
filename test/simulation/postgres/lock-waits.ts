/**
 * Statements that wait for a lock of another transaction. The real server runs one statement at a time, so a statement
 * without a result waits for a lock, as the server confirms. The other processes continue while it waits.
 *
 * A commit may release several statements. The backends of waiting statements are stopped (SIGSTOP) and continued one
 * by one, so that the simulation determines their order. Deadlocks and time limits are detected in simulated time, and
 * the server then cancels the statement.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { ProcessLoop } from '../loop.ts'
import { serverError } from './connection-faults.ts'
import type { Answer, RealConnection } from './real-connections.ts'
import type { Server } from './server.ts'

/** Statement that waits for its result. */
export interface Waiting {
  readonly connection: RealConnection
  /** Event loop with the timers of the statement. */
  readonly timers: ProcessLoop
  /** Maximum time that the statement waits for one lock; null for no limit. */
  readonly lockMs: number | null
  /** Text of the statement in the trace. */
  readonly shown: string
  /** Promise that resolves, with any value, when the real server has returned the result. */
  readonly answered: Promise<unknown>
  /** Called at the end of the wait. `cancelled` is the error of a statement that waited too long, or null. */
  finish(cancelled: Error | null): Promise<void>
}

/** Real time after which the server is asked whether a statement waits for a lock. */
const ANSWERED_WITHIN_MS = 5
/** Time after which deadlocks are searched, as by default in PostgreSQL. */
const DEADLOCK_AFTER_MS = 1_000

export class LockWaits {
  readonly #control: RealConnection
  readonly #server: Pick<Server, 'loop' | 'work' | 'log'>
  /** Number of the wait by statement, in the order in which the waits began. */
  readonly #waiting = new Map<Waiting, number>()
  #waits = 0
  #isReleasing = false

  constructor(control: RealConnection, server: Pick<Server, 'loop' | 'work' | 'log'>) {
    this.#control = control
    this.#server = server
  }

  /** Waits for the result of a statement. Returns false if the statement waits for a lock. */
  async isAnswered(waiting: Waiting): Promise<boolean> {
    let isAnswered = false
    const answered = waiting.answered.then(() => {
      isAnswered = true
    })
    for (;;) {
      await Promise.race([answered, sleep(ANSWERED_WITHIN_MS)])
      if (isAnswered) return true
      const blockers = await this.#blockers([waiting])
      if (isAnswered || (blockers.get(waiting.connection.pid) ?? []).length === 0) continue
      process.kill(waiting.connection.pid, 'SIGSTOP')
      this.#limit(waiting)
      return false
    }
  }

  /** Continues the statements whose locks are free. Called after each statement that may have released a lock. */
  async release(): Promise<void> {
    if (this.#isReleasing) return
    this.#isReleasing = true
    try {
      for (let next = await this.#released(); next !== null; next = await this.#released()) {
        this.#continue(next)
        if (await this.isAnswered(next)) await next.finish(null)
      }
    } finally {
      this.#isReleasing = false
    }
  }

  isWaiting(waiting: Waiting): boolean {
    return this.#waiting.has(waiting)
  }

  /** Restarts the time limits of a statement, which apply to each lock separately. */
  #limit(waiting: Waiting): void {
    const { loop, log, work } = this.#server
    log(`blocked ${waiting.shown}`)
    this.#waits += 1
    const wait = this.#waits
    this.#waiting.set(waiting, wait)
    const isStillBlocked = (): boolean => this.#waiting.get(waiting) === wait
    const end = async (code: string, message: string): Promise<void> => {
      await this.cancel(waiting)
      await waiting.finish(serverError(code, message))
    }
    waiting.timers.timer(loop.now + DEADLOCK_AFTER_MS, () =>
      work.add(async () => {
        if (isStillBlocked() && (await this.#isDeadlocked(waiting))) await end('40P01', 'deadlock detected')
      }),
    )
    if (waiting.lockMs === null) return
    waiting.timers.timer(loop.now + waiting.lockMs, () =>
      work.add(async () => {
        if (isStillBlocked()) await end('55P03', 'canceling statement due to lock timeout')
      }),
    )
  }

  /** Ends a statement with an error. */
  async cancel(waiting: Waiting): Promise<void> {
    await this.#control.query('SELECT pg_cancel_backend($1)', [waiting.connection.pid])
    this.#continue(waiting)
    await waiting.answered
  }

  /** Returns whether a statement is part of a deadlock. */
  async #isDeadlocked(waiting: Waiting): Promise<boolean> {
    const blockers = await this.#blockers([...this.#waiting.keys()])
    const seen = new Set<number>()
    const reaches = (pid: number): boolean =>
      (blockers.get(pid) ?? []).some((blocker) => {
        if (blocker === waiting.connection.pid) return true
        if (seen.has(blocker)) return false
        seen.add(blocker)
        return reaches(blocker)
      })
    return reaches(waiting.connection.pid)
  }

  async cancelAll(): Promise<void> {
    for (const waiting of [...this.#waiting.keys()]) await this.cancel(waiting)
  }

  #continue(waiting: Waiting): void {
    this.#waiting.delete(waiting)
    process.kill(waiting.connection.pid, 'SIGCONT')
  }

  async #released(): Promise<Waiting | null> {
    if (this.#waiting.size === 0) return null
    const waiting = [...this.#waiting.keys()]
    const blockers = await this.#blockers(waiting)
    return waiting.find(({ connection: { pid } }) => (blockers.get(pid) ?? []).length === 0) ?? null
  }

  async #blockers(waiting: readonly Waiting[]): Promise<ReadonlyMap<number, readonly number[]>> {
    const pids = waiting.map(({ connection }) => connection.pid)
    const sql = 'SELECT pid, pg_blocking_pids(pid) AS blockers FROM unnest($1::int[]) AS pid'
    const { rows } = (await this.#control.query(sql, [pids])) as Answer & {
      readonly rows: readonly { readonly pid: number; readonly blockers: readonly number[] }[]
    }
    return new Map(rows.map(({ pid, blockers }) => [pid, blockers]))
  }
}
