/**
 * Decides when an interpreter that is near a ceiling is replaced. Owned by `interpreter-supervisor.ts`.
 *
 *   content ──▶ wanted      a ceiling is near: another interpreter is started, and calls are still admitted
 *   wanted  ──▶ holding     some call was open at all times for 10 s: new calls wait
 *   wanted, holding ──▶ due no call is open, and the other interpreter is ready; at the latest 30 s after `wanted`
 *   due     ──▶ content     it was replaced: not again within 1 min, and not within 10 min for resources that the
 *                           scripts need from the start, or every interpreter would be replaced soon
 */

import type { Clock, Timer } from '../../../engine/clock-port.ts'
import type { LimitedResource } from '../control-line.ts'

const HOLD_AFTER_MS = 10_000
const AT_THE_LATEST_MS = 30_000
const NOT_AGAIN_WITHIN_MS = 60_000
const NOT_THE_SAME_WITHIN_MS = 600_000
/** Least growth since the replacement that wants another one, as a factor of the use soon after the replacement. */
const GROWTH = 1.05

export interface ReplacementActions {
  isDue(): boolean
  /** Starts another one, and calls `check` when it is there. */
  prepare(): void
  replace(reason: string): void
}

export class Replacement {
  readonly #clock: Clock
  readonly #actions: ReplacementActions
  #reason: string | null = null
  #replacedAt = Number.NEGATIVE_INFINITY
  /** Use of each resource soon after the present interpreter took over. */
  readonly #first = new Map<LimitedResource, number>()
  #held: PromiseWithResolvers<void> | null = null
  #timer: Timer | null = null

  constructor(clock: Clock, actions: ReplacementActions) {
    this.#clock = clock
    this.#actions = actions
  }

  /** Settles when calls are admitted again; null while they are. */
  get held(): Promise<void> | null {
    return this.#held?.promise ?? null
  }

  /** Called each second while a ceiling is near. */
  near(resource: LimitedResource, amount: number): void {
    if (this.#reason === null && this.#isWanted(resource, amount)) this.#begin(reasonOf(resource, amount))
    else this.check()
  }

  #isWanted(resource: LimitedResource, amount: number): boolean {
    const sinceMs = this.#clock.monotonic() - this.#replacedAt
    if (sinceMs >= NOT_THE_SAME_WITHIN_MS) return true
    const first = this.#first.get(resource)
    if (sinceMs >= NOT_AGAIN_WITHIN_MS) return amount > GROWTH * (first ?? 0)
    if (first === undefined) this.#first.set(resource, amount)
    return false
  }

  #begin(reason: string): void {
    this.#reason = reason
    this.#timer = this.#clock.wakeAfter(HOLD_AFTER_MS, () => this.#hold())
    this.#actions.prepare()
    this.check()
  }

  check(): void {
    if (this.#reason !== null && this.#actions.isDue()) this.#replace(this.#reason)
  }

  failed(): void {
    this.end()
    this.#replacedAt = this.#clock.monotonic()
  }

  end(): void {
    this.#reason = null
    this.#first.clear()
    this.#timer?.cancel()
    this.#held?.resolve()
    this.#held = null
  }

  #hold(): void {
    this.#held = Promise.withResolvers()
    this.#timer = this.#clock.wakeAfter(AT_THE_LATEST_MS - HOLD_AFTER_MS, () => {
      if (this.#reason !== null) this.#replace(this.#reason)
    })
  }

  #replace(reason: string): void {
    this.end()
    this.#replacedAt = this.#clock.monotonic()
    this.#actions.replace(reason)
  }
}

function reasonOf(resource: LimitedResource, amount: number): string {
  switch (resource) {
    case 'memory':
      return `it used ${amount} MiB of memory`
    case 'open files':
      return `it had ${amount} files open`
    case 'threads':
      return `it had ${amount} threads`
  }
}
