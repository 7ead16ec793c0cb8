/**
 * One poll or attempt of a function. It has to end at its deadline, when it is cancelled, and after an unhandled error
 * in its background work: its signal is aborted, and it is given up if it has not ended a second later. A call that
 * would end the process, such as `process.exit`, is given up immediately.
 *
 * States, and the moves:
 *   running  -> ended      it returned, threw, or its promise settled
 *   running  -> stopping   it has to end, for the first reason given
 *   stopping -> ended      its promise settled, or it was given up; later results are only logged
 */

import type { Console } from 'node:console'
import type { Clock, Timer } from '../../engine/clock-port.ts'
import type { TimeLimit } from '../../engine/ports.ts'
import type { ScriptError } from '../../errors.ts'
import type { LogPieceSink } from '../../model/logs/log-record.ts'
import { formatDuration } from '../../model/time/duration.ts'
import type { Printed } from '../../output/call-log.ts'
import type { NamedCall } from '../../output/script-line.ts'
import { isPromiseLike } from '../promise-like.ts'
import type { CallOutput } from './call-output.ts'
import { type CallScope, runInScope } from './call-scope.ts'
import { CancelledError, DeadlineError, isExitError, ParkedError } from './faults.ts'
import type { OpenCalls } from './open-calls.ts'
import { exitError, type ProcessExit } from './process-ends.ts'

/** Longer than other code should wait for a turn. */
const BUSY_MS = 500

/** Time after its signal was aborted. */
const GIVEN_UP_AFTER_MS = 1_000

export interface Stop {
  readonly kind: 'timedOut' | 'cancelled' | 'background' | 'stopping' | 'exited' | 'outOfLease'
  readonly reason: unknown
  /** Time after which the call is given up. Default: a second. */
  readonly giveUpAfterMs?: number
}

/** Stops after which a function may still complete. */
const MAY_COMPLETE: ReadonlySet<Stop['kind']> = new Set(['cancelled', 'stopping', 'outOfLease'])

export type CallEnd =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly thrown: unknown }
  | { readonly kind: 'stopped'; readonly stop: Stop }
  | { readonly kind: 'parked' }

export interface CalledFunction {
  readonly label: string
  readonly script: string
  readonly executionId: string | null
  readonly deadlineMs: number
  readonly log: LogPieceSink | undefined
  /** Number that identifies it in another thread; undefined for none. */
  readonly number: number | undefined
  readonly names: NamedCall
}

/** Shared by all calls of a host, because a poll that skips should allocate little. */
export interface CallPorts {
  readonly clock: Clock
  readonly open: OpenCalls<FunctionCall>
  readonly makeOutput: (called: CalledFunction) => CallOutput
  readonly notice: (message: string) => void
}

export class FunctionCall implements CallScope, TimeLimit {
  readonly #called: CalledFunction
  readonly #ports: CallPorts
  readonly #begunAt: number
  #deadlineAt: number
  console: Console | null = null
  #controller: AbortController | null = null
  #output: CallOutput | null = null
  #stop: Stop | null = null
  #givingUp: Timer | null = null
  #isGivenUp = false
  #hasEnded = false
  #unlisten: (() => void) | null = null
  #resolve: ((end: CallEnd) => void) | null = null
  #standstills = 0
  #leftMs = 0
  #parked: ParkedError | null = null

  constructor(called: CalledFunction, ports: CallPorts) {
    this.#called = called
    this.#ports = ports
    this.#begunAt = ports.clock.monotonic()
    this.#deadlineAt = this.#begunAt + called.deadlineMs
  }

  /** Infinite while the time limit stands still. */
  get deadlineAt(): number {
    return this.#deadlineAt
  }

  get number(): number {
    return this.#called.number ?? 0
  }

