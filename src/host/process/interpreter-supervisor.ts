/**
 * Keeps one interpreter alive, with the scripts that live in it. Owned by `python-host.ts`, which says how one is started and
 * how a script is loaded.
 *
 *   starting ──▶ live ──▶ (its process ends) ──▶ starting ──▶ live, and each script is loaded again
 *      ▲ └─ fails ─▶ waiting, 10 s ─┘  └─ stuck: a spare one is started, which takes over when this one is killed
 *   live ──▶ leaving (near a ceiling, `replacement.ts`): another one is live, and this one ends when the scripts are there
 *
 * What was not entered is not lost: it waits until there is an interpreter and its script is loaded. Whoever made an
 * interpreter die is kept away for a while (`crash-suspects.ts`). One that ran a program is not replaced: the program
 * went with it.
 */

import type { ProgramTarget, RunningProgram } from '../../border/protocol.ts'
import type { Clock, TaskSlot, Timer } from '../../engine/ports.ts'
import { toError } from '../../errors.ts'
import type { InterpreterMeasurement, RestartCause } from '../../metrics/measurements.ts'
import type { Answer, InterpreterEnd } from './answers.ts'
import type { Resource } from './control-line.ts'
import { Suspects } from './crash-suspects.ts'
import type { InterpreterProcess } from './interpreter-process.ts'
import { backedOff, type EntryAnswer, NOT_SERVED, refused } from './outcomes.ts'
import { Replacement } from './replacement.ts'
import type { StackReport } from './stack-report.ts'

const RESTART_AGAIN_MS = 10_000
const BYTES_PER_MEBIBYTE = 1_048_576
/** A script that takes longer than this to be loaded again lets the next one begin. */
const LOAD_ALONE_MS = 5_000

/** What a process reports to its supervisor. */
export interface ProcessEvents {
  /** Its process ended after it had started. */
  ended(end: InterpreterEnd): void
  /** An entry is overdue and does not stop; it may have to be killed. */
  stuck(): void
  /** So much of something is in use that a ceiling is near. */
  nearCeiling(resource: Resource, amount: number): void
}

export interface SupervisorOptions {
  readonly clock: Clock
  /** What runs in it, for people. */
  readonly python: string
  /** Counted up when another one is to take the place of one that is gone. */
  readonly restarts: Record<RestartCause, number>
  /** Starts one. `spawned` hears of each process at once, so that it can be ended before it has started. */
  start(events: ProcessEvents, spawned: (process: InterpreterProcess) => void): Promise<InterpreterProcess>
  /** Loads a script into a new interpreter. Never rejects. */
  reload(script: string, interpreter: InterpreterProcess): Promise<void>
  /** An interpreter ended. `culprit`: who made it, where that is known. True when its script lives elsewhere from now on. */
  ended(end: InterpreterEnd, culprit: string | null): boolean
  /** Another one is there, or could not be started and is tried again. */
  restarted(reason: string, failure: Error | null): void
}

/** One poll or task inside. */
export interface Visit {
  begin(interpreter: InterpreterProcess): Promise<EntryAnswer>
  /** Called once its answer is there. */
  left(): void
}

