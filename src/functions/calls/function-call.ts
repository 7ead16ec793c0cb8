/**
 * One poll or attempt of a function. It has to end: at its deadline, when it is cancelled, and when something that it set off
 * fails where nobody handles it, its signal is aborted, and what has not ended a second later is given up. A call that was to end the
 * process, such as `process.exit`, is given up immediately.
 *
 * States, and the moves:
 *   running  -> ended      it returned, threw, or its promise settled
 *   running  -> stopping   it has to end: why is said by the first reason
 *   stopping -> ended      its promise settled, or it was given up; what comes of it then is only said in the log
 */

import type { Console } from 'node:console'
import type { Clock, Timer } from '../../engine/ports.ts'
import type { ScriptError } from '../../errors.ts'
import type { LogSink } from '../../model/log.ts'
import type { Printed } from '../../output/call-log.ts'
import { isPromiseLike } from '../promise-like.ts'
import type { CallOutput } from './call-output.ts'
import { type CallScope, inScope } from './call-scope.ts'
import { CancelledError, DeadlineError, isExitError } from './faults.ts'
import type { OpenCalls } from './open-calls.ts'
import { exitError, type ProcessExit } from './process-ends.ts'

/** Longer than anybody else should wait for a turn. */
const BUSY_MS = 500

/** After its signal was aborted. */
const GIVEN_UP_AFTER_MS = 1_000

/** Why it has to end. */
export interface Stop {
  readonly kind: 'timedOut' | 'cancelled' | 'background' | 'stopping' | 'exited'
  readonly reason: unknown
}

/** How it ended. */
export type CallEnd =
  | { readonly kind: 'returned'; readonly value: unknown }
  | { readonly kind: 'threw'; readonly thrown: unknown }
  | { readonly kind: 'stopped'; readonly stop: Stop }

/** What is called, and within which limit. */
export interface Called {
  /** How logs name it. */
  readonly label: string
  readonly script: string
  readonly executionId: string | null
  readonly deadlineMs: number
  readonly log: LogSink | undefined
  /** What another thread knows it by; undefined where none does. */
  readonly number: number | undefined
  /** What stands before each of its lines at a terminal. */
  readonly prefix: () => string
}

/** The same for all calls of a host: a poll that skips should make as little as can be. */
export interface CallPorts {
  readonly clock: Clock
  readonly open: OpenCalls
  readonly makeOutput: (called: Called) => CallOutput
  /** One line worth a log entry. */
  readonly notice: (message: string) => void
}

export class FunctionCall implements CallScope {
  readonly #called: Called
  readonly #ports: CallPorts
  /** Monotonic. */
  readonly deadlineAt: number
  console: Console | null = null
  #controller: AbortController | null = null
  #output: CallOutput | null = null
  #stop: Stop | null = null
  #givingUp: Timer | null = null
  #isGivenUp = false
  #hasEnded = false
  #unlisten: (() => void) | null = null
  #resolve: ((end: CallEnd) => void) | null = null

  constructor(called: Called, ports: CallPorts) {
    this.#called = called
    this.#ports = ports
    this.deadlineAt = ports.clock.monotonic() + called.deadlineMs
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

  /** It has ended, or has to. */
  get isStopping(): boolean {
    return this.#hasEnded || this.#stop !== null
  }

  get script(): string {
    return this.#called.script
  }

  get executionId(): string | null {
    return this.#called.executionId
  }

  /** Made when it is asked for: most functions do not. */
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

  /** Calls the function. What it returns at once is returned at once. Never throws, and what it returns does not reject. */
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
      // A promise-like object of the user's may throw and call back as it likes.
      Promise.resolve(returned).then(
        (value) => this.#promiseEnded({ kind: 'returned', value }),
        (thrown: unknown) => this.#promiseEnded({ kind: 'threw', thrown }),
      )
      if (this.#stop?.kind === 'exited') this.#giveUp()
    })
  }

  #entered(work: () => unknown): unknown {
    try {
      return inScope(this, work)
    } finally {
      const { clock, open } = this.#ports
      const from = this.deadlineAt - this.#called.deadlineMs
      if (clock.monotonic() - from > BUSY_MS) open.wasBusy(this, from)
    }
  }

  /** It has to end. The first reason counts. */
  stop(stop: Stop): void {
    if (this.#hasEnded || this.#stop !== null) return
    this.#stop = stop
    this.#givingUp = this.#ports.clock.wakeAfter(GIVEN_UP_AFTER_MS, () => this.#giveUp())
    // What its listeners throw is its own.
    inScope(this, () => this.#controller?.abort(stop.reason))
  }

  /** Of a poll that has asked for its signal: it has to end when the runner does, and then counts as never made. */
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
    if (isExitError(thrown)) return // it has been reported where it was called
    if (!this.#hasEnded) {
      this.stop({ kind: 'background', reason: thrown })
      return
    }
    const { label } = this
    const { notice } = this.#ports
    this.output.record('ERROR', 'Failed in the background after the call had ended', { error: thrown })
    notice(`${label} has ended, but code that it left running failed: ${shown(thrown)}`)
  }

  /** All that it printed and logged is sent. Before its outcome. */
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

  /** A call that computes until it is over its limit has exceeded it as well. */
  #settled(end: CallEnd): CallEnd {
    if (this.#stop === null && this.#ports.clock.monotonic() > this.deadlineAt) this.overdue()
    const stop = this.#stop
    this.#givingUp?.cancel()
    if (stop === null) return end
    const isDone = end.kind === 'returned' && (stop.kind === 'cancelled' || stop.kind === 'stopping')
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
      notice(
        `${label} is still running one second after its signal was aborted. ` +
          'The engine no longer waits for the call, and ignores the result',
      )
    }
    this.#resolve?.(this.#end({ kind: 'stopped', stop }))
  }

  #endedLate(end: CallEnd): void {
    if (end.kind === 'threw' && isExitError(end.thrown)) return
    const { label } = this
    const { notice, clock } = this.#ports
    const lateMs = Math.round(clock.monotonic() - this.deadlineAt)
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

function shown(thrown: unknown): string {
  try {
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
  } catch {
    return 'a value that cannot be displayed'
  }
}
