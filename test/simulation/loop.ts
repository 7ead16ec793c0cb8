/**
 * Simulated time and the order of all callbacks. Several processes share one real thread. Each has an event loop with
 * the phases of Node's event loop: timers, answers, immediates. Between two callbacks of one process, another process
 * or a step of the program may run: a request, a kill, a suspension, a jump of a wall clock.
 *
 * Timers that are due together run one after the other, and only their promises settle between them. Their immediates,
 * such as the transaction of a store, run after all of them, as in Node.
 */

import type { SeededRandom } from './random.ts'

export interface ScheduledCallback {
  /** Prevents the callback. Further calls do nothing. */
  cancel(): void
}

interface Entry {
  readonly at: number
  readonly order: number
  readonly run: () => void
  isCancelled: boolean
  /** Purpose of a timer, shown in messages. */
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
  /** Callbacks of the current round of the event loop. */
  #round: Entry[] = []
  /** Time until which the process computes. */
  busyUntil = 0

  constructor(name: string, loop: SimulationLoop) {
    this.name = name
    this.#loop = loop
  }

  /** Calls `run` in the timers phase, at the given time or later. */
  timer(at: number, run: () => void, label = 'a timer'): ScheduledCallback {
    return this.#add(this.#timers, at, run, label)
  }

  /** Calls `run` when a result from Python or from a server arrives. */
  answer(at: number, run: () => void): ScheduledCallback {
    return this.#add(this.#answers, at, run)
  }

  /** Calls `run` in the immediates phase, after the promises of this turn. */
  soon(run: () => void): ScheduledCallback {
    return this.#add(this.#immediates, this.#loop.now, run)
  }

  /** Purposes of timers that neither ran nor were cancelled. */
  get pendingTimers(): readonly string[] {
    return this.#timers.filter((timer) => !timer.isCancelled).map(({ label }) => label ?? '')
  }

  /** Ends the process: none of its callbacks runs again. */
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
    // Immediates of timers and answers run in this round. Immediates of immediates run in the next round.
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

/** Maximum number of turns of the event loop at one simulated time. More turns are an endless loop. */
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
  /** Number of turns so far. */
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

  /** Runs a step of the program at the given time, between two turns of the event loops. */
  step(at: number, run: () => void): void {
    insert(this.#steps, { at: Math.max(at, this.now), order: this.nextOrder(), run, isCancelled: false })
  }

  nextOrder(): number {
    this.#order += 1
    return this.#order
  }

  /** Runs all callbacks up to a time, or until `isDone` returns true between two turns. */
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

  /** Returns the duration of a callback: mostly microseconds, sometimes a few milliseconds. */
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

  /** Waits until the promises of a turn have settled. */
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

/** Removes and returns the entries that are due. */
function due(entries: Entry[], now: number): readonly Entry[] {
  let count = 0
  while (count < entries.length && (entries[count]?.at ?? 0) <= now) count += 1
  return entries.splice(0, count)
}

/** Inserts an entry in the order of times. Entries with equal times keep the order of their calls. */
function insert(entries: Entry[], entry: Entry): void {
  let index = entries.length
  while (index > 0 && (entries[index - 1]?.at ?? 0) > entry.at) index -= 1
  entries.splice(index, 0, entry)
}
