/**
 * Interpreters that scripts of one Python share. Their number is limited by an option, the number of scripts and the
 * machine's memory. Owned by `interpreter-groups.ts`. Quarantined scripts have others.
 */

import { toError } from '../errors.ts'
import type { InterpreterSupervisor } from './process/interpreter-supervisor.ts'

/** Memory that a new interpreter uses. */
const BEGUN_MEBIBYTES = 256
const BYTES_PER_MEBIBYTE = 1_048_576

export interface SharedOptions {
  readonly atMost: number
  supervise(): InterpreterSupervisor
  notice(message: string): void
}

export class SharedInterpreters {
  readonly first: InterpreterSupervisor
  readonly #options: SharedOptions
  #all: readonly InterpreterSupervisor[]
  #atMost: number
  #chosen = 0

  constructor(options: SharedOptions) {
    this.#options = options
    this.#atMost = options.atMost
    this.first = options.supervise()
    this.#all = [this.first]
  }

  get all(): readonly InterpreterSupervisor[] {
    return this.#all
  }

  expect(scripts: number): void {
    const missing = Math.min(scripts, this.#atMost) - this.#all.length
    if (missing <= 0) return
    const startable = Math.min(missing, roomForMore())
    if (startable < missing) this.#limitTo(this.#all.length + startable, 'there is not enough memory for more')
    this.#all = [...this.#all, ...Array.from({ length: startable }, () => this.#options.supervise())]
  }

  /** Returns the interpreter for the next script. Skips one that could not be started. */
  async next(): Promise<InterpreterSupervisor> {
    for (;;) {
      const chosen = this.#all[this.#chosen++ % this.#all.length] ?? this.first
      try {
        await chosen.started
        return chosen
      } catch (error) {
        if (chosen === this.first) throw error
        if (this.#all.includes(chosen)) await this.#doWithout(chosen, toError(error))
      }
    }
  }

  async #doWithout(failed: InterpreterSupervisor, { message }: Error): Promise<void> {
    this.#all = this.#all.filter((each) => each !== failed)
    this.#limitTo(this.#all.length, message)
    await failed.close()
  }

  #limitTo(count: number, reason: string): void {
    const wanted = this.#atMost
    this.#atMost = count
    const interpreters = count === 1 ? 'one interpreter' : `${count} interpreters`
    this.#options.notice(`Scripts run in ${interpreters} instead of ${wanted}: ${reason}`)
  }
}

/** Reads the free memory of the machine, or of this process's control group. */
function roomForMore(): number {
  return Math.floor(process.availableMemory() / BYTES_PER_MEBIBYTE / BEGUN_MEBIBYTES)
}
