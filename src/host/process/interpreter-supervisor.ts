/**
 * Keeps one interpreter with its scripts alive. Owned by `python-host.ts`, which starts interpreters and loads scripts.
 *
 *   starting ──▶ live ──▶ (its process ends) ──▶ starting ──▶ live, and each script is loaded again
 *      ▲ └─ fails ─▶ waiting, 10 s ─┘  └─ stuck: a spare one is started, which takes over when this one is killed
 *   live ──▶ leaving (near a ceiling, `replacement.ts`): another one is live; this one ends when the scripts are loaded
 *
 * A call that has not begun is not lost: it waits until there is an interpreter and its script is loaded. A call that
 * killed an interpreter is kept away for a while (`crash-suspects.ts`). An interpreter that ran a program is not
 * replaced, because the program ended with it.
 */

import type { ProgramTarget, RunningProgram } from '../../border/protocol.ts'
import type { Clock, Timer } from '../../engine/clock-port.ts'
import type { TaskSlot } from '../../engine/ports.ts'
import { toError } from '../../errors.ts'
import type { InterpreterMeasurement, RestartCause } from '../../metrics/measurements.ts'
import type { CallResult, InterpreterEnd } from './call-answers.ts'
import { backedOffRefusal, NOT_SERVED, refusedCall } from './call-outcomes.ts'
import type { LimitedResource } from './control-line.ts'
import type { InterpreterProcess } from './interpreter-process.ts'
import type { StackReport } from './stack-report.ts'
import { Suspects } from './supervision/crash-suspects.ts'
import { Replacement } from './supervision/replacement.ts'
import { Pauses, ScriptReloads } from './supervision/script-reloads.ts'

const RESTART_AGAIN_MS = 10_000
const BYTES_PER_MEBIBYTE = 1_048_576

export interface ProcessEvents {
  ended(end: InterpreterEnd): void
  /** An entry is overdue and does not stop. It may have to be killed. */
  stuck(): void
  nearCeiling(resource: LimitedResource, amount: number): void
}

export interface SupervisorOptions {
  readonly clock: Clock
  /** Name of the Python, for people. */
  readonly python: string
  /** Numbers of restarts by cause. */
  readonly restarts: Record<RestartCause, number>
  /** Starts one. Calls `spawned` immediately for each process, so that it can be killed before it has started. */
  start(events: ProcessEvents, spawned: (process: InterpreterProcess) => void): Promise<InterpreterProcess>
  /** Loads a script into a new interpreter. Never rejects. */
  reload(script: string, interpreter: InterpreterProcess): Promise<void>
  /** An interpreter ended. Returns whether the script of `culprit` gets an interpreter of its own. */
  ended(end: InterpreterEnd, culprit: string | null): boolean
  /** A new one runs, or could not be started and is retried. */
  restarted(reason: string, failure: Error | null): void
}

/** Poll, task or batch in an interpreter. */
export interface SupervisedCall {
  begin(interpreter: InterpreterProcess): Promise<CallResult>
  /** Called once, when the call has a result. */
  ended(): void
}

