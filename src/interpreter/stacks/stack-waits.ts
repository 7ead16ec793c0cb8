/**
 * Waits of the suspended stacks of one interpreter, in the interpreter's process.
 *
 * Python calls one of these functions and then reads a byte from the descriptor of `suspension.ts`, which suspends its
 * stack. If there is nothing to read, the answer is a plain `ok`. Otherwise Python reads the first item of the answer:
 * `ok` (the rest is the value), `unchanged` (the context of the call did not change), `error`, `timeout`, `overdue` or
 * `cancelled` (the host stops the stack), or `signal` (run signal handlers, then `waitAgain`). Every wait settles
 * exactly once.
 */

import type { StackToken } from '../../border/protocol.ts'
import type { TextForPython } from '../text-for-python.ts'
import { suspendNextOn } from './suspension.ts'

export type WaitAnswer = readonly [string, ...TextForPython[]] | readonly [string, unknown]

export function callAnswer(reply: {
  readonly valueJson: string
  readonly contextText: TextForPython | null
}): WaitAnswer {
  const { valueJson, contextText } = reply
  return contextText === null ? ['unchanged', valueJson, ''] : ['ok', valueJson, contextText]
}

export interface Suspension {
  answer: WaitAnswer
}

/** Answer without a value, which Python does not have to read. */
const OK: WaitAnswer = ['ok']
const SIGNAL: WaitAnswer = ['signal']

interface Wait {
  readonly token: StackToken
  readonly settle: (answer: WaitAnswer) => void
}

export class Waits {
  readonly #waits = new Set<Wait>()
  readonly #events = new Map<number, Set<() => void>>()
  /** Waits that a signal interrupted. Their promises continue without a stack until `waitAgain`. */
  readonly #interrupted = new Map<number, Promise<WaitAnswer>>()
  /** Stop requests of stacks that did not wait, or were not entered yet. */
  readonly #stops = new Map<StackToken, WaitAnswer>()
  /** Stacks that know that they must stop. Their waits are not ended, so that they can clean up. */
  readonly #informed = new Set<StackToken>()
  readonly #hasSignals: (token: StackToken) => boolean
  #lastNumber = 0

  /** `hasSignals`: whether a stack must run signal handlers before it continues after a wait. */
  constructor(hasSignals: (token: StackToken) => boolean = () => false) {
    this.#hasSignals = hasSignals
  }

  get size(): number {
    return this.#events.size + this.#waits.size + this.#interrupted.size
  }

