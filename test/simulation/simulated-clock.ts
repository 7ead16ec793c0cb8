/** Clock of one simulated process: the Clock port with simulated time. Machines differ in wall and monotonic time. */

import { RepeatedAttempts } from '../../src/engine/backoff/attempts.ts'
import type { Clock, Timer, Trouble, WallJump } from '../../src/engine/clock-port.ts'
import { WallWatch } from '../../src/engine/wall-watch.ts'
import type { ProcessLoop, SimulationLoop } from './loop.ts'
import type { Program } from './program.ts'
import { SeededRandom } from './random.ts'

/** Wall time at the start of each simulation. */
export const SIMULATION_START = Date.UTC(2026, 0, 1)

/** Machine with the clocks that its processes share. */
export interface Machine {
  readonly name: string
  /** Wall time minus simulated time. Changes when the clock is set. */
  wallOffsetMs: number
  /** Monotonic time at the start of the simulation. */
  readonly monotonicAtStart: number
}

/** Returns the machines of a program. The processes of a SQLite file run on one machine, possibly in containers. */
export function drawnMachines({ seed, store, machines }: Program): readonly Machine[] {
  const random = new SeededRandom(`machines ${seed}`)
  const drawn = machines.map((machine) => ({ ...machine, monotonicAtStart: random.int(1_000, 1_000_000) }))
  const [first] = drawn
  if (store === 'postgres' || first === undefined) return drawn
  return drawn.map((machine) => ({ ...machine, monotonicAtStart: first.monotonicAtStart }))
}

export class SimulatedClock implements Clock {
  readonly #loop: SimulationLoop
  readonly #process: ProcessLoop
  readonly #machine: Machine
  readonly #attempts: RepeatedAttempts
  readonly #wallWatch = new WallWatch(this)
  /** Number of listeners for jumps of the wall clock. */
  listeners = 0

  constructor(loop: SimulationLoop, process: ProcessLoop, machine: Machine, onTrouble: (trouble: Trouble) => void) {
    this.#loop = loop
    this.#process = process
    this.#machine = machine
    this.#attempts = new RepeatedAttempts(this, onTrouble)
  }

  now(): number {
    return Math.floor(SIMULATION_START + this.#loop.now + this.#machine.wallOffsetMs)
  }

  monotonic(): number {
    return this.#machine.monotonicAtStart + this.#loop.now
  }

  wakeAfter(delayMs: number, callback: () => void, during = 'a timer'): Timer {
    let retry: Timer | null = null
    const run = (): void => {
      retry = this.#attempts.run(during, callback)
    }
    const scheduled =
      delayMs <= 0
        ? this.#process.soon(run)
        : this.#process.timer(this.#loop.now + Math.ceil(delayMs), run, `${during}, ${callback}`)
    return {
      cancel: () => {
        scheduled.cancel()
        retry?.cancel()
      },
    }
  }

  soon(callback: () => void): void {
    this.#process.soon(() => this.#attempts.run('a store operation', callback))
  }

  attempt(during: string, work: () => void): Timer {
    return this.#attempts.run(during, work)
  }

  onWallJump(callback: (jump: WallJump) => void): () => void {
    this.listeners += 1
    const stop = this.#wallWatch.listen(callback)
    return () => {
      this.listeners -= 1
      stop()
    }
  }
}
