/**
 * Order in which waiting tasks get the slots of an engine. Used by `slots.ts`.
 *
 * The order is: rank (priority, and executions that have begun before new ones), age of the execution, position of the
 * task in its workflow. Executions of the same rank and age take turns. Values of a limit take turns within a rank.
 */

import type { LimitKey } from '../../../model/limits/limits.ts'
import type { LineOrder } from '../../limits/limit-store.ts'

/** Maximum number of values of limits whose last turn is remembered. The oldest ones are forgotten first. */
const MAX_REMEMBERED_VALUES = 10_000

export interface SlotOrder extends LineOrder {
  /** Position of the task in its workflow. */
  readonly position: number
  /** Limit whose values take turns, with the value of the task. Null: none. */
  readonly turn: LimitKey | null
}

interface Request<Grant> extends Pick<SlotOrder, 'position' | 'turn'> {
  readonly grant: Grant
}

/** Requests of one execution. */
interface Group<Grant> extends LineOrder {
  readonly id: string
  rank: number
  /** Increases with each turn, so that groups of the same order take turns. */
  turns: number
  readonly requests: PositionQueue<Grant>
}

export class SlotQueue<Grant> {
  readonly #groups = new Map<string, Group<Grant>>()
  /** The next group first. */
  readonly #line: Group<Grant>[] = []
  #turns = 0
  /** Number of the last turn, by limit and value. The least recent turn first. */
  readonly #served = new Map<string, number>()

  /** The rank applies to all requests of the group. */
  add(id: string, { rank, createdAt, position, turn }: SlotOrder, grant: Grant): void {
    const group = this.#groups.get(id)
    if (group === undefined) {
      const requests = new PositionQueue<Grant>()
      requests.add({ position, turn, grant })
      this.#insert({ id, rank, createdAt, turns: this.#nextTurn(), requests })
      return
    }
    group.requests.add({ position, turn, grant })
    this.rerank(id, rank)
  }

  rerank(id: string, rank: number): void {
    const group = this.#groups.get(id)
    if (group === undefined || group.rank === rank) return
    this.#remove(group)
    group.rank = rank
    this.#insert(group)
  }

  cancel(id: string): void {
    const group = this.#groups.get(id)
    if (group !== undefined) this.#remove(group)
  }

  clear(): void {
    this.#groups.clear()
    this.#line.length = 0
  }

  /** Removes the next request. */
  take(): Grant | undefined {
    const [first] = this.#line
    if (first === undefined) return undefined
    const group = this.#inTurn(first)
    this.#remove(group)
    const request = group.requests.shift()
    if (!group.requests.isEmpty) {
      group.turns = this.#nextTurn()
      this.#insert(group)
    }
    if (request?.turn) this.#noteTurn(request.turn)
    return request?.grant
  }

  /** Returns the group of the same rank whose value of the limit had its last turn the longest time ago. */
  #inTurn(first: Group<Grant>): Group<Grant> {
    const limit = first.requests.first?.turn
    if (!limit) return first
    let [best, bestTurn] = [first, this.#lastTurn(limit)]
    for (const group of this.#line) {
      if (bestTurn === 0 || group.rank !== first.rank) break
      const turn = group.requests.first?.turn
      if (turn?.name !== limit.name) continue
      const lastTurn = this.#lastTurn(turn)
      if (lastTurn < bestTurn) [best, bestTurn] = [group, lastTurn]
    }
    return best
  }

  #lastTurn(key: LimitKey): number {
    return this.#served.get(keyText(key)) ?? 0
  }

  #noteTurn(key: LimitKey): void {
    const text = keyText(key)
    this.#served.delete(text)
    this.#served.set(text, this.#nextTurn())
    if (this.#served.size <= MAX_REMEMBERED_VALUES) return
    for (const oldest of this.#served.keys()) {
      this.#served.delete(oldest)
      return
    }
  }

  #nextTurn(): number {
    this.#turns += 1
    return this.#turns
  }

  #insert(group: Group<Grant>): void {
    this.#groups.set(group.id, group)
    this.#line.splice(this.#placeOf(group), 0, group)
  }

  #remove(group: Group<Grant>): void {
    this.#groups.delete(group.id)
    this.#line.splice(this.#placeOf(group), 1)
  }

  /** Returns the number of groups before a group. No two groups are equal, because each has its own turn. */
  #placeOf(group: Group<Grant>): number {
    let [low, high] = [0, this.#line.length]
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#line[middle]
      if (other !== undefined && isBefore(other, group)) low = middle + 1
      else high = middle
    }
    return low
  }
}

function isBefore(one: Group<unknown>, other: Group<unknown>): boolean {
  if (one.rank !== other.rank) return one.rank < other.rank
  if (one.createdAt !== other.createdAt) return one.createdAt < other.createdAt
  return one.turns < other.turns
}

function keyText({ name, value }: LimitKey): string {
  return `${name}\n${value}`
}

/** Requests of one execution by position. Does not move the remaining requests at each `shift`. */
class PositionQueue<Grant> {
  #requests: Request<Grant>[] = []
  #head = 0

  get isEmpty(): boolean {
    return this.#head >= this.#requests.length
  }

  get first(): Request<Grant> | undefined {
    return this.#requests[this.#head]
  }

  add(request: Request<Grant>): void {
    let place = this.#requests.length
    while (place > this.#head && (this.#requests[place - 1]?.position ?? 0) > request.position) place -= 1
    if (place === this.#requests.length) this.#requests.push(request)
    else this.#requests.splice(place, 0, request)
  }

  shift(): Request<Grant> | undefined {
    const request = this.#requests[this.#head]
    this.#head += 1
    if (this.#head > 1_000 && this.#head * 2 > this.#requests.length) {
      this.#requests = this.#requests.slice(this.#head)
      this.#head = 0
    }
    return request
  }
}
