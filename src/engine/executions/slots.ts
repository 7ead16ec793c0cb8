/**
 * The concurrency slots of one engine. A task run holds one while its body runs, lends it while the body waits
 * (`defer_until`, a nested `execute`), and takes one back afterwards. Executions take turns, so that a wide one does
 * not keep a small one waiting. Calls back in the same tick of the event loop; knows neither time nor store.
 *
 * States of a slot lease, and the moves:
 *   waiting  -> held      a slot is free and it is its turn
 *   held     -> lent      release; the slot is free for others
 *   lent     -> returning acquire by the last of those who lent it; ahead of everything that waits
 *   returning -> held     a slot is free
 *   any      -> ended     end; a held slot is free for others
 */

import { UsageError } from '../../errors.ts'
import type { TaskSlot } from '../ports.ts'

type Grant = (lease: SlotLease) => void

export class SlotPool {
  /** How many there are. */
  readonly capacity: number
  #free: number
  #isClosed = false
  /** What waits, by group, in the order in which the groups get their turns. */
  readonly #waiting = new Map<string, GrantQueue>()
  readonly #returning: (() => void)[] = []
  #isGranting = false
  #lent = 0

  constructor(capacity: number) {
    this.capacity = Math.max(1, capacity)
    this.#free = this.capacity
  }

  /** How many nobody has. A stop takes the limit away. */
  get free(): number {
    return Math.min(this.#free, this.capacity)
  }

  /** Leases whose holder waits for something. */
  get lent(): number {
    return this.#lent
  }

  /** Calls back with a held lease, now or when it is the group's turn. */
  request(group: string, grant: Grant): void {
    const queue = this.#waiting.get(group)
    if (queue === undefined) this.#waiting.set(group, new GrantQueue(grant))
    else queue.push(grant)
    this.#grant()
  }

  /** Forgets what waits in a group. */
  cancel(group: string): void {
    this.#waiting.delete(group)
  }

  /** Grants no more new leases; those that were lent still return. */
  close(): void {
    this.#isClosed = true
    this.#waiting.clear()
  }

  /** The engine stopped: whoever waits for a lent slot goes on at once, to hear of it. */
  stop(): void {
    this.close()
    this.#free = Number.POSITIVE_INFINITY
    this.#grant()
  }

  /** For leases: a slot became free. */
  giveBack(): void {
    this.#free += 1
    this.#grant()
  }

  /** For leases: one more, or one less, is lent. */
  countLent(change: 1 | -1): void {
    this.#lent += change
  }

  /** For leases: calls back when a slot is taken, ahead of everything that waits. Returns a way to give up. */
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
    const [next] = this.#waiting
    if (next === undefined) return undefined
    const [group, queue] = next
    const grant = queue.shift()
    // The group goes behind the others: a Map keeps the order of insertion.
    this.#waiting.delete(group)
    if (!queue.isEmpty) this.#waiting.set(group, queue)
    return grant === undefined ? undefined : () => grant(new SlotLease(this))
  }
}

/** The slot of one attempt. */
export class SlotLease implements TaskSlot {
  readonly #pool: SlotPool
  #isHeld = true
  #isEnded = false
  /** How many waits the slot is lent for: a body may wait in several threads at once. */
  #lends = 0
  #giveUp: (() => void) | null = null
  /** The slot is on its way back: whoever else waits for it meanwhile waits for the same. */
  #returning: Promise<void> | null = null
  /** Settles it when the attempt ends before. */
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

  /** The last of several waits takes the slot back; the others go on at once, since else the last might wait for them. */
  acquire(): Promise<void> {
    if (this.#isEnded) return Promise.reject(endedLease())
    this.#lends = Math.max(0, this.#lends - 1)
    if (this.#isHeld || this.#lends > 0) return Promise.resolve()
    const returning = this.#returning ?? this.#takeBack()
    // A slot that was free is back already.
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

  /** The attempt is over. Idempotent. */
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

/** First in, first out, without moving what is left at each step. */
class GrantQueue {
  #grants: Grant[]
  #head = 0

  constructor(first: Grant) {
    this.#grants = [first]
  }

  get isEmpty(): boolean {
    return this.#head >= this.#grants.length
  }

  push(grant: Grant): void {
    this.#grants.push(grant)
  }

  shift(): Grant | undefined {
    const grant = this.#grants[this.#head]
    this.#head += 1
    if (this.#head > 1_000 && this.#head * 2 > this.#grants.length) {
      this.#grants = this.#grants.slice(this.#head)
      this.#head = 0
    }
    return grant
  }
}
