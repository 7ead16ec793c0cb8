/**
 * Group commit: steps of one tick of the event loop, and those that come while a transaction is under way, are carried out in order in
 * one transaction. Alike steps that follow each other are one statement for all of them. A part that fails is undone alone, by a savepoint.
 *
 *   idle ──add──▶ end of the tick ──▶ BEGIN ─▶ parts ─▶ COMMIT ──▶ all settled ──▶ idle, or the next ones
 *                     ▲                          │           └─ not answered ─▶ connected anew: what became of it is looked up
 *                     └── deadlock, lock ◀───────┤                                committed: all settled; else done again
 *                     └── connected anew ◀── connection lost
 *
 * While the server is away steps wait. Those that somebody waits for are refused after 15 s; what engines have to report (`patient`)
 * waits until it is back, or the store is closed.
 */

import type { Client } from 'pg'
import type { Clock } from '../../../engine/ports.ts'
import { CloacaError } from '../../../errors.ts'
import type { StoreCounters } from '../../../metrics/store-counters.ts'
import type { StepNeed } from '../../steps.ts'
import type { PostgresAddress } from './address.ts'
import { closed, isLost, isWorthRepeating, notReached, refused } from './failures.ts'
import { connect, Session, type Telling } from './session.ts'
import { beginWrite, outcomeOf } from './transaction.ts'

export interface StepTraits {
  readonly need: Exclude<StepNeed, 'read'>
  /** Waits for a server that is away for as long as it takes. */
  readonly isPatient: boolean
  /**
   * Shares a transaction with none but alike steps: it locks rows that steps of other engines lock too, in one order, which another
   * step before it in the transaction could turn around.
   */
  readonly isAlone?: boolean
}

/** Steps that are carried out together: what each item comes to, or its error, in their order. */
export interface Alike<Item, Result> extends StepTraits {
  /** Two items of one key are never together. */
  key(item: Item): string
  run(session: Session, items: readonly Item[]): Promise<readonly (Result | Error)[]>
}

export interface WriteQueueOptions {
  readonly clock: Clock
  readonly syncs: boolean
  readonly counters: StoreCounters
  /** Makes a UUID for a row. */
  readonly newId: () => string
  /** The statement that tells others of a change, run before the commit, and its answer. */
  readonly telling: (telling: Exclude<Telling, 'no'>) => string
  readonly told: (rows: readonly unknown[]) => void
  /** Hears that the server is away, and that it is back. */
  readonly notice: (message: string) => void
}

interface Step {
  readonly traits: StepTraits
  readonly alike: Alike<unknown, unknown> | null
  readonly item: unknown
  readonly run: (session: Session) => Promise<unknown>
  readonly settle: (value: unknown) => void
  readonly fail: (error: Error) => void
  readonly addedAt: number
  /** Reads that were asked for before it in its tick of the event loop: they see nothing of it. */
  readonly behind: readonly Promise<unknown>[]
}

/** Steps that are one statement, or one step. */
interface Part {
  readonly steps: readonly Step[]
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** Each part may need a savepoint, of which PostgreSQL keeps 64 at hand. */
const PARTS_A_TRANSACTION = 60
const STEPS_A_TRANSACTION = 1_000
const REFUSED_AFTER_MS = 15_000
/** Reports of engines that wait for the server: beyond it the oldest is refused. */
const MOST_WAITING = 100_000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 3_000

class CommitUnanswered extends Error {
  readonly transactionId: string
  readonly outcomes: ReadonlyMap<Step, Outcome>

  constructor(transactionId: string, outcomes: ReadonlyMap<Step, Outcome>, cause: unknown) {
    super('the server did not answer a commit', { cause })
    this.transactionId = transactionId
    this.outcomes = outcomes
  }
}

export class WriteQueue {
  readonly #address: PostgresAddress
  readonly #options: WriteQueueOptions
  #client: Client | null
  #steps: Step[] = []
  #working: Promise<void> | null = null
  #isFlushDue = false
  #isClosed = false
  #awaySince: number | null = null
  #endPause: (() => void) | null = null
  #readsOfTick: Promise<unknown>[] = []

  constructor(client: Client, address: PostgresAddress, options: WriteQueueOptions) {
    this.#client = client
    this.#address = address
    this.#options = options
  }

  add<Result>(traits: StepTraits, run: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#queue(traits, null, undefined, run) as Promise<Result>
  }

