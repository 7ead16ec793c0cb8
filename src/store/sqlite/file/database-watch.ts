/**
 * Notices that the database file was removed, replaced or damaged, and reopens it when a file is available. The step
 * queue checks before each commit, `ForeignChanges` at each of its checks.
 *
 *   in place ── the path names another file or none, or SQLite finds damage ──▶ away: every step is refused
 *   away ── a file exists for a second, and is open elsewhere or not growing ──▶ in place: reopened, listeners notified
 *
 * While `away`, the old file is closed, so that it accepts nothing.
 */

import type { Clock, Timer } from '../../../engine/clock-port.ts'
import type { StoreChange } from '../../../engine/store.ts'
import type { StoreError } from '../../../errors.ts'
import type { FileState } from './database-file.ts'
import type { Connection } from './sqlite-connection.ts'
import { damaged, isDamage, replaced, unusable } from './sqlite-failures.ts'

/** Interval of checks. A copy that is being written changes within this time. */
const LOOK_EVERY_MS = 1_000
const RECENT_MS = 10
/** Damage that remains after the file was reopened only fails the step that finds it. */
const SUSPECT_AGAIN_AFTER_MS = 60_000

export class DatabaseWatch {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #prepare: (isOther: boolean) => void
  readonly #listeners = new Set<(change: StoreChange) => void>()
  /** Reason for which steps are refused. Null while the file is in place. */
  #away: StoreError | null = null
  #seen: FileState | null = null
  /** Whether another file was opened since the last one that was in place. */
  #isOther = false
  #checkedAt = Number.NEGATIVE_INFINITY
  #suspectedAt = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #isStopped = false

  /** `prepare`: prepares a reopened file for the store; `isOther`: it is another file than before. May throw. */
  constructor(connection: Connection, clock: Clock, prepare: (isOther: boolean) => void) {
    this.#connection = connection
    this.#clock = clock
    this.#prepare = prepare
  }

  listen(callback: (change: StoreChange) => void): () => void {
    const listener = (change: StoreChange): void => callback(change)
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Throws `DATABASE_REPLACED`. */
  assertInPlace(): void {
    this.check()
    if (this.#away !== null) throw this.#away
  }

  /** Throws as `assertInPlace` does, but uses a recent check: a check costs a tenth of a small commit. */
  assertInPlaceLately(): void {
    if (this.#clock.monotonic() - this.#checkedAt >= RECENT_MS) this.check()
    if (this.#away !== null) throw this.#away
  }

  check(): boolean {
    this.#checkedAt = this.#clock.monotonic()
    if (this.#away === null && !this.#connection.isInPlace) {
      this.#lose(replaced(this.#connection.path, this.#connection.file.state !== null))
    }
    return this.#away === null
  }

  /** Reopens the file if SQLite found it damaged. */
  suspect(thrown: unknown): void {
    if (this.#away !== null || this.#connection.isMemory || !isDamage(thrown)) return
    const now = this.#clock.monotonic()
    if (now - this.#suspectedAt < SUSPECT_AGAIN_AFTER_MS) return
    this.#suspectedAt = now
    this.#lose(damaged(this.#connection.path, thrown))
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#listeners.clear()
  }

  #lose(error: StoreError): void {
    this.#away = error
    this.#seen = null
    this.#connection.letGo()
    this.#lookLater()
    this.#notify({ kind: 'lost', error })
  }

  #lookLater(): void {
    if (this.#isStopped) return
    this.#timer = this.#clock.wakeAfter(LOOK_EVERY_MS, () => this.#lookForFile())
  }

  #lookForFile(): void {
    const seen = this.#connection.file.state
    const isReady = seen !== null && this.#seen !== null && isSettled(seen, this.#seen)
    this.#seen = seen
    if (!isReady || !this.#reopen()) this.#lookLater()
  }

  #reopen(): boolean {
    try {
      this.#isOther = this.#connection.reopen() || this.#isOther
      this.#prepare(this.#isOther)
    } catch (thrown) {
      this.#connection.letGo()
      const error = unusable(this.#connection.path, thrown)
      if (error.message !== this.#away?.message) this.#notify({ kind: 'lost', error })
      this.#away = error
      return false
    }
    const isOther = this.#isOther
    this.#away = null
    this.#isOther = false
    this.#notify({ kind: 'found', path: this.#connection.path, isOther })
    return true
  }

  #notify(change: StoreChange): void {
    for (const listener of [...this.#listeners]) listener(change)
  }
}

/** Whether the file is complete. A copy that is still being written grows, and SQLite has not opened it. */
function isSettled(now: FileState, before: FileState): boolean {
  return now.file === before.file && (now.content === before.content || now.isOpenElsewhere)
}
