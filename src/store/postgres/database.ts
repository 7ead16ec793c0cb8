/** A schema of PostgreSQL: a step that writes goes to the queue, a step that only reads to a connection of its own. */

import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import type { Acquisition, Retention } from '../../engine/ports.ts'
import { StoreCounters } from '../../metrics/store-counters.ts'
import type { AcquiredExecution } from '../../model/execution.ts'
import type { Database, StepGroup } from '../database.ts'
import { isProcessAlive, thisProcess } from '../process-identity.ts'
import type { RunStep, Session, Step, StepNeed, StepTrait } from '../session.ts'
import type { FindUnowned } from '../steps/executions/acquisition.ts'
import { PostgresLiveness } from './liveness.ts'
import type { PostgresAddress } from './session/address.ts'
import { clockSkew, closed, readOnly } from './session/failures.ts'
import { ForeignChanges, type KnownChanges } from './session/foreign-changes.ts'
import { Readers } from './session/readers.ts'
import { WriteQueue } from './session/write-queue.ts'
import type { PostgresStoreOptions } from './store-options.ts'
import { UnownedExecutions } from './unowned.ts'
import { PRUNED_TABLES, Upkeep } from './upkeep.ts'

/** Nothing depends on equal clocks, but people compare times. */
const MAX_SKEW_MS = 1_000

type Body<Result> = (session: Session) => Step<Result>

export class PostgresDatabase implements Database {
  readonly counters = new StoreCounters()
  readonly liveness: PostgresLiveness
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
  #isClosed = false

  constructor(client: Client, address: PostgresAddress, changes: KnownChanges, options: PostgresStoreOptions) {
    const { clock, notice = () => undefined, random = Math.random, newId = randomUUID } = options
    const { process = thisProcess(), isProcessAlive: isAlive = isProcessAlive } = options
    const serverNow = (): number | null => options.serverNow?.() ?? null
    this.#address = address
    this.#options = options
    this.isReadOnly = options.readOnly ?? false
    this.#readers = new Readers(address, clock)
    const isShared = (): boolean => this.instances.size > 1
    const heard = { address, clock, readers: this.#readers, random, notice, isShared }
    this.#foreignChanges = new ForeignChanges(newId(), changes, heard)
    this.#queue = new WriteQueue(client, address, {
      ...{ clock, newId, counters: this.counters },
      syncs: options.durability === 'full',
      changes: this.#foreignChanges,
      notice,
    })
    this.liveness = new PostgresLiveness(process, isAlive, serverNow)
    this.#unowned = new UnownedExecutions(() => clock.monotonic(), serverNow)
    this.upkeep = new Upkeep({ address, readers: this.#readers, serverNow, notice })
  }

  readonly run: RunStep = (need, body, trait) => this.#add(need, body, trait, false)

  readonly report: RunStep = (need, body, trait) => this.#add(need, body, trait, true)

  async group<Item, Result>(_need: StepNeed, group: StepGroup<Item, Result>, item: Item): Promise<Result> {
    if (this.isReadOnly) throw readOnly(this.#address.shown)
    return await this.#queue.add('accept', group, item)
  }

  searchUnowned(acquisition: Acquisition): FindUnowned {
    return this.#unowned.search(acquisition)
  }

  acquired(acquisition: Acquisition, taken: readonly AcquiredExecution[]): void {
    this.#unowned.found(acquisition, taken)
  }

  async compareClocks(at: number): Promise<void> {
    const skewMs = await this.run('read', (session) => this.liveness.skewMs(session, at))
    if (Math.abs(skewMs) > MAX_SKEW_MS && this.#options.serverNow === undefined) {
      this.#options.notice?.(clockSkew(this.#address.shown, skewMs))
    }
  }

  dropPartitions(retention: Retention, at: number): Promise<number> {
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
    this.#isClosed = true
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
      if (this.#isClosed) throw closed(this.#address.shown)
      return await this.#queue.reading(() => this.#readers.run((session) => session.carryOut(body)))
    }
    if (this.isReadOnly) throw readOnly(this.#address.shown)
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
