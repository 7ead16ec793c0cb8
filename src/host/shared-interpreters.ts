/**
 * The interpreters over which scripts are spread: as many as were asked for, but no more than there are scripts, and than the
 * machine has memory for. Of one Python: held by `interpreter-groups.ts`. Those of scripts that live alone are not among them.
 */

import { toError } from '../errors.ts'
import type { InterpreterSupervisor } from './process/interpreter-supervisor.ts'

/** What one takes that has just begun. */
const BEGUN_MEBIBYTES = 256
const BYTES_PER_MEBIBYTE = 1_048_576

export interface SharedOptions {
  readonly atMost: number
  supervise(): InterpreterSupervisor
  /** One line worth a log entry. */
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

  /** Starts those that are missing for so many scripts. */
  expect(scripts: number): void {
    const missing = Math.min(scripts, this.#atMost) - this.#all.length
    if (missing <= 0) return
    const startable = Math.min(missing, roomForMore())
    if (startable < missing) this.#limitTo(this.#all.length + startable, 'there is not enough memory for more')
    this.#all = [...this.#all, ...Array.from({ length: startable }, () => this.#options.supervise())]
  }

  /** The one for the next script; one that could not be started is done without. */
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

/** Of the machine's memory, or of what the group of this process may have. */
function roomForMore(): number {
  return Math.floor(process.availableMemory() / BYTES_PER_MEBIBYTE / BEGUN_MEBIBYTES)
}