export class InterpreterSupervisor {
  readonly #options: SupervisorOptions
  readonly #suspects: Suspects
  readonly #replacement: Replacement
  readonly #scripts = new Set<string>()
  readonly #reloads = new Map<string, Promise<void>>()
  readonly #firstStart = Promise.withResolvers<void>()
  /** Ends of waits that `close` cuts short. */
  readonly #pauses = new Set<() => void>()
  /** Those who wait until there is an interpreter. */
  #arrivals = Promise.withResolvers<void>()
  #live: InterpreterProcess | null = null
  #starting: InterpreterProcess | null = null
  #spare: Promise<InterpreterProcess> | null = null
  #spareProcess: InterpreterProcess | null = null
  /** Those that were replaced and go on until their scripts are in the next one. */
  readonly #leaving = new Map<InterpreterProcess, Promise<void>>()
  #restart: Timer | null = null
  /** Why there is none, and none is wanted until there is a script for it; else null. */
  #idleAfter: string | null = null
  #holdsProgram = false
  #isClosed = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#suspects = new Suspects(options.clock)
    this.#replacement = new Replacement(options.clock, {
      isDue: () => this.#live?.isQuiet === true && (this.#spareProcess?.isReady === true || this.#scripts.size === 0),
      prepare: () => this.#startSpare(),
      replace: (reason) => this.#replace(reason),
    })
    this.#firstStart.promise.catch(() => undefined) // for whoever asks `started`
    this.#startNow(null, null)
  }

  /** Settles when it runs for the first time; rejects when it could not be started. */
  get started(): Promise<void> {
    return this.#firstStart.promise
  }

  get scripts(): ReadonlySet<string> {
    return this.#scripts
  }

  /** A script lives here from now on: whatever replaces the interpreter loads it. */
  add(script: string): void {
    this.#scripts.add(script)
  }

  remove(script: string): void {
    this.#scripts.delete(script)
  }

  /** Stops what runs of an execution. */
  cancelTasks(executionId: string): void {
    for (const interpreter of [this.#live, ...this.#leaving.keys()]) {
      interpreter?.cancelTasks(executionId, [...this.#scripts])
    }
  }

  /** The interpreter, once there is one; null when it was closed before. */
  async interpreter(): Promise<InterpreterProcess | null> {
    if (this.#idleAfter !== null) {
      this.#options.restarts.idle += 1
      this.#startNow(this.#idleAfter, null)
      this.#idleAfter = null
    }
    while (this.#live === null && !this.#isClosed) await this.#arrivals.promise
    return this.#isClosed ? null : this.#live
  }

  /** Runs a program in the interpreter, which lives no longer than it. Null when it was closed before. */
  async runProgram(target: ProgramTarget | RunningProgram): Promise<Answer | null> {
    this.#holdsProgram = true
    await this.started
    return (await this.interpreter())?.runProgram(target) ?? null
  }

  /** Whether this is an interpreter that lives here. */
  holds(interpreter: InterpreterProcess): boolean {
    return interpreter === this.#live || this.#leaving.has(interpreter)
  }

  /** This poll or task made another interpreter die, and begins here with its back-off. */
  suspect(label: string): void {
    this.#suspects.keepAway(label)
  }

  /** Into this very interpreter, for a script that is still being loaded: nothing is waited for. */
  enterLoading(interpreter: InterpreterProcess, label: string, visit: Visit): Promise<EntryAnswer> {
    if (!this.holds(interpreter)) return Promise.resolve(refused('the interpreter of the script has ended'))
    return this.enterNow(interpreter, label, visit)
  }

  /** The interpreter, where nobody has to wait for a place in the queue; else null. */
  get open(): InterpreterProcess | null {
    const isOpen = this.#reloads.size === 0 && this.#suspects.isEmpty && this.#replacement.held === null
    return isOpen ? this.#live : null
  }

  /** A call is made in it that nobody awaits here: `left` is to be called at its end, with the place that this returns. */
  entered(label: string): number {
    return this.#suspects.entered(label)
  }

  /** Waits until the script is there, and refuses a poll or task that made the interpreter die a short while ago. */
  async enter(script: string, label: string, visitOf: () => Visit | null): Promise<EntryAnswer> {
    await this.#readyFor(script) // a place is for being inside, not for waiting until there is an interpreter
    const leavePlace = await this.#suspects.placeOf(label)
    try {
      const waitMs = this.#suspects.backedOffMs(label)
      if (waitMs > 0) return backedOff(label, waitMs)
      const interpreter = await this.#readyFor(script)
      if (interpreter === null) return refused('the runner is closed')
      const visit = visitOf()
      if (visit === null) return NOT_SERVED
      return await this.enterNow(interpreter, label, visit)
    } finally {
      leavePlace?.()
    }
  }

  async #readyFor(script: string): Promise<InterpreterProcess | null> {
    for (;;) {
      await this.#replacement.held
      const interpreter = await this.interpreter()
      await this.#reloads.get(script)
      if (interpreter === null || interpreter === this.#live) return interpreter
    }
  }

  /** Without a place in the queue. */
  enterNow(interpreter: InterpreterProcess, label: string, visit: Visit): Promise<EntryAnswer> {
    const place = this.#suspects.entered(label)
    return visit.begin(interpreter).then(
      (answer) => {
        this.left(label, place, visit, answer.kind !== 'lost')
        return answer
      },
      (thrown: unknown) => {
        this.left(label, place, visit, true)
        return refused(toError(thrown).message)
      },
    )
  }

  /** `isGood`: the interpreter is still there. */
  left(label: string, place: number, visit: Pick<Visit, 'left'>, isGood: boolean): void {
    this.#suspects.left(label, place, isGood)
    visit.left()
    this.#replacement.check()
  }

  /** Why nothing goes on in its interpreters. */
  describeStacks(withinMs: number): readonly Promise<StackReport>[] {
    const all = [...(this.#live === null ? [] : [this.#live]), ...this.#leaving.keys()]
    return all.map((interpreter) => interpreter.describeStacks(withinMs))
  }

  /** The processes that are there for it: one, or several while one takes over from another. */
  measure(): readonly Omit<InterpreterMeasurement, 'name'>[] {
    const others = [this.#starting, this.#spareProcess].filter((each) => each !== null)
    return [...(this.#live === null ? [] : [this.#live]), ...this.#leaving.keys(), ...others].map((each) => ({
      ...{ python: this.#options.python, state: others.includes(each) ? 'starting' : 'live' },
      residentBytes: each.memoryMebibytes === null ? null : each.memoryMebibytes * BYTES_PER_MEBIBYTE,
    }))
  }

  /** Settles when the label may enter again; its concurrency slot is free for others meanwhile. */
  async backOffEnd(label: string, taskSlot: TaskSlot): Promise<void> {
    const waitMs = this.#suspects.backedOffMs(label)
    if (waitMs === 0 && this.#live !== null) return
    taskSlot.release()
    await this.#pause(waitMs)
    await this.interpreter()
    await taskSlot.acquire()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#restart?.cancel()
    for (const end of this.#pauses) end()
    this.#arrivals.resolve()
    // A start is not waited for: nothing runs in it yet.
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
      this.#startNow(reason, culprit) // a spare that died while it waited
      return
    }
    this.#live = interpreter
    this.#reloadAll(interpreter)
    if (culprit !== null) this.#suspects.keepAway(culprit)
    this.#firstStart.resolve()
    this.#arrivals.resolve()
    if (reason !== null) this.#options.restarted(reason, null)
  }

  #failed(error: Error, reason: string | null, culprit: string | null): void {
    this.#starting = null
    this.#spareProcess = null
    this.#firstStart.reject(error)
    // Nobody waits for the first one of a host that does not open.
    if (this.#isClosed || (reason === null && this.#scripts.size === 0)) return
    const why = reason ?? 'its first start failed'
    this.#options.restarted(why, error)
    this.#restart = this.#options.clock.wakeAfter(RESTART_AGAIN_MS, () => this.#startNow(why, culprit))
  }

  /** One after another; one that takes long lets the next begin. */
  #reloadAll(interpreter: InterpreterProcess): void {
    let before: Promise<unknown> = Promise.resolve()
    for (const script of this.#scripts) {
      const loaded = before.then(() => this.#options.reload(script, interpreter))
      const reload = loaded.finally(() => {
        if (this.#reloads.get(script) === reload) this.#reloads.delete(script)
      })
      this.#reloads.set(script, reload)
      before = Promise.race([reload, before.then(() => this.#pause(LOAD_ALONE_MS))])
    }
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
      this.#options.ended(end, null) // of one that was leaving
      return
    }
    this.#replacement.end()
    this.#leaveLive()
    const culprit = this.#suspects.died(end.culprit)
    const isElsewhere = this.#options.ended(end, culprit)
    if (isElsewhere && culprit !== null) this.#suspects.forget(culprit)
    const isKeptAway = culprit !== null && this.#suspects.has(culprit)
    // Without scripts it is started when somebody asks for it.
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
        if (this.#spare === spare) this.#spare = null // it is tried again when it is needed
        this.#replacement.failed()
      },
    )
  }

  #nearCeiling(resource: Resource, amount: number): void {
    if (this.#live !== null && !this.#holdsProgram && !this.#isClosed) this.#replacement.near(resource, amount)
  }

  /** It ends as python ends, once its scripts are in the next one; what is still inside then is lost, and run again. */
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

  /** Settles when there is an interpreter with the scripts, or none is wanted any more. */
  async #reloaded(): Promise<void> {
    while (this.#live === null && !this.#isClosed && this.#idleAfter === null) await this.#arrivals.promise
    await Promise.all(this.#reloads.values())
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#options.clock.wakeAfter(ms, () => end())
      const end = () => {
        timer.cancel()
        this.#pauses.delete(end)
        resolve()
      }
      this.#pauses.add(end)
    })
  }
}
