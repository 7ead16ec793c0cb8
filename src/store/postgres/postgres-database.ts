/** A schema of PostgreSQL: a step that writes goes to the queue, a step that only reads to a connection of its own. */

import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import type { Acquisition } from '../../engine/store-ports.ts'
import { StoreCounters } from '../../metrics/store-counters.ts'
import type { Retention } from '../../model/retention-limits.ts'
import { isProcessAlive, thisProcess } from '../process-identity.ts'
import type { FindUnowned, OrderPlace } from '../steps/executions/acquisition.ts'
import type { Database, StepGroup, StoreOptions } from '../store-database.ts'
import { readOnlyError } from '../store-failures.ts'
import type { RunStep, Session, Step, StepNeed, StepTrait } from '../store-session.ts'
import { postgresLiveness } from './postgres-liveness.ts'
import { UnownedExecutions } from './postgres-unowned.ts'
import { PRUNED_TABLES, Upkeep } from './postgres-upkeep.ts'
import type { Driver, PostgresAddress } from './session/address.ts'
import { clockSkewError } from './session/postgres-failures.ts'
import { ForeignChanges, type KnownChanges } from './session/postgres-foreign-changes.ts'
import { Readers } from './session/readers.ts'
import { WriteQueue } from './session/write-queue.ts'

export interface PostgresStoreOptions extends StoreOptions {
  readonly url: string
  /** Schema of the tables, created if missing. Null: `schema` of the URL, or the search path of the user. */
  readonly schema?: string | null
  /** Returns the time that replaces the server's clock, in milliseconds. Default: the server's clock. */
  readonly serverNow?: () => number
  readonly random?: () => number
  /** Makes the connections. `pg` by default. */
  readonly driver?: Driver
}

/** Clock difference that causes a warning. Nothing depends on equal clocks, but people compare times. */
const MAX_SKEW_MS = 1_000

type Body<Result> = (session: Session) => Step<Result>

export class PostgresDatabase implements Database {
  readonly counters = new StoreCounters()
  readonly instances = new Set<string>()
  readonly isReadOnly: boolean
  readonly isBlocking = false
  readonly prunedTables = PRUNED_TABLES
  readonly upkeep: Upkeep
  readonly #address: PostgresAddress
  readonly #options: PostgresStoreOptions
  readonly #queue: WriteQueue
  readonly #readers: Readers
  readonly #foreignChanges: ForeignChanges
  readonly #unowned: UnownedExecutions

  constructor(client: Client, address: PostgresAddress, changes: KnownChanges, options: PostgresStoreOptions) {
    const { clock, notice = () => undefined, random = Math.random, newId = randomUUID } = options
    const { process = thisProcess(), isProcessAlive: isAlive = isProcessAlive } = options
    const serverNow = (): number | null => options.serverNow?.() ?? null
    this.#address = address
    this.#options = options
    this.isReadOnly = options.readOnly ?? false
    const tools = { liveness: postgresLiveness(process, isAlive, serverNow), newId }
    this.#readers = new Readers(address, clock, tools)
    const isShared = (): boolean => this.instances.size > 1
    const heard = { address, clock, readers: this.#readers, random, notice, isShared }
    this.#foreignChanges = new ForeignChanges(newId(), changes, heard)
    this.#queue = new WriteQueue(client, address, {
      ...{ clock, tools, counters: this.counters },
      syncs: options.durability === 'full',
      changes: this.#foreignChanges,
      notice,
    })
    this.#unowned = new UnownedExecutions(() => clock.monotonic(), serverNow)
    this.upkeep = new Upkeep({ address, readers: this.#readers, serverNow, notice })
  }

  readonly run: RunStep = (need, body, trait) => this.#add(need, body, trait, false)

  /** Other engines are notified only if the step does so: logs and skips, the most frequent reports, concern none. */
  readonly report: RunStep = (need, body) => this.#add(need, body, 'quiet', true)

  async group<Item, Result>(_need: StepNeed, group: StepGroup<Item, Result>, item: Item): Promise<Result> {
    if (this.isReadOnly) throw readOnlyError(this.#address.shown)
    return await this.#queue.add('accept', group, item)
  }

  searchUnowned(acquisition: Acquisition): FindUnowned {
    return this.#unowned.search(acquisition)
  }

  acquired(acquisition: Acquisition, last: OrderPlace | null): void {
    this.#unowned.found(acquisition, last)
  }

  warnOfSkew(skewMs: number): void {
    if (Math.abs(skewMs) > MAX_SKEW_MS && this.#options.serverNow === undefined) {
      this.#options.notice?.(clockSkewError(this.#address.shown, skewMs))
    }
  }

  dropPartitions(retention: Partial<Retention>, at: number): Promise<number> {
    return this.upkeep.run(retention, at)
  }

  onForeignChange(callback: () => void): () => void {
    return this.#foreignChanges.listen(callback)
  }

  /** A server that was away comes back with the same database. */
  onDatabaseChange(): () => void {
    return () => {}
  }

  whenReplaced(): void {}

  lostConnection(client: Client): void {
    this.#queue.lost(client)
  }

  async close(writeLast: () => readonly Promise<void>[]): Promise<void> {
    this.#foreignChanges.stop()
    const last = this.isReadOnly ? [] : writeLast()
    const written = this.#queue.close()
    try {
      await Promise.all(last)
    } finally {
      await written
      await this.#readers.close()
    }
  }

  async #add<Result>(need: StepNeed, body: Body<Result>, trait: StepTrait | undefined, isReport: boolean) {
    if (need === 'read') {
      return await this.#queue.reading(() => this.#readers.run((session) => session.carryOut(body)))
    }
    if (this.isReadOnly) throw readOnlyError(this.#address.shown)
    const step: StepGroup<void, Result> = {
      isAlone: trait === 'alone',
      isReport,
      *run(session) {
        if (trait === undefined) session.notifyEngines()
        return [yield* body(session)]
      },
    }
    return await this.#queue.add(need, step, undefined)
  }
}
