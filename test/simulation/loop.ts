/**
 * Simulated time and the order of everything that happens. Several processes share one real thread: each has an event loop
 * with the phases of Node's (timers, answers, immediates), and between two callbacks of one process any other process may
 * run, or a step of the program: a request, a kill, a suspension, a jump of a wall clock.
 *
 * Timers that are due together run one after the other, and only their promises settle between them. The immediates that
 * they ask for, such as the transaction of a store, run after all of them, as in Node.
 */

import type { SeededRandom } from './random.ts'

export interface ScheduledCallback {
  /** Idempotent. */
  cancel(): void
}

interface Entry {
  readonly at: number
  readonly order: number
  readonly run: () => void
  isCancelled: boolean
  /** Purpose of a timer, for messages. */
  readonly label?: string
}

/** The event loop of one process. */
export class ProcessLoop {
  readonly name: string
  readonly #loop: SimulationLoop
  state: 'running' | 'suspended' | 'ended' = 'running'
  readonly #timers: Entry[] = []
  readonly #answers: Entry[] = []
  #immediates: Entry[] = []
  /** Callbacks of the present round of the event loop. */
  #round: Entry[] = []
  /** The process computes until this time. */
  busyUntil = 0

  constructor(name: string, loop: SimulationLoop) {
    this.name = name
    this.#loop = loop
  }

  /** Calls back in the timers phase, at a time or later. */
  timer(at: number, run: () => void, label = 'a timer'): ScheduledCallback {
    return this.#add(this.#timers, at, run, label)
  }

  /** Calls back when an answer from outside arrives: from Python, or from a server. */
  answer(at: number, run: () => void): ScheduledCallback {
    return this.#add(this.#answers, at, run)
  }

  /** Calls back after the promises of this turn, in the immediates phase. */
  soon(run: () => void): ScheduledCallback {
    return this.#add(this.#immediates, this.#loop.now, run)
  }

  /** Purposes of timers that neither ran nor were cancelled. */
  get pendingTimers(): readonly string[] {
    return this.#timers.filter((timer) => !timer.isCancelled).map(({ label }) => label ?? '')
  }

  /** No callback of the process ever runs again. */
  end(): void {
    this.state = 'ended'
    for (const entries of [this.#timers, this.#answers, this.#immediates, this.#round]) entries.length = 0
  }

  /** Time of the next callback, or Infinity. */
  get nextAt(): number {
    if (this.state !== 'running') return Number.POSITIVE_INFINITY
    if (this.#round.length > 0 || this.#immediates.length > 0) return Math.max(this.busyUntil, this.#loop.now)
    return Math.max(this.busyUntil, Math.min(first(this.#timers), first(this.#answers)))
  }

  /** Runs one callback. */
  runNext(): void {
    for (;;) {
      const entry = this.#round.shift() ?? this.#beginRound()
      if (entry === undefined) return
      if (entry.isCancelled) continue
      entry.run()
      return
    }
  }

  #beginRound(): Entry | undefined {
    const now = this.#loop.now
    this.#round = [...due(this.#timers, now), ...due(this.#answers, now)]
    // Immediates of the callbacks above are part of this round, those of immediates of the next one.
    this.#round.push({ at: now, order: 0, run: () => this.#takeImmediates(), isCancelled: false })
    return this.#round.shift()
  }

  #takeImmediates(): void {
    this.#round.push(...this.#immediates.splice(0))
  }

  #add(entries: Entry[], at: number, run: () => void, label = ''): ScheduledCallback {
    const entry: Entry = {
      at: Math.max(at, this.#loop.now),
      order: this.#loop.nextOrder(),
      run,
      isCancelled: false,
      label,
    }
    if (this.state !== 'ended') insert(entries, entry)
    return {
      cancel: () => {
        entry.isCancelled = true
      },
    }
  }
}

/** Maximum number of turns of the event loop at one simulated time. More mean that the simulation loops for ever. */
const MAX_TURNS_AT_ONE_TIME = 200_000

export class SimulationLoop {
  /** Milliseconds since the simulation began, with fractions. */
  now = 0
  readonly processes: ProcessLoop[] = []
  readonly #steps: Entry[] = []
  readonly #random: SeededRandom
  /** Waits until a database server has answered every statement. Simulated time does not advance while it waits. */
  readonly #untilAnswered: () => Promise<void> | null
  #order = 0
  #turnsAtOneTime = 0
  /** Turns so far. */
  turns = 0

  constructor(random: SeededRandom, untilAnswered: () => Promise<void> | null = () => null) {
    this.#random = random
    this.#untilAnswered = untilAnswered
  }

  /** Adds a process with its own event loop. */
  process(name: string): ProcessLoop {
    const process = new ProcessLoop(name, this)
    this.processes.push(process)
    return process
  }

  /** Runs a step of the program at a time, between two turns of the event loops. */
  step(at: number, run: () => void): void {
    insert(this.#steps, { at: Math.max(at, this.now), order: this.nextOrder(), run, isCancelled: false })
  }

  nextOrder(): number {
    this.#order += 1
    return this.#order
  }

  /** Runs everything up to a time, or until `isDone` answers true between two turns. */
  async run(until: number, isDone: () => boolean = () => false): Promise<void> {
    while (!isDone()) {
      const stepAt = first(this.#steps)
      const at = Math.min(stepAt, ...this.processes.map((process) => process.nextAt))
      if (at > until) break
      this.#advance(at)
      const ready = this.processes.filter((process) => process.nextAt <= this.now)
      const isStepDue = stepAt <= this.now
      const index = this.#random.int(0, ready.length - (isStepDue ? 0 : 1))
      const process = ready[index]
      if (process === undefined) this.#steps.shift()?.run()
      else {
        process.runNext()
        process.busyUntil = this.now + this.#computingMs()
      }
      await this.#settled()
    }
    if (!isDone()) this.now = Math.max(this.now, until)
  }

  /** Most callbacks take microseconds, some a few milliseconds. */
  #computingMs(): number {
    const drawn = this.#random.next()
    if (drawn < 0.7) return 0
    return drawn < 0.98 ? (drawn - 0.7) / 2 : (drawn - 0.98) * 200
  }

  #advance(at: number): void {
    this.#turnsAtOneTime = at > this.now ? 0 : this.#turnsAtOneTime + 1
    this.turns += 1
    if (this.#turnsAtOneTime > MAX_TURNS_AT_ONE_TIME) throw new Error(`Time stands still at ${this.now} ms.`)
    this.now = Math.max(this.now, at)
  }

  /** The promises of a turn settle before anything else happens. */
  async #settled(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    for (let answered = this.#untilAnswered(); answered !== null; answered = this.#untilAnswered()) {
      await answered
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }
}

function first(entries: readonly Entry[]): number {
  return entries[0]?.at ?? Number.POSITIVE_INFINITY
}

/** Removes and returns the entries up to a time. */
function due(entries: Entry[], now: number): readonly Entry[] {
  let count = 0
  while (count < entries.length && (entries[count]?.at ?? 0) <= now) count += 1
  return entries.splice(0, count)
}

/** Keeps the order of times, and of calls for equal times. */
function insert(entries: Entry[], entry: Entry): void {
  let index = entries.length
  while (index > 0 && (entries[index - 1]?.at ?? 0) > entry.at) index -= 1
  entries.splice(index, 0, entry)
}
