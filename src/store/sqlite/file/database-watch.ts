/**
 * Looks after the database while it is open: notices that its file was removed, replaced or damaged, and opens it anew
 * when one is there again. The step queue asks before it commits, the watch for changes by others at each of its checks.
 *
 *   in place ── the path names another file or none, or SQLite finds it damaged ──▶ away: every step is refused
 *   away ── a file is there for a second, and is open elsewhere, or nobody writes to it ──▶ in place: opened anew, listeners are notified
 *
 * What must stay true: in `away` nothing of the old file is open, so that nothing is accepted into it.
 */

import type { Clock, StoreChange, Timer } from '../../../engine/ports.ts'
import type { StoreError } from '../../../errors.ts'
import type { Connection } from './connection.ts'
import type { FileState } from './database-file.ts'
import { damaged, isDamage, replaced, unusable } from './failures.ts'

/** A copy that is being written changes more often than that. */
const LOOK_EVERY_MS = 1_000
const RECENT_MS = 10
/** Damage that opening anew does not heal is left to the step that meets it. */
const SUSPECT_AGAIN_AFTER_MS = 60_000

export class DatabaseWatch {
  readonly #connection: Connection
  readonly #clock: Clock
  readonly #prepare: () => void
  readonly #listeners = new Set<(change: StoreChange) => void>()
  /** Why steps are refused; null while the file is in place. */
  #away: StoreError | null = null
  /** What the path named at the last check, while away. */
  #seen: FileState | null = null
  #checkedAt = Number.NEGATIVE_INFINITY
  #suspectedAt = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #isStopped = false

  /** `prepare` brings a file that was opened anew to where this store can use it; it may throw. */
  constructor(connection: Connection, clock: Clock, prepare: () => void) {
    this.#connection = connection
    this.#clock = clock
    this.#prepare = prepare
  }

  /** Returns the end of it. */
  listen(callback: (change: StoreChange) => void): () => void {
    const listener = (change: StoreChange): void => callback(change)
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Throws `DATABASE_REPLACED`. */
  assertInPlace(): void {
    if (!this.check() && this.#away !== null) throw this.#away
  }

  /** The same, where it is enough to have looked a moment ago: each look costs a tenth of a small commit. */
  assertInPlaceLately(): void {
    const isRecent = this.#clock.monotonic() - this.#checkedAt < RECENT_MS
    if (isRecent && this.#away !== null) throw this.#away
    if (!isRecent) this.assertInPlace()
  }

  /** Whether the database can be used. */
  check(): boolean {
    this.#checkedAt = this.#clock.monotonic()
    if (this.#away === null && !this.#connection.isInPlace) this.#lose(replaced(this.#connection))
    return this.#away === null
  }

  /** SQLite refused something: where it says that the file is damaged, it is opened anew. */
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
    const seen = this.#connection.fileState
    const isReady = seen !== null && this.#seen !== null && isSettled(seen, this.#seen)
    this.#seen = seen
    if (!isReady || !this.#openAnew()) this.#lookLater()
  }

  #openAnew(): boolean {
    try {
      this.#connection.openAnew()
      this.#prepare()
    } catch (thrown) {
      this.#connection.letGo()
      const error = unusable(this.#connection.path, thrown)
      if (error.message !== this.#away?.message) this.#notify({ kind: 'lost', error })
      this.#away = error
      return false
    }
    this.#away = null
    this.#notify({ kind: 'found', path: this.#connection.path })
    return true
  }

  #notify(change: StoreChange): void {
    for (const listener of [...this.#listeners]) listener(change)
  }
}

/** Whether it is a whole database. A copy that is still being made is open in no SQLite, and grows. */
function isSettled(now: FileState, before: FileState): boolean {
  return now.file === before.file && (now.content === before.content || now.isOpenElsewhere)
}
