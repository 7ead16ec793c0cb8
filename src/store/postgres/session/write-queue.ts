/**
 * Group commit: the steps of one tick of the event loop, and those that are added while a transaction runs, are carried
 * out in order in one transaction. Steps of one group that follow each other are one part. A part that fails is undone
 * alone, by a savepoint.
 *
 *   idle ──add──▶ end of the tick ──▶ BEGIN ─▶ parts ─▶ COMMIT ──▶ all settled ──▶ idle, or the next steps
 *                     ▲                          │           └─ not answered ─▶ connects again, looks up the outcome:
 *                     └── deadlock, lock ◀───────┤                committed: all settled; else carried out again
 *                     └── connects again ◀── connection lost
 *
 * Steps wait while the server is away. They are refused after 15 s, but steps that report work of engines wait until
 * it is back or the store is closed.
 */

import type { Client } from 'pg'
import type { Clock } from '../../../engine/clock-port.ts'
import { CloacaError, toError } from '../../../errors.ts'
import type { StoreCounters } from '../../../metrics/store-counters.ts'
import type { StepGroup } from '../../store-database.ts'
import { databaseClosedError, stepRefusedError } from '../../store-failures.ts'
import type { StepNeed } from '../../store-session.ts'
import type { PostgresAddress } from './address.ts'
import { adviceFor, databaseUnreachableError, isConnectionLost, isWorthRepeating } from './postgres-failures.ts'
import type { ForeignChanges } from './postgres-foreign-changes.ts'
import { connect, StepSession, type StepTools } from './postgres-session.ts'
import { beginWrite, readTransactionOutcome } from './transaction.ts'

export interface WriteQueueOptions {
  readonly clock: Clock
  readonly syncs: boolean
  readonly counters: StoreCounters
  readonly tools: StepTools
  readonly changes: ForeignChanges
  readonly notice: (message: string) => void
}

interface Step {
  readonly need: StepNeed
  readonly group: StepGroup<unknown, unknown>
  readonly item: unknown
  readonly settle: (value: unknown) => void
  readonly fail: (error: Error) => void
  readonly addedAt: number
  /** Reads that were added earlier in the same tick: they do not see the changes of this step. */
  readonly behind: readonly Promise<unknown>[]
}

interface Part {
  readonly group: StepGroup<unknown, unknown>
  readonly steps: Step[]
}

type Outcomes = Map<Step, unknown>

/** Each part may need a savepoint, and PostgreSQL keeps 64 of them in memory. */
const PARTS_A_TRANSACTION = 60
const STEPS_A_TRANSACTION = 1_000
const REFUSED_AFTER_MS = 15_000
/** Maximum number of steps that wait for the server. If there are more, the oldest is refused. */
const MAX_WAITING = 100_000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 3_000

const NOTHING: StepGroup<void, void> = {
  *run(_session, items) {
    return items
  },
}

export class WriteQueue {
  readonly #address: PostgresAddress
  readonly #options: WriteQueueOptions
  #client: Client | null
  #steps: Step[] = []
  #working: Promise<void> | null = null
  #isClosed = false
  #awaySince: number | null = null
  #endPause: (() => void) | null = null
  #readsOfTick: Promise<unknown>[] = []

  constructor(client: Client, address: PostgresAddress, options: WriteQueueOptions) {
    this.#client = client
    this.#address = address
    this.#options = options
  }

  add<Item, Result>(need: StepNeed, group: StepGroup<Item, Result>, item: Item): Promise<Result> {
    if (this.#isClosed) return Promise.reject(databaseClosedError(this.#address.shown))
    return new Promise<unknown>((settle, fail) => {
      const addedAt = this.#options.clock.monotonic()
      const behind = this.#readsOfTick
      this.#steps.push({ need, group: group as StepGroup<unknown, unknown>, item, settle, fail, addedAt, behind })
      if (this.#steps.length > MAX_WAITING)
        // Uncoded: the cause of the `StoreError`
        this.#refuse(this.#steps.splice(0, 1), new Error('too many operations are queued'))
      this.#working ??= this.#work()
    }) as Promise<Result>
  }

  /** Runs a read after the steps that were queued before it, and before the steps that are queued later. */
  async reading<Result>(read: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed) throw databaseClosedError(this.#address.shown)
    if (this.#steps.length > 0) {
      await this.add('write', NOTHING, undefined)
      return await read()
    }
    const reading = read()
    if (this.#readsOfTick.length === 0) {
      this.#options.clock.soon(() => {
        this.#readsOfTick = []
      })
    }
    this.#readsOfTick = [...this.#readsOfTick, reading]
    return await reading
  }