  addAlike<Item, Result>(alike: Alike<Item, Result>, item: Item): Promise<Result> {
    const run = async (session: Session) => {
      const [result] = await alike.run(session, [item])
      if (result instanceof Error) throw result
      return result
    }
    return this.#queue(alike, alike as Alike<unknown, unknown>, item, run) as Promise<Result>
  }

  /** Settles when the steps that are queued now have been carried out. */
  async caughtUp(): Promise<void> {
    const last = this.#steps.at(-1)
    if (last === undefined) return
    await this.add({ need: 'write', isPatient: false }, async () => {})
  }

  get isQueueing(): boolean {
    return this.#steps.length > 0
  }

  /** What is added later in this tick of the event loop is not carried out before it has settled. */
  precededBy(read: Promise<unknown>): void {
    if (this.#readsOfTick.length === 0) {
      this.#options.clock.soon(() => {
        this.#readsOfTick = []
      })
    }
    this.#readsOfTick = [...this.#readsOfTick, read]
  }

  /** A connection was lost: the next step makes another. One that ends late has been replaced already. */
  lost(lost = this.#client): void {
    if (lost !== this.#client) return
    const client = this.#client
    this.#client = null
    client?.end().catch(() => undefined)
  }

  /** Refuses further steps, and settles when those asked for are carried out or refused. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#endPause?.()
    while (this.#steps.length > 0 || this.#working !== null || this.#isFlushDue) {
      await (this.#working ?? new Promise<void>((resolve) => this.#options.clock.soon(resolve)))
    }
    const client = this.#client
    this.#client = null
    await client?.end().catch(() => undefined)
  }

  #queue(
    traits: StepTraits,
    alike: Alike<unknown, unknown> | null,
    item: unknown,
    run: (session: Session) => Promise<unknown>,
  ): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(closed(this.#address.shown))
    return new Promise((settle, fail) => {
      const addedAt = this.#options.clock.monotonic()
      this.#steps.push({ traits, alike, item, run, settle, fail, addedAt, behind: this.#readsOfTick })
      if (this.#steps.length > MOST_WAITING)
        this.#refuse(this.#steps.splice(0, 1), new Error('too many operations are queued'))
      if (this.#working !== null || this.#isFlushDue) return
      this.#isFlushDue = true
      this.#options.clock.soon(() => {
        this.#isFlushDue = false
        this.#working = this.#work()
      })
    })
  }

  async #work(): Promise<void> {
    while (this.#steps.length > 0) {
      const parts = this.#takeParts()
      const steps = parts.flatMap((part) => part.steps)
      await Promise.allSettled(new Set(steps.flatMap(({ behind }) => behind)))
      try {
        settleAll(await this.#carryOut(parts), this.#address.shown)
      } catch (error) {
        await this.#carriedNothingOut(steps, error)
      }
    }
    this.#working = null
  }

  #takeParts(): readonly Part[] {
    const parts: { steps: Step[]; keys: Set<string> }[] = []
    let taken = 0
    for (const step of this.#steps) {
      const last = parts.at(-1)
      const key = step.alike?.key(step.item) ?? ''
      const first = last?.steps[0]
      if (last !== undefined && step.alike !== null && first?.alike === step.alike && !last.keys.has(key)) {
        last.steps.push(step)
        last.keys.add(key)
      } else if (isFull(parts, step)) break
      else parts.push({ steps: [step], keys: new Set([key]) })
      taken += 1
      if (taken === STEPS_A_TRANSACTION) break
    }
    this.#steps.splice(0, taken)
    return parts
  }

  /** Throws where nothing, or perhaps nothing, is stored. */
  async #carryOut(parts: readonly Part[]): Promise<ReadonlyMap<Step, Outcome>> {
    const session = await this.#session()
    const begunAt = this.#options.clock.monotonic()
    const traits = parts.flatMap(({ steps }) => steps.map((step) => step.traits))
    const need = traits.some((each) => each.need === 'accept') ? 'accept' : 'write'
    const syncs = this.#options.syncs && need === 'accept'
    // Travels with the first statement; what is asked on a transaction that did not begin fails as well.
    const begun = beginWrite(session, this.#address, syncs)
    begun.catch(() => undefined)
    const outcomes = new Map<Step, Outcome>()
    try {
      const isAlone = parts.length === 1
      for (const part of parts) await carryOutPart(session, part, isAlone, outcomes)
      const transactionId = await begun
      await this.#commit(session, transactionId, outcomes)
      const counters = this.#options.counters.commits[need]
      counters.steps += traits.length
      counters.duration.observe(this.#options.clock.monotonic() - begunAt)
      return outcomes
    } catch (error) {
      if (!isLost(error) && !(error instanceof CommitUnanswered)) {
        await session.script('ROLLBACK').catch(() => this.lost())
      }
      throw error
    }
  }

  async #commit(session: Session, transactionId: string, outcomes: ReadonlyMap<Step, Outcome>): Promise<void> {
    try {
      const { telling } = session
      if (telling === 'no') await session.script('COMMIT')
      else this.#options.told((await session.script(`${this.#options.telling(telling)}; COMMIT`))[0] ?? [])
    } catch (error) {
      throw isLost(error) ? new CommitUnanswered(transactionId, outcomes, error) : error
    }
  }

  async #carriedNothingOut(steps: readonly Step[], error: unknown): Promise<void> {
    if (error instanceof CommitUnanswered) return this.#lookUp(steps, error)
    if (isLost(error)) {
      this.lost()
      await this.#waitForServer(steps, error)
    } else if (isWorthRepeating(error)) await this.#repeat(steps, error)
    else this.#refuse(steps, error)
  }

  /** Not guessed: the server is asked what became of the transaction. */
  async #lookUp(steps: readonly Step[], unanswered: CommitUnanswered): Promise<void> {
    this.lost()
    for (;;) {
      try {
        const outcome = await outcomeOf(await this.#session(), unanswered.transactionId)
        if (outcome === 'committed') return settleAll(unanswered.outcomes, this.#address.shown)
        if (outcome === 'aborted') return void this.#steps.unshift(...steps)
      } catch (error) {
        if (!isLost(error)) return this.#refuse(steps, error)
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
    const isOver = ({ traits, addedAt }: Step) => !traits.isPatient && now - addedAt >= REFUSED_AFTER_MS
    const waiting = [...steps, ...this.#steps]
    this.#steps = this.#isClosed ? [] : waiting.filter((step) => !isOver(step))
    const over = this.#isClosed ? waiting : waiting.filter(isOver)
    this.#refuse(over, notReached(this.#address.shown, now - this.#awaySince, error))
    if (this.#steps.length > 0)
      await this.#pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS + (now - this.#awaySince) / 4))
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
    // An answer of a step, such as that the execution is another's, is no fault of the database.
    if (!(error instanceof CloacaError)) this.#options.counters.refused += steps.length
    for (const step of steps) step.fail(refused(this.#address.shown, error))
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

  async #session(): Promise<Session> {
    this.#client ??= await connect(this.#address, (client) => this.lost(client))
    if (this.#awaySince !== null) {
      const seconds = Math.round((this.#options.clock.monotonic() - this.#awaySince) / 1000)
      this.#options.notice(`Database "${this.#address.shown}" is back after ${seconds} s.`)
      this.#awaySince = null
    }
    return new Session(this.#client, this.#options.newId)
  }
}

function isFull(parts: readonly Part[], next: Step): boolean {
  const isAlone = next.traits.isAlone === true || parts[0]?.steps[0]?.traits.isAlone === true
  return parts.length >= (isAlone ? 1 : PARTS_A_TRANSACTION)
}

/** A part that fails leaves nothing behind, and the others are as if it had not been. Alone it needs no savepoint: all is undone. */
async function carryOutPart(
  session: Session,
  part: Part,
  isAlone: boolean,
  outcomes: Map<Step, Outcome>,
): Promise<void> {
  const { steps } = part
  const [first] = steps
  if (first === undefined) return
  if (isAlone && steps.length === 1) {
    outcomes.set(first, { value: await first.run(session) })
    return
  }
  const saved = session.script('SAVEPOINT part')
  saved.catch(() => undefined)
  try {
    const results =
      first.alike === null || steps.length === 1
        ? [await first.run(session)]
        : await first.alike.run(
            session,
            steps.map(({ item }) => item),
          )
    for (const [index, step] of steps.entries()) outcomes.set(step, outcomeOfItem(results[index]))
  } catch (error) {
    if (isLost(error) || isWorthRepeating(error)) throw error
    await session.script('ROLLBACK TO SAVEPOINT part')
    if (steps.length === 1) outcomes.set(first, { error })
    else for (const step of steps) await carryOutPart(session, { steps: [step] }, false, outcomes)
  }
}

function outcomeOfItem(result: unknown): Outcome {
  return result instanceof Error ? { error: result } : { value: result }
}

function settleAll(outcomes: ReadonlyMap<Step, Outcome>, shown: string): void {
  for (const [step, outcome] of outcomes) {
    if ('error' in outcome) step.fail(refused(shown, outcome.error))
    else step.settle(outcome.value)
  }
}
