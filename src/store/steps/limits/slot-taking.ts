/**
 * Part of the step in which attempts take slots: decides one after the other which of them begin, and where the others
 * wait.
 *
 * An attempt begins when all limits of its task have a slot for it. A task that is offered the slot of one limit, and
 * finds that another one has none, gives the slot back and waits for the other one. After it has had as many such
 * offers as it has limits, the slots that it is offered are kept for it, until it has all of them. Otherwise it would
 * wait as long as other tasks use all slots of two of its limits.
 *
 * A kept slot is not given to tasks that come later in the line. Those that come earlier may take it, so that two tasks
 * that keep slots for each other do not wait forever, and no task waits for one of a lower priority.
 */

import type { LimitedTask, SlotUse } from '../../../engine/limits/limit-store.ts'
import type { TaskChange } from '../../../engine/store-ports.ts'
import type { LimitKey } from '../../../model/limits/limits.ts'
import type { RowValues, Session } from '../../store-session.ts'
import { isBefore, type KeyState, mayBegin, OFFER_MS, type TaskPlace, textOfKey } from './key-states.ts'

/** Attempt that is to begin. */
interface Beginning {
  readonly seq: number
  readonly executionId: string
  readonly workflow: string
  readonly ownerSeq: number
  readonly change: TaskChange
  readonly slots: Extract<SlotUse, { readonly kind: 'take' }>
}

/** Wait of the task for a slot, until it tries again. */
export interface OwnWait extends LimitKey {
  readonly openedAt: number
  /** Whether it was offered the slot. */
  readonly isFree: boolean | number
  /** Number of slots that it was offered before, and could not use. */
  readonly vainOffers: number
  /** Slots that are kept for the task. */
  readonly kept: readonly LimitKey[]
}

/** Returns the number of an attempt among all attempts of its task, including lost ones and those before `TryLater`. */
export function attemptNumber({ attempts, recoveries, triesLater = 0 }: TaskChange): number {
  return attempts + recoveries + triesLater
}

export class SlotTaking {
  readonly limited = new Map<string, LimitedTask[]>()
  /** Limits of tasks whose engine must renew its lease first. They would be offered slots that they cannot take. */
  readonly refusedWithoutLease = new Set<KeyState>()
  readonly #states: ReadonlyMap<string, KeyState>
  readonly #now: number
  readonly #at: number
  readonly #begun: RowValues[] = []
  readonly #waits: RowValues[] = []
  readonly #kept: RowValues[] = []

  constructor(states: ReadonlyMap<string, KeyState>, now: number, at: number) {
    this.#states = states
    this.#now = now
    this.#at = at
  }

  /** `wait`: null for a task that has not waited before this attempt. */
  take(use: Beginning, wait: OwnWait | null, hasLease: boolean): void {
    const { limits, order } = use.slots
    const place = { rank: order.rank, at: order.createdAt, seq: use.seq, taskId: use.change.taskId }
    const states = limits.flatMap((key) => this.#states.get(textOfKey(key)) ?? [])
    const own = wait === null ? [] : slotsOf(wait)
    const refusing = states.find((state) => !hasLease || !mayBegin(state, place, ownSlot(wait, state.key), this.#now))
    if (refusing === undefined) for (const state of states) this.#begin(use, state)
    else {
      if (!hasLease) this.refusedWithoutLease.add(refusing)
      // The offer was not in vain if only the lease is missing.
      const vainOffers = states.length === 1 ? 0 : (wait?.vainOffers ?? 0) + Number(Boolean(wait?.isFree) && hasLease)
      this.#wait(use, place, refusing, wait?.openedAt ?? this.#at, vainOffers)
      if (vainOffers >= states.length)
        this.#keep(
          place,
          refusing,
          states.filter(({ key }) => includes(own, key)),
        )
    }
  }

  #begin({ seq, ownerSeq, change }: Beginning, state: KeyState): void {
    state.used += 1
    state.places -= 1
    state.last += 1
    const { name, value } = state.key
    this.#begun.push([name, value, state.last, this.#now, seq, change.taskId, attemptNumber(change), ownerSeq])
  }

  #wait(
    { seq, executionId, workflow, change: { taskId } }: Beginning,
    { rank, at }: TaskPlace,
    state: KeyState,
    openedAt: number,
    vainOffers: number,
  ): void {
    const { name: limit, value } = state.key
    this.#waits.push([seq, taskId, workflow, 'limit', openedAt, executionId, limit, value, rank, at, vainOffers])
    const tasks = this.limited.get(executionId) ?? []
    tasks.push({ taskId, wait: { kind: 'limit', limit, value, openedAt, deadlineAt: null } })
    this.limited.set(executionId, tasks)
    if (state.first === null || isBefore({ rank, at }, state.first)) state.first = { rank, at }
  }

  /** Keeps the slots that a task has been offered, while it waits for one of another limit. */
  #keep(place: TaskPlace, awaited: KeyState, own: readonly KeyState[]): void {
    for (const state of own) {
      if (state === awaited || !isWorthKeeping(state, awaited, this.#now)) continue
      this.#kept.push([state.key.name, state.key.value, place.seq, place.taskId])
      if (awaited.closedUntil <= this.#now + OFFER_MS) state.kept.push(place)
    }
  }

  write(session: Session): void {
    if (this.#begun.length > 0) session.each(session.sql.limits.insertAttempts, this.#begun)
    if (this.#waits.length === 0) return
    // The wait for a child, which has ended, is kept until the next attempt begins.
    session.each(
      session.sql.waits.remove,
      this.#waits.map((wait) => wait.slice(0, 2)),
    )
    session.each(session.sql.limits.open, this.#waits)
    if (this.#kept.length > 0) session.each(session.sql.limits.keep, this.#kept)
    // Another engine ends the wait if this one dies.
    session.notifyEngines()
  }
}

/** Returns the slots that are kept for a task: the offered one, and those that it was offered before. */
function slotsOf({ kept, isFree, name, value }: OwnWait): readonly LimitKey[] {
  return isFree ? [...kept, { name, value }] : kept
}

function ownSlot(wait: OwnWait | null, key: LimitKey): 'offered' | 'kept' | null {
  if (wait === null) return null
  if (wait.isFree && includes([wait], key)) return 'offered'
  return includes(wait.kept, key) ? 'kept' : null
}

function includes(keys: readonly LimitKey[], { name, value }: LimitKey): boolean {
  return keys.some((key) => key.name === name && key.value === value)
}

/**
 * Returns whether a slot is kept while a task waits for another limit. If this one lets its next attempt begin only
 * later, because of its rate, the slot would be unused until then. Then the task keeps the slot with the longer window:
 * it comes less often.
 */
function isWorthKeeping(kept: KeyState, awaited: KeyState, now: number): boolean {
  const { nextPlaceAt } = awaited
  return nextPlaceAt === null || nextPlaceAt <= now + OFFER_MS || windowMs(kept) >= windowMs(awaited)
}

function windowMs({ values: { rate } }: KeyState): number {
  return rate?.windowMs ?? 0
}