  /** Drops a lost connection: the next step opens another. A connection that ends late has been replaced already. */
  lost(lost = this.#client): void {
    if (lost !== this.#client) return
    this.#client = null
    lost?.end().catch(() => undefined) // Ignored: the connection is lost already
  }

  /** Refuses further steps. Settles when the queued steps have been carried out or refused. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#endPause?.()
    while (this.#working !== null) await this.#working
    const client = this.#client
    this.#client = null
    await client?.end().catch(() => undefined) // Ignored: all steps have their answers
  }

  async #work(): Promise<void> {
    await new Promise<void>((resolve) => this.#options.clock.soon(resolve))
    while (this.#steps.length > 0) {
      const parts = this.#nextParts()
      const steps = parts.flatMap((part) => part.steps)
      this.#steps.splice(0, steps.length)
      await Promise.allSettled(new Set(steps.flatMap(({ behind }) => behind)))
      try {
        await this.#carryOut(parts, steps)
      } catch (error) {
        if (isConnectionLost(error)) {
          this.lost()
          await this.#waitForServer(steps, error)
        } else if (isWorthRepeating(error)) await this.#repeat(steps, error)
        else this.#refuse(steps, error)
      }
    }
    this.#working = null
  }

  #nextParts(): readonly Part[] {
    const parts: Part[] = []
    let keys = new Set<unknown>()
    for (const step of this.#steps.slice(0, STEPS_A_TRANSACTION)) {
      const { group } = step
      const last = parts.at(-1)
      const key = group.key?.(step.item)
      if (last?.group === group && (key === undefined || !keys.has(key))) last.steps.push(step)
      else if (isFull(parts, group)) break
      else {
        parts.push({ group, steps: [step] })
        keys = new Set()
      }
      keys.add(key)
    }
    return parts
  }

  /** Carries out a transaction. Throws if nothing is stored. */
  async #carryOut(parts: readonly Part[], steps: readonly Step[]): Promise<void> {
    const session = await this.#session()
    const begunAt = this.#options.clock.monotonic()
    const need = steps.some((step) => step.need === 'accept') ? 'accept' : 'write'
    // Travels with the first statement. If the transaction does not begin, its statements fail as well.
    const begun = beginWrite(session, this.#address, this.#options.syncs && need === 'accept')
    begun.catch(() => undefined) // Ignored: it is awaited before the commit
    const outcomes: Outcomes = new Map()
    let committedAs: string | null = null
    try {
      for (const part of parts) await carryOutPart(session, part, parts.length === 1, outcomes)
      committedAs = await begun
      const { changes } = this.#options
      const [notified = []] = await session.script(`${changes.notifying(session.notified)}COMMIT`)
      changes.notified(notified)
      const counters = this.#options.counters.commits[need]
      counters.steps += steps.length
      counters.duration.observe(this.#options.clock.monotonic() - begunAt)
    } catch (thrown) {
      const error = committedAs === null ? await firstError(begun, thrown) : thrown
      if (isConnectionLost(error) && committedAs !== null) return await this.#lookUp(committedAs, steps, outcomes)
      if (!isConnectionLost(error)) await session.script('ROLLBACK').catch(() => this.lost())
      throw error
    }
    settleAll(outcomes, this.#address.shown)
  }

  async #lookUp(id: string, steps: readonly Step[], outcomes: Outcomes): Promise<void> {
    this.lost()
    for (;;) {
      try {
        const outcome = await readTransactionOutcome(await this.#session(), id)
        if (outcome === 'committed') return settleAll(outcomes, this.#address.shown)
        if (outcome === 'aborted') return void this.#steps.unshift(...steps)
      } catch (error) {
        if (!isConnectionLost(error)) return this.#refuse(steps, error)
        this.lost()
        if (this.#isClosed) return this.#refuse(steps, error)
      }
      await this.#pause(FIRST_PAUSE_MS)
    }
  }

  async #waitForServer(steps: readonly Step[], error: unknown): Promise<void> {
    const now = this.#options.clock.monotonic()
    if (this.#awaySince === null) {
      this.#awaySince = now
      this.#options.notice(`Cannot reach database "${this.#address.shown}"; writes are queued until it is back.`)
    }
    const awayMs = now - this.#awaySince
    const isOver = ({ group, addedAt }: Step) =>
      this.#isClosed || (!group.isReport && now - addedAt >= REFUSED_AFTER_MS)
    const waiting = [...steps, ...this.#steps]
    this.#steps = waiting.filter((step) => !isOver(step))
    this.#refuse(waiting.filter(isOver), databaseUnreachableError(this.#address.shown, awayMs, error))
    if (this.#steps.length > 0) await this.#pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS + awayMs / 4))
  }

  async #repeat(steps: readonly Step[], error: unknown): Promise<void> {
    this.#options.counters.locked += 1
    const now = this.#options.clock.monotonic()
    const isOver = ({ addedAt }: Step) => now - addedAt >= REFUSED_AFTER_MS
    this.#steps.unshift(...steps.filter((step) => !isOver(step)))
    this.#refuse(steps.filter(isOver), error)
    await this.#pause(FIRST_PAUSE_MS)
  }

  #refuse(steps: readonly Step[], error: unknown): void {
    // An error of a step, for example that the execution has another owner, is not a failure of the database.
    if (!(error instanceof CloacaError)) this.#options.counters.refused += steps.length
    for (const step of steps) step.fail(stepRefusedError(this.#address.shown, error, adviceFor))
  }

  #pause(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#options.clock.wakeAfter(ms, resolve)
      this.#endPause = () => {
        timer.cancel()
        resolve()
      }
    })
  }

  async #session(): Promise<StepSession> {
    this.#client ??= await connect(this.#address, (client) => this.lost(client))
    if (this.#awaySince !== null) {
      const seconds = Math.round((this.#options.clock.monotonic() - this.#awaySince) / 1000)
      this.#options.notice(`Database "${this.#address.shown}" is back after ${seconds} s.`)
      this.#awaySince = null
    }
    return new StepSession(this.#client, this.#options.tools)
  }
}

/** Returns the error of the BEGIN if it failed: the errors of the statements after it do not tell the reason. */
async function firstError(begun: Promise<unknown>, error: unknown): Promise<unknown> {
  try {
    await begun
    return error
  } catch (failed) {
    return failed
  }
}

function isFull(parts: readonly Part[], { isAlone }: StepGroup<unknown, unknown>): boolean {
  return parts.length >= (isAlone || parts[0]?.group.isAlone ? 1 : PARTS_A_TRANSACTION)
}

/** Carries out a part, or undoes it. A step that is alone needs no savepoint: the transaction is rolled back. */
async function carryOutPart(session: StepSession, part: Part, isAlone: boolean, outcomes: Outcomes): Promise<void> {
  if (isAlone && part.steps.length === 1) return await run(session, part, outcomes)
  session.script('SAVEPOINT part').catch(() => undefined) // Ignored: the statements after it fail as well
  try {
    await run(session, part, outcomes)
  } catch (error) {
    if (isConnectionLost(error) || isWorthRepeating(error)) throw error
    await session.script('ROLLBACK TO SAVEPOINT part')
    for (const step of part.steps) {
      if (part.steps.length === 1) outcomes.set(step, toError(error))
      else await carryOutPart(session, { ...part, steps: [step] }, false, outcomes)
    }
  }
}

async function run(session: StepSession, { group, steps }: Part, outcomes: Outcomes): Promise<void> {
  const items = steps.map(({ item }) => item)
  const results = await session.carryOut((each) => group.run(each, items))
  for (const [index, step] of steps.entries()) outcomes.set(step, results[index])
}

function settleAll(outcomes: Outcomes, shown: string): void {
  for (const [step, outcome] of outcomes) {
    if (outcome instanceof Error) step.fail(stepRefusedError(shown, outcome, adviceFor))
    else step.settle(outcome)
  }
}
