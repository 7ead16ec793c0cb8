/**
 * Notices that another store object, or another engine on this one, has changed the database. Looking each second is what it relies on: each commit that may
 * concern others counts a sequence up. A notification makes it sooner where there is one: it needs a connection of its own, which a pooler
 * in transaction mode does not give.
 *
 * Listens while somebody wants to know, and not at all otherwise.
 */

import type { Client } from 'pg'
import type { Clock, Timer } from '../../../engine/ports.ts'
import type { Place, PostgresAddress } from './address.ts'
import type { Readers } from './readers.ts'
import { connect, quoted, quotedText, type Session, type Telling } from './session.ts'
import { beginRead } from './transaction.ts'

const DURING = 'looking for changes by other processes'
/** Several engines do not look at the same moment. */
const LOOK_EVERY_MS = 1_000
const LOOK_JITTER_MS = 100
const CALL_EVERY_MS = 25
const HEARD_WITHIN_MS = 5_000
const LISTEN_AGAIN_AFTER_MS = 5_000

const COUNT = 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS count FROM changes'

const CHANNEL = 'SELECT channel FROM cloaca_schema WHERE channel IS NOT NULL'

/** State of a database when a store is opened. */
export interface KnownChanges {
  /** Number of changes so far. */
  readonly count: number
  /**
   * Channel of notifications. Its name is random, so users who cannot read the tables can neither listen nor notify.
   */
  readonly channel: string
}

export async function knownChanges(session: Session, place: Place): Promise<KnownChanges> {
  await beginRead(session, place)
  const found = await session.one<{ readonly channel: string }>(CHANNEL)
  const known = { count: await countChanges(session), channel: found?.channel ?? '' }
  await session.script('COMMIT')
  return known
}

async function countChanges(session: Session): Promise<number> {
  return (await session.one<{ readonly count: number }>(COUNT))?.count ?? 0
}

export interface ForeignChangesOptions {
  readonly address: PostgresAddress
  readonly clock: Clock
  readonly readers: Readers
  /** In [0, 1). */
  readonly random: () => number
  readonly notice: (message: string) => void
  /** Whether several engines use this store object: for each of them, what the others commit is foreign. */
  readonly isShared: () => boolean
}

export class ForeignChanges {
  readonly #options: ForeignChangesOptions
  /** What our own notifications carry. */
  readonly #id: string
  readonly #channel: string
  readonly #listeners = new Set<() => void>()
  #ownCount = 0
  /** Of others: how many were seen, and how many more were heard of. */
  #seen: number
  #heard = 0
  #looksAgain = false
  #timer: Timer | undefined
  #listener: Client | null = null
  #isListening = false
  #hasWarned = false
  #probe: Timer | undefined
  #quiet: Timer | undefined
  #mustCall = false

  constructor(id: string, known: KnownChanges, options: ForeignChangesOptions) {
    this.#id = id
    this.#seen = known.count
    this.#channel = known.channel
    this.#options = options
  }

  /** The statement that tells others of the transaction that runs it; `told` is to hear its rows. */
  telling(telling: Exclude<Telling, 'no'>): string {
    // By their ids, from which OFFSET keeps the planner: the index of what is unowned seems small to it, and while somebody holds a
    // snapshot all that was unowned since is in there.
    const condition =
      telling === 'yes'
        ? ''
        : ` WHERE EXISTS (SELECT 1 FROM (SELECT owner_seq FROM active_executions WHERE id IN (${telling.map(quotedText).join()}) OFFSET 0) told WHERE owner_seq IS NULL)`
    return `SELECT nextval('changes'), pg_notify(${quotedText(this.#channel)}, '${this.#id}')${condition}`
  }

