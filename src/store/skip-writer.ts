/**
 * Writes buffered skips within a second of the first, and before later polls of the same trigger. If the skips of
 * thousands of triggers only lengthen runs that are written already, a part of them is written each second.
 */

import type { Clock, Timer } from '../engine/clock-port.ts'
import type { SkippedTick } from '../engine/triggers/poll-records.ts'
import { POLLS_WRITTEN_WITHIN_MS } from '../model/trigger.ts'
import { SkipBuffer, type SkipRuns } from './skip-buffer.ts'
import type { RunStep, Session, Step, StepNeed } from './store-session.ts'

const WRITE_AFTER_MS = 1_000
/** Maximum number of triggers whose skips are written in one tick of the event loop, so that it stays free. */
const TRIGGERS_A_STEP = 1_000
/** Maximum time between two writes of a run, if there are many. Lengthening a row takes 7 µs, and a poll 10 µs. */
const LENGTHENED_WITHIN_S = POLLS_WRITTEN_WITHIN_MS / WRITE_AFTER_MS

type WriteSkips = (session: Session, runs: SkipRuns) => Step<void>

export class SkipWriter {
  readonly #clock: Clock
  readonly #run: RunStep
  readonly #writeSkips: WriteSkips
  readonly #skips = new SkipBuffer()
  /** Number of lengthened runs that are written in a second. Does not fall before all are written. */
  #share = TRIGGERS_A_STEP
  #timer: Timer | undefined
  #isClosed = false

  constructor(clock: Clock, run: RunStep, writeSkips: WriteSkips) {
    this.#clock = clock
    this.#run = run
    this.#writeSkips = writeSkips
  }

  note(skip: SkippedTick): void {
    if (this.#isClosed) return
    this.#skips.note(skip)
    if (this.#timer === undefined) this.#arm()
  }

  /** Time of the last skip of a trigger that is not written yet, or null. */
  lastAt(trigger: string): number | null {
    return this.#skips.lastAt(trigger)
  }

  /** Runs a step that reads, after the buffered skips of the trigger. */
  read<Result>(trigger: string, body: (session: Session) => Step<Result>): Promise<Result> {
    return this.lastAt(trigger) === null ? this.#run('read', body) : this.stepAfter('write', trigger, body)
  }

  /** Runs a step that first writes the buffered skips of the trigger, because they came before. */
  stepAfter<Result>(need: StepNeed, trigger: string, body: (session: Session) => Step<Result>): Promise<Result> {
    return this.#step(need, () => this.#skips.take(trigger), body)
  }

  /** Ignores later skips, and writes the others in a step of this tick of the event loop. */
  close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    return this.#writeSome(Number.POSITIVE_INFINITY)
  }

  #arm(): void {
    if (!this.#isClosed) this.#timer ??= this.#clock.wakeAfter(WRITE_AFTER_MS, () => void this.#writeAll())
  }

  /** Writes all buffered skips. After a failure they are written later, and `close` reports the last error. */
  async #writeAll(): Promise<void> {
    this.#timer = undefined
    // Skips that are noted during these writes have a second of their own.
    const { size, lengthening } = this.#skips
    this.#share = Math.max(this.#share, Math.ceil(lengthening / LENGTHENED_WITHIN_S))
    let left = size - lengthening + Math.min(this.#share, lengthening)
    try {
      for (; left > 0; left -= TRIGGERS_A_STEP) await this.#writeSome(Math.min(left, TRIGGERS_A_STEP))
    } catch {
      this.#arm()
    }
    if (this.#skips.lengthening > 0) this.#arm()
    else this.#share = TRIGGERS_A_STEP
  }

  #writeSome(limit: number): Promise<void> {
    return this.#step(
      'write',
      () => this.#skips.takeSome(limit),
      function* () {},
    )
  }

  /** Takes the skips once, when the step first runs, and puts them back when it fails. */
  async #step<Result>(need: StepNeed, take: () => SkipRuns, body: (session: Session) => Step<Result>): Promise<Result> {
    let taken: SkipRuns | undefined
    const write = this.#writeSkips
    try {
      return await this.#run(need, function* (session) {
        taken ??= take()
        yield* write(session, taken)
        return yield* body(session)
      })
    } catch (error) {
      if (taken !== undefined) this.#skips.putBack(taken)
      throw error
    }
  }
}
