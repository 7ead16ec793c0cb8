/**
 * Detects changes of the database by other engines, of this store object or of another one. Each commit that may
 * concern other engines increments a sequence, which is read once a second. Notifications are faster, but need a
 * connection of their own, which a pooler in transaction mode does not provide. Without a listener nothing is read.
 */

import type { Client } from 'pg'
import type { Clock, Timer } from '../../../engine/clock-port.ts'
import type { PostgresAddress, SchemaPlace } from './address.ts'
import { connect, type Notified, quoted, quotedText, type Session } from './postgres-session.ts'
import type { Readers } from './readers.ts'
import { beginRead } from './transaction.ts'

const DURING = 'looking for changes by other processes'
const LOOK_EVERY_MS = 1_000
/** Random delay that keeps several engines from reading at the same time. */
const LOOK_JITTER_MS = 100
const CALL_EVERY_MS = 25
const HEARD_WITHIN_MS = 5_000
const LISTEN_AGAIN_AFTER_MS = 5_000

const COUNT = 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS count FROM changes'

const CHANNEL = 'SELECT channel FROM cloaca_schema WHERE channel IS NOT NULL'

export interface KnownChanges {
  readonly count: number
  /** Channel of notifications. Its name is random: users who cannot read the tables can neither listen nor notify. */
  readonly channel: string
}

export async function knownChanges(session: Session, place: SchemaPlace): Promise<KnownChanges> {
  await beginRead(session, place)
  const known = await session.one<KnownChanges>(`SELECT changes.count, (${CHANNEL}) AS channel FROM (${COUNT}) changes`)
  await session.script('COMMIT')
  return known ?? { count: 0, channel: '' }
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
  /** Returns whether several engines use this store object: for each of them, commits of the others are foreign. */
  readonly isShared: () => boolean
}

export class ForeignChanges {
  readonly #options: ForeignChangesOptions
  readonly #id: string
  readonly #channel: string
  readonly #listeners = new Set<() => void>()
  #ownCount = 0
  /** Number of changes by other stores that were read. */
  #seen: number
  #heard = 0
  #callsAgain = false
  #timer: Timer | undefined
  #listener: Client | null = null
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

  /** Returns a script that notifies other engines of its transaction. `notified` needs the rows of its result. */
  notifying(notified: Notified): string {
    if (notified === 'no') return ''
    const notify = `SELECT nextval('changes'), pg_notify(${quotedText(this.#channel)}, '${this.#id}')`
    if (notified === 'yes') return `${notify}; `
    // OFFSET makes the planner search by id. It takes the index of executions without an owner for small, but while a
    // snapshot is open, the index has all executions that have lost their owner since.
    const ids = notified.map(quotedText).join()
    const told = `SELECT owner_seq FROM active_executions WHERE id IN (${ids}) OFFSET 0`
    return `${notify} WHERE EXISTS (SELECT 1 FROM (${told}) told WHERE owner_seq IS NULL); `
  }

  /** Must be called after the commit. */
  notified(rows: readonly unknown[]): void {
    this.#ownCount += rows.length
    if (rows.length > 0 && this.#options.isShared()) this.#call()
  }

  listen(callback: () => void): () => void {
    // A set would merge two listeners that are the same function.
    const listener = () => callback()
    const isFirst = !this.#isListening
    this.#listeners.add(listener)
    if (isFirst) {
      this.#lookLater()
      void this.#openListener()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.stop()
    }
  }

  get #isListening(): boolean {
    return this.#listeners.size > 0
  }

  stop(): void {
    this.#listeners.clear()
    this.#timer?.cancel()
    this.#probe?.cancel()
    this.#quiet?.cancel()
    this.#quiet = undefined
    this.#endListener()
  }

  #lookLater(): void {
    const delayMs = LOOK_EVERY_MS + this.#options.random() * LOOK_JITTER_MS
    const look = async (): Promise<void> => {
      await this.#look()
      if (this.#isListening) this.#lookLater()
    }
    this.#timer = this.#options.clock.wakeAfter(delayMs, () => void look(), DURING)
  }

  /** Counts the changes. A failure is not reported, because they are counted again each second. */
  async #look(): Promise<void> {
    // Ignored: the changes are counted again each second
    const count = await this.#options.readers.run(countChanges).catch(() => null)
    if (count === null || !this.#isListening) return
    const others = count - this.#ownCount
    const isNew = others > this.#seen + this.#heard
    this.#heard = Math.max(0, this.#heard - Math.max(0, others - this.#seen))
    this.#seen = Math.max(this.#seen, others)
    if (isNew || this.#callsAgain) this.#call()
    // A change may be counted before its commit.
    this.#callsAgain = isNew
  }

  /** Calls the listeners now, or a little later if they were just called, so that they do not read all the time. */
  #call(): void {
    if (!this.#isListening) return
    if (this.#quiet !== undefined) {
      this.#mustCall = true
      return
    }
    this.#quiet = this.#options.clock.wakeAfter(
      CALL_EVERY_MS,
      () => {
        this.#quiet = undefined
        if (this.#mustCall) this.#call()
      },
      DURING,
    )
    this.#mustCall = false
    for (const listener of [...this.#listeners]) this.#options.clock.attempt(DURING, listener)
  }

  async #openListener(): Promise<void> {
    const { address, clock, readers } = this.#options
    try {
      const client = await connect(address, (lost) => {
        if (this.#listener !== lost) return
        this.#listener = null
        this.#listenLater()
      })
      if (!this.#isListening) return void client.end().catch(() => undefined) // Ignored: the connection is not needed
      this.#listener = client
      client.on('notification', ({ payload = '' }) => this.#received(payload))
      await client.query(`LISTEN ${quoted(this.#channel)}`)
      // Finds the changes before the connection listened.
      await this.#look()
      if (!this.#isListening) return
      this.#probe = clock.wakeAfter(HEARD_WITHIN_MS, () => this.#notHeard())
      await readers.notify(this.#channel, `probe ${this.#id}`)
    } catch {
      this.#endListener()
      this.#listenLater()
    }
  }

  #received(payload: string): void {
    if (payload === `probe ${this.#id}`) this.#probe?.cancel()
    if (payload === this.#id || payload.startsWith('probe ')) return
    this.#heard += 1
    // Some changes are found only by a complete search, which engines make once a second.
    this.#callsAgain = true
    this.#call()
  }

  #notHeard(): void {
    this.#endListener()
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#options.notice(
      `Database "${this.#options.address.shown}" does not deliver notifications, for example because of a connection ` +
        'pooler in transaction mode. Changes by other engines are noticed within one second.',
    )
  }

  #listenLater(): void {
    if (!this.#isListening) return
    this.#probe?.cancel()
    this.#probe = this.#options.clock.wakeAfter(LISTEN_AGAIN_AFTER_MS, () => {
      if (this.#isListening) void this.#openListener()
    })
  }

  #endListener(): void {
    const listener = this.#listener
    this.#listener = null
    listener?.end().catch(() => undefined) // Ignored: the connection is not needed
  }
}