export class InterpreterSupervisor {
  readonly #options: SupervisorOptions
  readonly #suspects: Suspects
  readonly #replacement: Replacement
  readonly #scripts = new Set<string>()
  readonly #pauses: Pauses
  readonly #reloads: ScriptReloads
  readonly #firstStart = Promise.withResolvers<void>()
  #arrivals = Promise.withResolvers<void>()
  #live: InterpreterProcess | null = null
  #starting: InterpreterProcess | null = null
  #spare: Promise<InterpreterProcess> | null = null
  #spareProcess: InterpreterProcess | null = null
  /** Replaced ones, which run until their scripts are loaded into the next one. */
  readonly #leaving = new Map<InterpreterProcess, Promise<void>>()
  #restart: Timer | null = null
  /** Reason why none is started until a script needs one; else null. */
  #idleAfter: string | null = null
  #holdsProgram = false
  #isClosed = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#suspects = new Suspects(options.clock)
    this.#pauses = new Pauses(options.clock)
    this.#reloads = new ScriptReloads(this.#pauses)
    this.#replacement = new Replacement(options.clock, {
      isDue: () => this.#live?.isQuiet === true && (this.#spareProcess?.isReady === true || this.#scripts.size === 0),
      prepare: () => this.#startSpare(),
      replace: (reason) => this.#replace(reason),
    })
    // Ignored: callers of `started` receive the error
    this.#firstStart.promise.catch(() => undefined)
    this.#startNow(null, null)
  }

  get started(): Promise<void> {
    return this.#firstStart.promise
  }

  get scripts(): ReadonlySet<string> {
    return this.#scripts
  }

  /** Adds a script, which every later interpreter loads. */
  add(script: string): void {
    this.#scripts.add(script)
  }

  remove(script: string): void {
    this.#scripts.delete(script)
  }

  cancelTasks(executionId: string): void {
    for (const interpreter of [this.#live, ...this.#leaving.keys()]) {
      interpreter?.cancelTasks(executionId, [...this.#scripts])
    }
  }

  /** Waits for the interpreter. Returns null if it was closed before. */
  async interpreter(): Promise<InterpreterProcess | null> {
    if (this.#idleAfter !== null) {
      this.#options.restarts.idle += 1
      this.#startNow(this.#idleAfter, null)
      this.#idleAfter = null
    }
    while (this.#live === null && !this.#isClosed) await this.#arrivals.promise
    return this.#isClosed ? null : this.#live
  }

  /** Runs a program. The interpreter ends with it. Returns null if it was closed before. */
  async runProgram(target: ProgramTarget | RunningProgram): Promise<CallResult | null> {
    this.#holdsProgram = true
    await this.started
    return (await this.interpreter())?.runProgram(target) ?? null
  }

  holds(interpreter: InterpreterProcess): boolean {
    return interpreter === this.#live || this.#leaving.has(interpreter)
  }

  /** Starts the back-off of a poll or task that crashed another interpreter. */
  suspect(label: string): void {
    this.#suspects.keepAway(label)
  }

  /** Calls a script in its interpreter immediately, while it is still being loaded. */
  callLoading(interpreter: InterpreterProcess, label: string, call: SupervisedCall): Promise<CallResult> {
    if (!this.holds(interpreter)) return Promise.resolve(refusedCall('the interpreter of the script has ended'))
    return this.call(interpreter, label, call)
  }

  /** Returns the interpreter if calls need not wait; else null. */
  get open(): InterpreterProcess | null {
    const isOpen = this.#reloads.isEmpty && this.#suspects.isEmpty && this.#replacement.held === null
    return isOpen ? this.#live : null
  }

  /** Notes a call that is made without `call`. At its end, call `ended` with the returned place. */
  began(label: string): number {
    return this.#suspects.began(label)
  }

  /** Waits until the script is loaded. Refuses a call that crashed the interpreter a short time ago. */
  async callInTurn(script: string, label: string, callOf: () => SupervisedCall | null): Promise<CallResult> {
    await this.#readyFor(script) // places are only for calls inside an interpreter
    const leavePlace = await this.#suspects.placeOf(label)
    try {
      const waitMs = this.#suspects.backedOffMs(label)
      if (waitMs > 0) return backedOffRefusal(label, waitMs)
      const interpreter = await this.#readyFor(script)
      if (interpreter === null) return refusedCall('the runner is closed')
      const call = callOf()
      if (call === null) return NOT_SERVED
      return await this.call(interpreter, label, call)
    } finally {
      leavePlace?.()
    }
  }

  async #readyFor(script: string): Promise<InterpreterProcess | null> {
    for (;;) {
      await this.#replacement.held
      const interpreter = await this.interpreter()
      await this.#reloads.of(script)
      if (interpreter === null || interpreter === this.#live) return interpreter
    }
  }

  call(interpreter: InterpreterProcess, label: string, call: SupervisedCall): Promise<CallResult> {
    const place = this.#suspects.began(label)
    return call.begin(interpreter).then(
      (result) => {
        this.ended(label, place, call, result.kind !== 'lost' && result.kind !== 'outOfLease')
        return result
      },
      (thrown: unknown) => {
        this.ended(label, place, call, true)
        return refusedCall(toError(thrown).message)
      },
    )
  }

  /** `isGood`: the interpreter still runs. */
  ended(label: string, place: number, call: Pick<SupervisedCall, 'ended'>, isGood: boolean): void {
    this.#suspects.ended(label, place, isGood)
    call.ended()
    this.#replacement.check()
  }

  /** Returns the reasons why no call makes progress. */
  describeStacks(withinMs: number): readonly Promise<StackReport>[] {
    const all = [...(this.#live === null ? [] : [this.#live]), ...this.#leaving.keys()]
    return all.map((interpreter) => interpreter.describeStacks(withinMs))
  }

  /** Measures its processes: one, or several during a replacement. */
  measure(): readonly Omit<InterpreterMeasurement, 'name'>[] {
    const others = [this.#starting, this.#spareProcess].filter((each) => each !== null)
    return [...(this.#live === null ? [] : [this.#live]), ...this.#leaving.keys(), ...others].map((each) => ({
      ...{ python: this.#options.python, state: others.includes(each) ? 'starting' : 'live' },
      residentBytes: each.memoryMebibytes === null ? null : each.memoryMebibytes * BYTES_PER_MEBIBYTE,
    }))
  }

  /** Settles when the label may enter again. Other tasks use its slot until then. */
  async backOffEnd(label: string, taskSlot: TaskSlot): Promise<void> {
    const waitMs = this.#suspects.backedOffMs(label)
    if (waitMs === 0 && this.#live !== null) return
    taskSlot.release()
    await this.#pauses.begin(waitMs)
    await this.interpreter()
    await taskSlot.acquire()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#restart?.cancel()
    this.#pauses.close()
    this.#arrivals.resolve()
    // Closing does not wait for a start, because nothing runs in it yet.
    this.#starting?.kill('it was closed')
    this.#spareProcess?.kill('it was closed')
    this.#replacement.end()
    await Promise.all([this.#live?.close(), ...this.#leaving.values()])
  }

  #startNow(reason: string | null, culprit: string | null): void {
    const spare = this.#spare
    this.#spare = null
    const started =
      spare ??
      this.#options.start(this.#eventsOf(), (process) => {
        this.#starting = process
      })
    started.then(
      (interpreter) => this.#arrived(interpreter, reason, culprit),
      (thrown: unknown) => this.#failed(toError(thrown), reason, culprit),
    )
  }

  #arrived(interpreter: InterpreterProcess, reason: string | null, culprit: string | null): void {
    this.#starting = null
    this.#spareProcess = null
    if (this.#isClosed) {
      interpreter.kill('it was closed')
      return
    }
    if (interpreter.hasEnded) {
      this.#startNow(reason, culprit)
      return
    }
    this.#live = interpreter
    this.#reloads.begin(this.#scripts, (script) => this.#options.reload(script, interpreter))
    if (culprit !== null) this.#suspects.keepAway(culprit)
    this.#firstStart.resolve()
    this.#arrivals.resolve()
    if (reason !== null) this.#options.restarted(reason, null)
  }

  #failed(error: Error, reason: string | null, culprit: string | null): void {
    this.#starting = null
    this.#spareProcess = null
    this.#firstStart.reject(error)
    // Does not retry the first start of a host that does not open.
    if (this.#isClosed || (reason === null && this.#scripts.size === 0)) return
    const why = reason ?? 'its first start failed'
    this.#options.restarted(why, error)
    this.#restart = this.#options.clock.wakeAfter(RESTART_AGAIN_MS, () => this.#startNow(why, culprit))
  }

  #eventsOf(): ProcessEvents {
    return {
      ended: (end) => this.#ended(end),
      stuck: () => this.#startSpare(),
      nearCeiling: (resource, amount) => this.#nearCeiling(resource, amount),
    }
  }

  #ended(end: InterpreterEnd): void {
    if (this.#isClosed || this.#holdsProgram) return
    if (this.#live === null || !this.#live.hasEnded) {
      this.#options.ended(end, null)
      return
    }
    this.#replacement.end()
    this.#leaveLive()
    const culprit = end.isOutOfLease ? null : this.#suspects.died(end.culprit)
    const isElsewhere = this.#options.ended(end, culprit)
    if (isElsewhere && culprit !== null) this.#suspects.forget(culprit)
    const isKeptAway = culprit !== null && this.#suspects.has(culprit)
    if (this.#scripts.size === 0) this.#idleAfter = end.reason
    else {
      this.#options.restarts.died += 1
      this.#startNow(end.reason, isKeptAway ? culprit : null)
    }
  }

  #startSpare(): void {
    if (this.#spare !== null || this.#isClosed || this.#holdsProgram || this.#scripts.size === 0) return
    const spare = this.#options.start(this.#eventsOf(), (process) => {
      this.#spareProcess = process
    })
    this.#spare = spare
    spare.then(
      () => this.#replacement.check(),
      () => {
        if (this.#spare === spare) this.#spare = null // the next request for it tries again
        this.#replacement.failed()
      },
    )
  }

  #nearCeiling(resource: LimitedResource, amount: number): void {
    if (this.#live !== null && !this.#holdsProgram && !this.#isClosed) this.#replacement.near(resource, amount)
  }

  /** Replaces the interpreter. Calls still inside after its scripts are in the next one are lost, and run again. */
  #replace(reason: string): void {
    const old = this.#live
    if (old === null) return
    this.#leaveLive()
    if (this.#scripts.size === 0) this.#idleAfter = reason
    else {
      this.#options.restarts.ceiling += 1
      this.#startNow(reason, null)
    }
    const left = this.#reloaded()
      .then(() => old.close(reason))
      .finally(() => this.#leaving.delete(old))
    this.#leaving.set(old, left)
  }

  #leaveLive(): void {
    this.#live = null
    this.#arrivals = Promise.withResolvers<void>()
    this.#reloads.clear()
  }

  /** Waits for an interpreter with the scripts, or until none is wanted any more. */
  async #reloaded(): Promise<void> {
    while (this.#live === null && !this.#isClosed && this.#idleAfter === null) await this.#arrivals.promise
    await this.#reloads.ended()
  }
}