  get label(): string {
    return this.#called.label
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  get isStopping(): boolean {
    return this.#hasEnded || this.#stop !== null
  }

  get script(): string {
    return this.#called.script
  }

  get executionId(): string | null {
    return this.#called.executionId
  }

  /** Created on first use, because most functions do not use it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#stop !== null) this.#controller.abort(this.#stop.reason)
    return this.#controller.signal
  }

  get output(): CallOutput {
    if (this.#output !== null) return this.#output
    this.#output = this.#ports.makeOutput(this.#called)
    if (this.#hasEnded) this.#output.end()
    return this.#output
  }

  /** Calls the function. Returns immediate results without a promise. Never throws; a promise never rejects. */
  begin(work: () => unknown): CallEnd | Promise<CallEnd> {
    let returned: unknown
    try {
      returned = this.#entered(work)
      if (!isPromiseLike(returned)) return this.#end(this.#settled({ kind: 'returned', value: returned }))
    } catch (thrown) {
      return this.#end(this.#settled({ kind: 'threw', thrown }))
    }
    this.#ports.open.add(this)
    return new Promise((resolve) => {
      this.#resolve = resolve
      // A promise-like object of the user may throw, and may call back several times.
      Promise.resolve(returned).then(
        (value) => this.#promiseEnded({ kind: 'returned', value }),
        (thrown: unknown) => this.#promiseEnded({ kind: 'threw', thrown }),
      )
      if (this.#stop?.kind === 'exited') this.#giveUp()
    })
  }

  #entered(work: () => unknown): unknown {
    try {
      return runInScope(this, work)
    } finally {
      const { clock, open } = this.#ports
      const from = this.#begunAt
      if (clock.monotonic() - from > BUSY_MS) open.wasBusy(this, from)
    }
  }

  /** Stops the call. The first reason applies. */
  stop(stop: Stop): void {
    if (this.#hasEnded || this.#stop !== null) return
    this.#stop = stop
    this.#givingUp = this.#ports.clock.wakeAfter(stop.giveUpAfterMs ?? GIVEN_UP_AFTER_MS, () => this.#giveUp())
    runInScope(this, () => this.#controller?.abort(stop.reason))
  }

  suspend(): () => void {
    const { clock, open } = this.#ports
    if (this.#standstills === 0) this.#leftMs = this.#deadlineAt - clock.monotonic()
    this.#standstills += 1
    this.#deadlineAt = Number.POSITIVE_INFINITY
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#standstills -= 1
      if (this.#standstills > 0) return
      this.#deadlineAt = clock.monotonic() + this.#leftMs
      open.moved(this)
    }
  }

  /** Error with which the attempt has to end, because it waits for a child execution, or null. */
  get parked(): ParkedError | null {
    return this.#parked
  }

  /** Returns the error with which the attempt has to end. */
  park(): ParkedError {
    this.#parked ??= new ParkedError(`${this.label} starts again after the end of a child execution`)
    return this.#parked
  }

  /** Stops a poll that uses its signal when the runner stops, as if the poll was never made. */
  stopWith(stopping: AbortSignal): void {
    if (this.#unlisten !== null || this.#hasEnded) return
    const stop = () => this.stop({ kind: 'stopping', reason: new CancelledError('The runner is stopping') })
    stopping.addEventListener('abort', stop)
    this.#unlisten = () => stopping.removeEventListener('abort', stop)
    if (stopping.aborted) stop()
  }

  overdue(): void {
    const { label, deadlineMs } = this.#called
    this.stop({
      kind: 'timedOut',
      reason: new DeadlineError(`${label} exceeded its timeout of ${deadlineMs / 1_000} s`),
    })
  }

  print(stream: Printed, text: string): void {
    this.output.print(stream, text)
  }

  exited(exit: ProcessExit): ScriptError {
    const { label } = this
    if (this.#hasEnded) {
      const late = exitError(label, exit, ' after its end, so the call was ignored')
      this.#ports.notice(late.message)
      return late
    }
    const failed = this.executionId === null ? 'the poll failed' : 'the attempt failed and is not retried'
    const advice = 'The process continues, because other tasks and polls run in it. Return or throw an error instead.'
    const error = exitError(label, exit, ` with exit code ${exit.exitCode}: ${failed}. ${advice}`)
    this.stop({ kind: 'exited', reason: error })
    if (this.#resolve !== null && this.#stop?.reason === error) this.#giveUp()
    return error
  }

  failedInBackground(thrown: unknown): void {
    if (isExitError(thrown)) return // already reported by the call that threw it
    if (!this.#hasEnded) {
      this.stop({ kind: 'background', reason: thrown })
      return
    }
    const { label } = this
    const { notice } = this.#ports
    this.output.record('ERROR', 'Failed in the background after the call had ended', { error: thrown })
    notice(`${label} has ended, but code that it left running failed: ${shown(thrown)}`)
  }

  /** Sends all output and log records. Called before the outcome. */
  flush(): void {
    this.#output?.end()
  }

  #promiseEnded(end: CallEnd): void {
    if (this.#isGivenUp) {
      this.#endedLate(end)
      return
    }
    this.#givingUp?.cancel()
    this.#ports.open.remove(this)
    this.#resolve?.(this.#end(this.#settled(end)))
  }

  /** A call that computed past its limit has timed out, too. */
  #settled(end: CallEnd): CallEnd {
    if (this.#stop === null && this.#ports.clock.monotonic() > this.#deadlineAt) this.overdue()
    const stop = this.#stop
    this.#givingUp?.cancel()
    if (stop === null) return this.#parked === null ? end : parkedEnd(end, this.#parked, this.label)
    const isDone = end.kind === 'returned' && MAY_COMPLETE.has(stop.kind)
    return isDone ? end : { kind: 'stopped', stop }
  }

  #giveUp(): void {
    const { label } = this
    const { open, notice } = this.#ports
    const stop = this.#stop
    if (stop === null) return
    this.#isGivenUp = true
    this.#givingUp?.cancel()
    open.remove(this)
    if (stop.kind !== 'exited') {
      const after = stop.giveUpAfterMs === undefined ? 'one second' : formatDuration(stop.giveUpAfterMs)
      notice(
        `${label} is still running ${after} after its signal was aborted. ` +
          'The engine no longer waits for the call, and ignores the result',
      )
    }
    this.#resolve?.(this.#end({ kind: 'stopped', stop }))
  }

  #endedLate(end: CallEnd): void {
    if (end.kind === 'threw' && isExitError(end.thrown)) return
    const { label } = this
    const { notice, clock } = this.#ports
    const lateMs = Math.round(clock.monotonic() - this.#deadlineAt)
    const when = lateMs > 0 ? ` ${lateMs} ms after its limit` : ''
    const how = end.kind === 'threw' ? `error is ignored: ${shown(end.thrown)}` : 'result is ignored'
    notice(`${label} did not stop in time, and has now ended${when}. The ${how}`)
  }

  #end(end: CallEnd): CallEnd {
    this.#hasEnded = true
    this.#unlisten?.()
    return end
  }
}

/** A function that does not end with the error of its parked call fails. */
function parkedEnd(end: CallEnd, parked: ParkedError, label: string): CallEnd {
  if (end.kind === 'threw' && end.thrown === parked) return { kind: 'parked' }
  if (end.kind !== 'returned') return end
  const message =
    `${label} caught the ParkedError of tools.run() and returned. Throw the error again, so that the task can start ` +
    'again after the end of the child execution.'
  return { kind: 'threw', thrown: new TypeError(message) }
}

function shown(thrown: unknown): string {
  try {
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  } catch {
    return 'a value that cannot be displayed'
  }
}
