/**
 * When an interpreter that is near a ceiling is replaced. Owned by `interpreter-supervisor.ts`, which does it.
 *
 *   content ──▶ wanted      a ceiling is near: another interpreter is started, and whoever comes is let in
 *   wanted  ──▶ holding     after 10 s in which there was always somebody inside: who comes waits
 *   wanted, holding ──▶ due nothing is inside, and the other one is there; at the latest 30 s after it was wanted
 *   due     ──▶ content     it was replaced: not again within a minute, nor within ten for what its scripts need from the
 *                           start, or they would have one interpreter after another
 */

import type { Clock, Timer } from '../../engine/ports.ts'
import type { Resource } from './control-line.ts'

const HOLD_AFTER_MS = 10_000
const AT_THE_LATEST_MS = 30_000
const NOT_AGAIN_WITHIN_MS = 60_000
const NOT_THE_SAME_WITHIN_MS = 600_000
/** Of what is in use soon after a replacement: less growth than this is none. */
const GROWTH = 1.05

export interface ReplacementActions {
  /** Whether nothing is inside, and the other one is there. */
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
  /** What the present interpreter used soon after it had taken over. */
  readonly #first = new Map<Resource, number>()
  #held: PromiseWithResolvers<void> | null = null
  #timer: Timer | null = null

  constructor(clock: Clock, actions: ReplacementActions) {
    this.#clock = clock
    this.#actions = actions
  }

  /** While nobody is let in: until somebody is; else null. */
  get held(): Promise<void> | null {
    return this.#held?.promise ?? null
  }

  /** Said each second while it is so. */
  near(resource: Resource, amount: number): void {
    if (this.#reason === null && this.#isWanted(resource, amount)) this.#begin(reasonOf(resource, amount))
    else this.check()
  }

  #isWanted(resource: Resource, amount: number): boolean {
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

  /** Somebody left, or the other one is there. */
  check(): void {
    if (this.#reason !== null && this.#actions.isDue()) this.#replace(this.#reason)
  }

  /** The other one could not be started. */
  failed(): void {
    this.end()
    this.#replacedAt = this.#clock.monotonic()
  }

  /** The interpreter is gone. */
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

function reasonOf(resource: Resource, amount: number): string {
  switch (resource) {
    case 'memory':
      return `it used ${amount} MiB of memory`
    case 'open files':
      return `it had ${amount} files open`
    case 'threads':
      return `it had ${amount} threads`
  }
}
