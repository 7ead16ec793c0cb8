/**
 * A place for one interpreter, with the scripts that live in it. Owned by `host.ts`.
 * When the interpreter dies a new one is started and the scripts are loaded again; who made it die is backed off
 * (1 s, doubling to 5 min), so that one bad trigger cannot keep the others from running.
 */

import type { Clock } from '../engine/ports.ts'
import { toError } from '../errors.ts'
import type { LoadTarget } from './protocol.ts'
import type { Answer, InterpreterThread, ThreadEnd } from './thread.ts'

const FIRST_BACKOFF_MS = 1_000
const LONGEST_BACKOFF_MS = 300_000

export interface SlotEvents {
  /** A dead interpreter was replaced, or could not be. */
  restarted(end: ThreadEnd, failure: Error | null): void
  /** A script declared again what it declares, in the new interpreter. */
  reloaded(script: string, answer: Answer): void
}

/** Starts a thread and reports its end. */
export type ThreadStarter = (ended: (end: ThreadEnd) => void) => Promise<InterpreterThread>

export class Slot {
  readonly #start: ThreadStarter
  readonly #clock: Clock
  readonly #events: SlotEvents
  readonly #scripts = new Map<string, LoadTarget>()
  readonly #backoffs = new Map<string, { readonly delayMs: number; readonly untilAt: number }>()
  #thread: Promise<InterpreterThread>
  #isClosed = false

  constructor(start: ThreadStarter, clock: Clock, events: SlotEvents) {
    this.#start = start
    this.#clock = clock
    this.#events = events
    this.#thread = this.#startThread()
    this.#thread.catch(() => {}) // every user of the slot sees the failure through `thread()`
  }

  /** The living interpreter, once it has started and loaded its scripts. */
  thread(): Promise<InterpreterThread> {
    return this.#thread
  }

  async load(script: string, target: LoadTarget): Promise<Answer> {
    const thread = await this.#thread
    const answer = await thread.load(script, target)
    if (answer.kind === 'loaded') this.#scripts.set(script, target)
    return answer
  }

  /** The instant until which this culprit is not run, or null. */
  backedOffUntil(label: string): number | null {
    if (this.#backoffs.size === 0) return null
    const backoff = this.#backoffs.get(label)
    return backoff !== undefined && backoff.untilAt > this.#clock.now() ? backoff.untilAt : null
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const thread = await this.#thread.catch(() => null)
    await thread?.close()
  }

  #startThread(): Promise<InterpreterThread> {
    return this.#start((end) => this.#replace(end))
  }

  #replace(end: ThreadEnd): void {
    if (this.#isClosed) return
    if (end.culprit !== null) this.#backOff(end.culprit)
    this.#thread = this.#startThread().then(async (thread) => {
      for (const [script, target] of this.#scripts) this.#events.reloaded(script, await thread.load(script, target))
      return thread
    })
    this.#thread.then(
      () => this.#events.restarted(end, null),
      (error) => this.#events.restarted(end, toError(error)),
    )
  }

  #backOff(label: string): void {
    const delayMs = Math.min((this.#backoffs.get(label)?.delayMs ?? FIRST_BACKOFF_MS / 2) * 2, LONGEST_BACKOFF_MS)
    this.#backoffs.set(label, { delayMs, untilAt: this.#clock.now() + delayMs })
  }
}
