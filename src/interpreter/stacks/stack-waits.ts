/**
 * What the suspended stacks of one interpreter wait for. Lives in the interpreter's process.
 * Python calls these functions, reads one byte from the descriptor of `suspension.ts`, which suspends its stack, and finds
 * nothing to read when the answer is a plain `ok`; else it reads the answer's first item:
 * `ok` (the rest is the value), `unchanged` (so is the context of the call), `error`, `timeout`, `overdue` or `cancelled` (the host stops the stack) or `signal` (run signal handlers, then
 * `waitAgain`). Every wait settles exactly once.
 */

import type { StackToken } from '../../border/protocol.ts'
import type { TextForPython } from '../text-for-python.ts'
import { suspendNextOn } from './suspension.ts'

export type WaitAnswer = readonly [string, ...TextForPython[]] | readonly [string, unknown]

/** What Python is told of the engine's answer to a call. */
export function answerOf(reply: {
  readonly valueJson: string
  readonly contextText: TextForPython | null
}): WaitAnswer {
  const { valueJson, contextText } = reply
  return contextText === null ? ['unchanged', valueJson, ''] : ['ok', valueJson, contextText]
}

/** Where Python finds the answer once its stack goes on. */
export interface Suspension {
  answer: WaitAnswer
}

/** The answer without a value, which Python need not read. */
const OK: WaitAnswer = ['ok']
const SIGNAL: WaitAnswer = ['signal']

interface Wait {
  readonly token: StackToken
  readonly settle: (answer: WaitAnswer) => void
}

export class Waits {
  readonly #waits = new Set<Wait>()
  readonly #events = new Map<number, Set<() => void>>()
  /** Waits that a signal interrupted: their promise goes on without a stack until `waitAgain`. */
  readonly #interrupted = new Map<number, Promise<WaitAnswer>>()
  /** Why stacks shall stop that did not wait when they were to be stopped: a stack may not have been entered by then. */
  readonly #stops = new Map<StackToken, WaitAnswer>()
  /** Stacks that have heard while they computed that they shall stop: no wait of theirs is ended for it, so that they can clean up. */
  readonly #informed = new Set<StackToken>()
  readonly #hasSignals: (token: StackToken) => boolean
  #lastNumber = 0

  /** `hasSignals`: whether a stack has handlers of signals to run, which come before what it has waited for. */
  constructor(hasSignals: (token: StackToken) => boolean = () => false) {
    this.#hasSignals = hasSignals
  }

  /** How many events and waits are kept. */
  get size(): number {
    return this.#events.size + this.#waits.size + this.#interrupted.size
  }

  /** A promise that settles with `underlying`, or earlier when its stack is stopped or signalled. */
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

  /** Goes on with a wait that a signal interrupted. */
  waitAgain(token: StackToken, number: number): Suspension {
    const underlying = this.#interrupted.get(number)
    this.#interrupted.delete(number)
    return this.wait(token, underlying ?? Promise.resolve(OK))
  }

  /** Forgets a wait that a signal interrupted and whose stack goes on elsewhere. */
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

  /** Each event is for one wait, and is gone when it is set or the wait timed out. */
  newEvent(): number {
    const number = ++this.#lastNumber
    this.#events.set(number, new Set())
    return number
  }

  /** Waits for an event to be set; one that was set already is gone, and the wait ends at once. */
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

  /** Ends the wait of an overdue stack, or else the next one that it begins, once; none of one that has heard of it already. */
  stop(token: StackToken, reason: string): void {
    this.#stop(token, ['overdue', reason])
  }

  /** Ends the waits that there are for one that is stopped, and another one for it. */
  stopWaits(token: StackToken, stop: WaitAnswer): boolean {
    const waits = [...this.#waits].filter((wait) => wait.token === token)
    for (const wait of waits) wait.settle(stop)
    return waits.length > 0
  }

  /** How and why a stack shall stop that did not wait when it was to be stopped; forgets it. */
  takeStop(token: StackToken): WaitAnswer | undefined {
    const stop = this.#stops.get(token)
    this.#stops.delete(token)
    return stop
  }

  /** The same for one that is cancelled. */
  cancel(token: StackToken, reason: string): void {
    this.#stop(token, ['cancelled', reason])
  }

  #stop(token: StackToken, stop: WaitAnswer): void {
    if (this.#informed.has(token)) return
    if (this.stopWaits(token, stop)) this.#stops.delete(token)
    else this.#stops.set(token, stop)
  }

  /** The stack has heard, while it computed, that it shall stop. */
  hasHeard(token: StackToken): void {
    this.#stops.delete(token)
    this.#informed.add(token)
  }

  /** The stack has ended. */
  ended(token: StackToken): void {
    this.#stops.delete(token)
    this.#informed.delete(token)
  }

  /** Wakes the waits of a stack so that Python runs its signal handlers there. */
  signal(token: StackToken): void {
    for (const wait of [...this.#waits]) if (wait.token === token) wait.settle(SIGNAL)
  }

  /** Does so later, if it waits by then. */
  signalAfter(token: StackToken, delayMs: number): void {
    setTimeout(() => this.signal(token), delayMs).unref()
  }

  /** The same for all stacks that wait. Returns how many. */
  signalAll(): number {
    const waits = [...this.#waits]
    for (const wait of waits) wait.settle(SIGNAL)
    return waits.length
  }
}

const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * A timer without Node's limit of 24.8 days, which never fires early (Node rounds down to whole milliseconds) and
 * always in a later tick of the event loop. Returns what cancels it.
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

/** Does something again and again, and once more when it is no longer wanted. */
export function repeatWhile(everyMs: number, isWanted: () => boolean, action: () => void): void {
  const timer = setInterval(() => {
    if (!isWanted()) clearInterval(timer)
    action()
  }, everyMs)
}
