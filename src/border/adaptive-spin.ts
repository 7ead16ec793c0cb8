/**
 * Keeps the event loop of one end of a channel turning for a moment, instead of letting its process sleep, where the next message is
 * likely to come at once. Waking a process that sleeps on another processor costs both ends: measured in a virtual machine, a task of a
 * chain took 357 µs with sleeping and 211 µs without (Node 26.10, Linux 6.18), for the same processor time.
 *
 *   asleep ── sent, and the last message was short in coming ──▶ turning ── received, or not within the limit ──▶ asleep
 *
 * Whether it is likely is what came of the last time: where tasks take longer than the limit, nothing turns in vain twice.
 */

import { availableParallelism } from 'node:os'
import type { FromInterpreter, ToInterpreter } from './protocol.ts'

/**
 * A task that does nothing, with what the engine stores of it, takes 100 to 200 µs, and an execution until its first task begins 250 to
 * 500 µs; one of a disk's syncs takes longer. With a limit between these two an `execute` of one task had the one wait in vain for the other's
 * sake: 1.23 ms, and 1.07 ms with this one.
 */
export const SPIN_LIMIT_MS = 0.6

/** What an interpreter answers as soon as Python has done it, or goes on after. Polls are not waited for by anybody. */
export function isAnsweredSoon({ type }: ToInterpreter): boolean {
  return type === 'task' || type === 'events' || type === 'graphs' || type === 'reply'
}

/** What the engine follows with an answer, with the next task or with the end of an execution. */
export function isFollowedSoon(message: FromInterpreter): boolean {
  if (message.type === 'outcomes') return message.outcomes.length > 0
  return message.type === 'call' || message.type === 'accumulated' || message.type === 'graphsRan'
}

export interface SpinPorts {
  /** Monotonic, in milliseconds. */
  readonly now: () => number
  /** Calls back at the end of the tick of the event loop, which does not sleep before that. */
  readonly nextTick: (callback: () => void) => void
  /** On a single processor the other end could not run meanwhile. */
  readonly processors: number
}

const SYSTEM: SpinPorts = {
  now: () => performance.now(),
  nextTick: (callback) => void setImmediate(callback),
  processors: availableParallelism(),
}

export class AdaptiveSpin {
  readonly #ports: SpinPorts
  /** Since when a message is waited for; null: none is. */
  #since: number | null = null
  #wasShort = false
  #isTurning = false

  constructor(ports: SpinPorts = SYSTEM) {
    this.#ports = ports
  }

  /** To be called once something was sent that the other end is to answer, or to follow with more. */
  sent(): void {
    if (this.#ports.processors < 2) return
    this.#since = this.#ports.now()
    if (!this.#wasShort || this.#isTurning) return
    this.#isTurning = true
    this.#ports.nextTick(this.#turn)
  }

  /** To be called when anything was received. */
  received(): void {
    if (this.#since === null) return
    this.#wasShort = this.#ports.now() - this.#since < SPIN_LIMIT_MS
    this.#since = null
  }

  readonly #turn = (): void => {
    if (this.#since !== null && this.#ports.now() - this.#since < SPIN_LIMIT_MS) this.#ports.nextTick(this.#turn)
    else this.#isTurning = false
  }
}
