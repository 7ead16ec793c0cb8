/**
 * Keeps the event loop of one end of a channel awake for a moment (spinning) if the next message is likely to come
 * soon. Waking a sleeping process is slow: a task of a chain took 357 µs with sleeping, 211 µs without (Node 26.10,
 * Linux 6.18).
 *
 *   asleep ── sent, and the last answer was fast ──▶ spinning ── received, or limit reached ──▶ asleep
 *
 * The last answer decides whether that is likely. So if tasks take longer than the limit, only one spin is wasted.
 */

import { availableParallelism } from 'node:os'
import type { FromInterpreter, ToInterpreter } from './protocol.ts'

/**
 * Longer than an empty task (100 to 200 µs) and the start of an execution (250 to 500 µs), shorter than a disk's sync.
 * A limit between the first two made an `execute` of one task take 1.23 ms instead of 1.07 ms.
 */
export const SPIN_LIMIT_MS = 0.6

/** Returns whether an interpreter answers soon or continues with more messages. Nobody waits for polls. */
export function isAnsweredSoon({ type }: ToInterpreter): boolean {
  return type === 'task' || type === 'events' || type === 'graphs' || type === 'reply'
}

/** Returns whether the engine follows with an answer, the next task or the end of an execution. */
export function isFollowedSoon(message: FromInterpreter): boolean {
  if (message.type === 'outcomes') return message.outcomes.length > 0
  return message.type === 'call' || message.type === 'accumulated' || message.type === 'graphsRan'
}

export interface SpinPorts {
  /** Monotonic time in milliseconds. */
  readonly now: () => number
  /** Calls back at the end of the current tick of the event loop, before the loop sleeps. */
  readonly nextTick: (callback: () => void) => void
  /** Number of processors. On a single one, the other end could not run while this one turns. */
  readonly processors: number
}

const SYSTEM: SpinPorts = {
  now: () => performance.now(),
  nextTick: (callback) => void setImmediate(callback),
  processors: availableParallelism(),
}

export class AdaptiveSpin {
  readonly #ports: SpinPorts
  /** Time since which a message is awaited; null if none is. */
  #since: number | null = null
  #wasShort = false
  #isTurning = false

  constructor(ports: SpinPorts = SYSTEM) {
    this.#ports = ports
  }

  /** Called after a message was sent that the other end answers or follows with more. */
  sent(): void {
    if (this.#ports.processors < 2) return
    this.#since = this.#ports.now()
    if (!this.#wasShort || this.#isTurning) return
    this.#isTurning = true
    this.#ports.nextTick(this.#turn)
  }

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