  told(rows: readonly unknown[]): void {
    this.#ownCount += rows.length
    if (this.#isListening && rows.length > 0 && this.#options.isShared()) this.#call()
  }

  /** Returns the end of it. */
  listen(callback: () => void): () => void {
    // A set would merge two listeners that are the same function.
    const listener = () => callback()
    this.#listeners.add(listener)
    if (!this.#isListening) this.#begin()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.stop()
    }
  }

  stop(): void {
    this.#isListening = false
    this.#listeners.clear()
    this.#timer?.cancel()
    this.#probe?.cancel()
    this.#quiet?.cancel()
    this.#quiet = undefined
    const listener = this.#listener
    this.#listener = null
    listener?.end().catch(() => undefined)
  }

  #begin(): void {
    this.#isListening = true
    this.#lookLater()
    void this.#openListener()
  }

  #lookLater(): void {
    const delayMs = LOOK_EVERY_MS + this.#options.random() * LOOK_JITTER_MS
    const lookAgain = async (): Promise<void> => {
      await this.#look()
      if (this.#isListening) this.#lookLater()
    }
    this.#timer = this.#options.clock.wakeAfter(delayMs, () => void lookAgain(), DURING)
  }

  async #look(): Promise<void> {
    try {
      const count = await this.#options.readers.run(countChanges)
      if (this.#isListening) this.#counted(count - this.#ownCount)
    } catch {
      // The next look finds it; whoever needs the database hears what is wrong with it.
    }
  }

  /** One may be counted before its commit: it is looked at once more. */
  #counted(others: number): void {
    const isNew = others > this.#seen + this.#heard
    this.#heard = Math.max(0, this.#heard - Math.max(0, others - this.#seen))
    this.#seen = Math.max(this.#seen, others)
    if (isNew || this.#looksAgain) this.#call()
    this.#looksAgain = isNew
  }

  /** At once; then, however many come, the next time a little later, so that a busy database does not keep everybody reading. */
  #call(): void {
    if (this.#quiet !== undefined) {
      this.#mustCall = true
      return
    }
    this.#quiet = this.#options.clock.wakeAfter(
      CALL_EVERY_MS,
      () => {
        this.#quiet = undefined
        if (this.#mustCall && this.#isListening) this.#call()
      },
      DURING,
    )
    this.#mustCall = false
    for (const listener of [...this.#listeners]) this.#options.clock.attempt(DURING, listener)
  }

  async #openListener(): Promise<void> {
    const { address, clock } = this.#options
    try {
      const client = await connect(address, (lost) => this.#listenerLost(lost))
      if (!this.#isListening) return void client.end().catch(() => undefined)
      this.#listener = client
      client.on('notification', ({ payload = '' }) => this.#notified(payload))
      await client.query(`LISTEN ${quoted(this.#channel)}`)
      // What came before it could be heard of.
      await this.#look()
      this.#probe = clock.wakeAfter(HEARD_WITHIN_MS, () => this.#notHeard())
      await this.#options.readers.notify(this.#channel, `probe ${this.#id}`)
    } catch {
      this.#listenLater()
    }
  }

  #notified(payload: string): void {
    if (payload === `probe ${this.#id}`) this.#probe?.cancel()
    if (payload === this.#id || payload.startsWith('probe ')) return
    this.#heard += 1
    // What it is about may be found by a look at everything only, which comes once a second.
    this.#looksAgain = true
    this.#call()
  }

  #notHeard(): void {
    const listener = this.#listener
    this.#listener = null
    listener?.end().catch(() => undefined)
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#options.notice(
      `Database "${this.#options.address.shown}" does not deliver notifications, for example because of a connection pooler in ` +
        'transaction mode. Changes by other engines are noticed within one second.',
    )
  }

  #listenerLost(client: Client): void {
    if (this.#listener !== client) return
    this.#listener = null
    this.#listenLater()
  }

  #listenLater(): void {
    if (!this.#isListening) return
    this.#probe?.cancel()
    this.#probe = this.#options.clock.wakeAfter(LISTEN_AGAIN_AFTER_MS, () => {
      if (this.#isListening) void this.#openListener()
    })
  }
}
