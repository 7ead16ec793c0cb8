/**
 * Concurrency slots of one engine. A task run holds a slot while its body runs, lends the slot while the body waits
 * (`defer_until`, a nested `execute`), and takes a slot back afterwards. The order of the waiting tasks is that of
 * `attempts/slot-queue.ts`. Calls back in the same tick of the event loop, and does not use the store.
 *
 * States of a slot lease, and the moves:
 *   waiting  -> held      a slot is free and it is its turn
 *   held     -> lent      release; the slot is free for others
 *   lent     -> returning acquire by the last wait that lent it; before all requests
 *   returning -> held     a slot is free
 *   any      -> ended     end; a held slot is free for others
 */

import { UsageError } from '../../errors.ts'
import type { TaskSlot } from '../ports.ts'
import { type SlotOrder, SlotQueue } from './attempts/slot-queue.ts'

type Grant = (lease: SlotLease) => void

export class SlotPool {
  readonly capacity: number
  #free: number
  #isClosed = false
  readonly #waiting = new SlotQueue<Grant>()
  readonly #returning: (() => void)[] = []
  #isGranting = false
  #lent = 0

  constructor(capacity: number) {
    this.capacity = Math.max(1, capacity)
    this.#free = this.capacity
  }

  /** Number of free slots. A stop removes the limit. */
  get free(): number {
    return Math.min(this.#free, this.capacity)
  }

  get lent(): number {
    return this.#lent
  }

  /** Calls back with a held lease, now or when it is the turn of the request. `group`: id of the execution. */
  request(group: string, order: SlotOrder, grant: Grant): void {
    this.#waiting.add(group, order, grant)
    this.#grant()
  }

  /** Changes the rank of the requests of a group, which has begun. */
  rerank(group: string, rank: number): void {
    this.#waiting.rerank(group, rank)
  }

  /** Removes the requests of a group. */
  cancel(group: string): void {
    this.#waiting.cancel(group)
  }

  /** Stops granting leases. Leases that were lent still return. */
  close(): void {
    this.#isClosed = true
    this.#waiting.clear()
  }

  /** Removes the limit, so that tasks that wait for a lent slot continue and find that the engine has stopped. */
  stop(): void {
    this.close()
    this.#free = Number.POSITIVE_INFINITY
    this.#grant()
  }

  giveBack(): void {
    this.#free += 1
    this.#grant()
  }

  countLent(change: 1 | -1): void {
    this.#lent += change
  }

  /** Calls back when a slot is taken, before all requests. Returns a function that stops waiting. */
  takeBack(onTaken: () => void): () => void {
    this.#returning.push(onTaken)
    this.#grant()
    return () => {
      const index = this.#returning.indexOf(onTaken)
      if (index >= 0) this.#returning.splice(index, 1)
    }
  }

  #grant(): void {
    // A grant may ask for the next slot; the loop below serves it.
    if (this.#isGranting) return
    this.#isGranting = true
    try {
      while (this.#free > 0) {
        const grant = this.#returning.shift() ?? this.#nextInTurn()
        if (grant === undefined) return
        this.#free -= 1
        grant()
      }
    } finally {
      this.#isGranting = false
    }
  }

  #nextInTurn(): (() => void) | undefined {
    if (this.#isClosed) return undefined
    const grant = this.#waiting.take()
    return grant === undefined ? undefined : () => grant(new SlotLease(this))
  }
}

export class SlotLease implements TaskSlot {
  readonly #pool: SlotPool
  #isHeld = true
  #isEnded = false
  /** Number of waits that lend the slot: a body may wait in several threads. */
  #lends = 0
  #giveUp: (() => void) | null = null
  /** Promise of the slot while it is taken back. All waits share it. */
  #returning: Promise<void> | null = null
  /** Rejects `#returning` when the attempt ends first. */
  #onEnd: (() => void) | null = null

  constructor(pool: SlotPool) {
    this.#pool = pool
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  release(): void {
    if (this.#isEnded) return
    this.#lends += 1
    if (!this.#isHeld) return
    this.#isHeld = false
    this.#pool.countLent(1)
    this.#pool.giveBack()
  }

  /** Takes the slot back for the last of several waits. The others continue immediately: the last may wait for them. */
  acquire(): Promise<void> {
    if (this.#isEnded) return Promise.reject(endedLease())
    this.#lends = Math.max(0, this.#lends - 1)
    if (this.#isHeld || this.#lends > 0) return Promise.resolve()
    const returning = this.#returning ?? this.#takeBack()
    if (!this.#isHeld) this.#returning = returning
    return returning
  }

  #takeBack(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onEnd = () => reject(endedLease())
      this.#giveUp = this.#pool.takeBack(() => {
        this.#giveUp = null
        this.#onEnd = null
        this.#returning = null
        this.#isHeld = true
        this.#pool.countLent(-1)
        resolve()
      })
    })
  }

  /** Ends the lease when the attempt is over. Idempotent. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#giveUp?.()
    this.#onEnd?.()
    if (!this.#isHeld) {
      this.#pool.countLent(-1)
      return
    }
    this.#isHeld = false
    this.#pool.giveBack()
  }
}

function endedLease(): UsageError {
  return new UsageError(
    'INVALID_ARGUMENT',
    'The task cannot continue after its wait, because its attempt has already ended.',
  )
}
