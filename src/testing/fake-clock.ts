/** `FakeClock`: the time of a test, which passes only on request. Implements the engine's port for clocks. */

// The real functions, also if a test has replaced the global ones.
import { setImmediate } from 'node:timers'
import * as v from 'valibot'
import type { Duration } from '../authoring/function-types.ts'
import type { Clock, Timer } from '../engine/clock-port.ts'
import { UsageError } from '../errors.ts'
import { parseOptions } from '../options/checked.ts'
import { durationAtLeast, MILLISECONDS } from '../options/schemas.ts'

/** Length of time as a duration or a number of milliseconds. */
export type FakeTime = Duration | number

const DEFAULT_START = Date.UTC(2000, 0, 1)
const START = v.custom<number>(Number.isSafeInteger, "a date such as '2030-01-02T03:04:05Z'")
const TIME = v.union([durationAtLeast(0), MILLISECONDS], "a duration such as '90s', or a number of milliseconds")

interface PendingTimer {
  readonly due: number
  readonly callback: () => unknown
  readonly during: string
}

/** The clock for the function host and for the run that moves it. */
export class ClockPort implements Clock {
  readonly #offset: number
  #monotonic = 0
  /** In the order of creation, which is also the order of timers that are due at the same time. */
  readonly #timers = new Set<PendingTimer>()
  /** Called for each new timer. */
  onTimer: (() => void) | null = null
  /** Whether a run or poll moves it: at most one at a time. */
  isTaken = false

  constructor(startAt: number) {
    this.#offset = startAt
  }

  now(): number {
    return this.#offset + this.#monotonic
  }

  monotonic(): number {
    return this.#monotonic
  }

  wakeAfter(delayMs: number, callback: () => unknown, during = ''): Timer {
    const timer: PendingTimer = { due: this.#monotonic + Math.max(0, delayMs), callback, during }
    this.#timers.add(timer)
    this.onTimer?.()
    return { cancel: () => void this.#timers.delete(timer) }
  }

  soon(callback: () => void): void {
    setImmediate(callback)
  }

  attempt(_during: string, work: () => void): Timer {
    work()
    return { cancel: () => undefined }
  }

  onWallJump(): () => void {
    return () => undefined
  }

  countOf(during: string): number {
    let count = 0
    for (const timer of this.#timers) if (timer.during === during) count += 1
    return count
  }

  /** Moves the time to the next timer, and runs that timer. Returns false if there is no timer. */
  async jump(): Promise<boolean> {
    const next = this.#next()
    if (next === undefined) return false
    await this.#run(next)
    return true
  }

  /** Moves the time, running each timer at its own time. Time never goes back. */
  async moveTo(at: number): Promise<void> {
    for (let timer = this.#next(); timer !== undefined && timer.due <= at; timer = this.#next()) await this.#run(timer)
    this.#monotonic = Math.max(this.#monotonic, at)
  }

  async #run(timer: PendingTimer): Promise<void> {
    this.#timers.delete(timer)
    this.#monotonic = Math.max(this.#monotonic, timer.due)
    await timer.callback()
    await turn()
  }

  #next(): PendingTimer | undefined {
    let next: PendingTimer | undefined
    for (const timer of this.#timers) if (next === undefined || timer.due < next.due) next = timer
    return next
  }
}

/** Waits for a turn of the event loop, which settles promises that can be settled. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

const ports = new WeakMap<FakeClock, ClockPort>()

/**
 * Clock that a test controls. Its time stands still until `advance` is called, or until `runWorkflow` jumps to the next
 * event.
 *
 * The clock controls the engine's waits: delays before retries, pauses of `deferUntil`, and time limits. The functions
 * of tasks still use the real `Date` and `setTimeout`.
 *
 * @example
 * const clock = new FakeClock('2030-01-02T03:04:05Z')
 * await clock.advance('90s')
 * clock.now().toISOString()   // '2030-01-02T03:05:35.000Z'
 */
export class FakeClock {
  readonly #startAt: number

  /**
   * Creates a clock.
   *
   * @param start First time: a date, a text that `Date` can read, or milliseconds since 1970. Default: 2000-01-01 00:00
   *   UTC.
   * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid time.
   */
  constructor(start: Date | string | number = DEFAULT_START) {
    this.#startAt = start instanceof Date || typeof start === 'string' ? new Date(start).getTime() : start
    parseOptions(START, this.#startAt, 'start', { what: 'a FakeClock', shown: start })
    ports.set(this, new ClockPort(this.#startAt))
  }

  /** Returns the current time of the clock. */
  now(): Date {
    return new Date(portOf(this).now())
  }

  /** Milliseconds since the clock was created. */
  get elapsedMs(): number {
    return portOf(this).now() - this.#startAt
  }

  /**
   * Advances the clock, and runs everything that is due in that time. In the function of a task, it simulates the
   * duration of work.
   *
   * @param time Duration such as `'90s'`, or milliseconds.
   * @returns Resolves when everything has run. Rejects with an error of a `callLater` function.
   * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid time.
   */
  async advance(time: FakeTime): Promise<void> {
    const port = portOf(this)
    await port.moveTo(port.monotonic() + parseOptions(TIME, time, 'time'))
  }

  /**
   * Calls a function when the clock has advanced by a length of time. It simulates events outside of the workflow.
   *
   * @param time Duration such as `'5s'`, or milliseconds.
   * @param happens Function to call once. Its promise is awaited.
   * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid time, or if `happens` is not a function.
   */
  callLater(time: FakeTime, happens: () => unknown): void {
    parseOptions(v.function(), happens, 'happens', { what: 'callLater()' })
    portOf(this).wakeAfter(parseOptions(TIME, time, 'time'), happens)
  }
}

const CLOCK = v.custom<FakeClock>((clock) => ports.has(clock as FakeClock), 'a FakeClock of cloaca/testing')

/** Returns the clock of a test; a new one for `undefined`. Throws `INVALID_ARGUMENT`. */
export function takenClock(clock: unknown, what: string): ClockPort {
  if (clock === undefined) return new ClockPort(DEFAULT_START)
  const port = portOf(parseOptions(CLOCK, clock, 'clock', { what }))
  if (port.isTaken) {
    const message =
      'Another runWorkflow or pollTrigger call is still using this FakeClock. Await that call first, or give each ' +
      'call its own clock.'
    throw new UsageError('INVALID_ARGUMENT', message, { path: 'clock' })
  }
  return port
}

function portOf(clock: FakeClock): ClockPort {
  const port = ports.get(clock)
  if (port === undefined) throw new TypeError('this value is not a FakeClock')
  return port
}