  /** Returns a wait that ends with `underlying`, or earlier when its stack is stopped or signalled. */
  wait(token: StackToken, underlying: Promise<WaitAnswer>): Suspension {
    const suspension: Suspension = { answer: OK }
    const settled = new Promise<number>((resolve) => {
      const wait: Wait = {
        token,
        settle: (answer) => {
          if (!this.#waits.delete(wait)) return
          suspension.answer = answer
          if (answer[0] === 'signal') {
            const number = ++this.#lastNumber
            this.#interrupted.set(number, underlying)
            suspension.answer = ['signal', number]
          }
          resolve(answer === OK ? 0 : 1)
        },
      }
      this.#waits.add(wait)
      const stop = this.#stops.get(token)
      if (stop === undefined) underlying.then((answer) => wait.settle(this.#hasSignals(token) ? SIGNAL : answer))
      else this.#stop(token, stop)
    })
    suspendNextOn(settled)
    return suspension
  }

  /** Continues a wait that a signal interrupted. */
  waitAgain(token: StackToken, number: number): Suspension {
    const underlying = this.#interrupted.get(number)
    this.#interrupted.delete(number)
    return this.wait(token, underlying ?? Promise.resolve(OK))
  }

  /** Forgets a wait that a signal interrupted and whose stack continues elsewhere. */
  abandon(number: number): void {
    this.#interrupted.delete(number)
  }

  sleep(token: StackToken, delayMs: number): Suspension {
    const underlying = new Promise<WaitAnswer>((resolve) => {
      if (delayMs > 0) wakeAfter(delayMs, () => resolve(OK))
      else setImmediate(() => resolve(OK))
    })
    return this.wait(token, underlying)
  }

  waitPromise(token: StackToken, promise: Promise<unknown>): Suspension {
    const underlying = promise.then<WaitAnswer, WaitAnswer>(
      (value) => ['ok', value],
      (reason) => ['failed', reason],
    )
    return this.wait(token, underlying)
  }

  /** Creates an event for one wait. Setting it or timing out deletes it. */
  newEvent(): number {
    const number = ++this.#lastNumber
    this.#events.set(number, new Set())
    return number
  }

  /** Waits for an event. One that was already set is deleted, and the wait ends immediately. */
  waitEvent(token: StackToken, number: number, timeoutMs = -1): Suspension {
    const waiters = this.#events.get(number)
    if (waiters === undefined) return this.wait(token, Promise.resolve(OK))
    const underlying = new Promise<WaitAnswer>((resolve) => {
      const wake = () => {
        cancelTimeout?.()
        resolve(OK)
      }
      const cancelTimeout =
        timeoutMs < 0
          ? null
          : wakeAfter(timeoutMs, () => {
              waiters.delete(wake)
              if (waiters.size === 0) this.#events.delete(number)
              resolve(['timeout'])
            })
      waiters.add(wake)
    })
    return this.wait(token, underlying)
  }

  setEvent(number: number): void {
    const waiters = this.#events.get(number)
    this.#events.delete(number)
    for (const wake of waiters ?? []) wake()
  }

  /** Ends the waits of an overdue stack, or else its next one, once; none if the stack already knows. */
  stop(token: StackToken, reason: string): void {
    this.#stop(token, ['overdue', reason])
  }

  /** Ends the current waits of a stack. Returns whether there were any. */
  stopWaits(token: StackToken, stop: WaitAnswer): boolean {
    const waits = [...this.#waits].filter((wait) => wait.token === token)
    for (const wait of waits) wait.settle(stop)
    return waits.length > 0
  }

  /** Returns and deletes the stop request of a stack that did not wait. */
  takeStop(token: StackToken): WaitAnswer | undefined {
    const stop = this.#stops.get(token)
    this.#stops.delete(token)
    return stop
  }

  cancel(token: StackToken, reason: string): void {
    this.#stop(token, ['cancelled', reason])
  }

  #stop(token: StackToken, stop: WaitAnswer): void {
    if (this.#informed.has(token)) return
    if (this.stopWaits(token, stop)) this.#stops.delete(token)
    else this.#stops.set(token, stop)
  }

  /** Notes that a computing stack knows that it must stop. */
  hasHeard(token: StackToken): void {
    this.#stops.delete(token)
    this.#informed.add(token)
  }

  ended(token: StackToken): void {
    this.#stops.delete(token)
    this.#informed.delete(token)
  }

  /** Wakes the waits of a stack so that Python runs signal handlers there. */
  signal(token: StackToken): void {
    for (const wait of [...this.#waits]) if (wait.token === token) wait.settle(SIGNAL)
  }

  /** Wakes the waits of a stack after a delay. */
  signalAfter(token: StackToken, delayMs: number): void {
    setTimeout(() => this.signal(token), delayMs).unref()
  }

  /** Wakes all waits. Returns their number. */
  signalAll(): number {
    const waits = [...this.#waits]
    for (const wait of waits) wait.settle(SIGNAL)
    return waits.length
  }
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Calls back after a delay without Node's limit of 24.8 days, never early (Node rounds down to whole milliseconds),
 * always in a later tick of the event loop. Returns a function that cancels it.
 */
function wakeAfter(delayMs: number, callback: () => void): () => void {
  const dueAt = performance.now() + delayMs
  let timer: NodeJS.Timeout
  const check = () => {
    const leftMs = dueAt - performance.now()
    if (leftMs <= 0) callback()
    else timer = setTimeout(check, Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS))
  }
  timer = setTimeout(check, Math.min(Math.ceil(delayMs), LONGEST_TIMER_MS))
  return () => clearTimeout(timer)
}

/** Repeats an action while it is wanted, and once after that. */
export function repeatWhile(everyMs: number, isWanted: () => boolean, action: () => void): void {
  const timer = setInterval(() => {
    if (!isWanted()) clearInterval(timer)
    action()
  }, everyMs)
}
