/**
 * A place for one interpreter, with the scripts that live in it. Owned by `host.ts`.
 * When the interpreter dies a new one is started and the scripts are loaded again; whoever made it die is kept away
 * for a while (`suspects.ts`), so that one bad trigger cannot keep the others from running. An interpreter that ran a
 * program is not replaced: the program went with it.
 */

import type { LoadTarget, ProgramTarget } from '../border/protocol.ts'
import type { Clock, TaskSlot, Timer } from '../engine/ports.ts'
import { toError } from '../errors.ts'
import { Suspects } from './crash-suspects.ts'
import type { Answer, InterpreterEnd, InterpreterProcess } from './interpreter-process.ts'
import { type EntryAnswer, refused } from './outcomes.ts'

const RESTART_AGAIN_MS = 10_000

export interface SlotEvents {
  /** A dead interpreter was replaced, or could not be. `culprit`: who made it die, where that is known. */
  restarted(end: InterpreterEnd, culprit: string | null, failure: Error | null): void
  /** A script declared again what it declares, in the new interpreter. */
  reloaded(script: string, answer: Answer): void
}

/** Starts an interpreter and reports its end. */
export type InterpreterStarter = (ended: (end: InterpreterEnd) => void) => Promise<InterpreterProcess>

export class Slot {
  readonly #start: InterpreterStarter
  readonly #clock: Clock
  readonly #events: SlotEvents
  readonly #suspects: Suspects
  readonly #scripts = new Map<string, LoadTarget>()
  /** Ends of waits that `close` cuts short. */
  readonly #pauses = new Set<() => void>()
  #thread: Promise<InterpreterProcess>
  /** Settles when another interpreter is started in place of one that died or did not start. */
  #nextAttempt = Promise.withResolvers<void>()
  #restart: Timer | null = null
  #holdsProgram = false
  #isClosed = false

  constructor(start: InterpreterStarter, clock: Clock, events: SlotEvents) {
    this.#start = start
    this.#clock = clock
    this.#events = events
    this.#suspects = new Suspects(clock)
    this.#thread = this.#startThread()
    this.#thread.catch(() => {}) // every user of the slot sees the failure through `thread()`
  }

  /** The living interpreter, once it has started and loaded its scripts. */
  thread(): Promise<InterpreterProcess> {
    return this.#thread
  }

  async load(script: string, target: LoadTarget): Promise<Answer> {
    const thread = await this.#thread
    const answer = await thread.load(script, target)
    if (answer.kind === 'loaded') this.#scripts.set(script, target)
    return answer
  }

  /** Runs a program in the interpreter, which lives no longer than it. */
  async runProgram(target: ProgramTarget): Promise<Answer> {
    this.#holdsProgram = true
    return (await this.#thread).runProgram(target)
  }

  /** Calls the interpreter for a poll or a task, unless that made it die a short while ago. */
  async enter(label: string, call: (thread: InterpreterProcess) => Promise<EntryAnswer>): Promise<EntryAnswer> {
    let endTurn: (() => void) | null = null
    try {
      await this.#living() // a turn is for being inside, not for waiting until there is an interpreter
      endTurn = await this.#suspects.turnOf(label)
      const waitMs = this.#suspects.backedOffMs(label)
      if (waitMs > 0) {
        return refused(`${label} made the interpreter die, and is not run for another ${Math.ceil(waitMs / 1000)} s`)
      }
      const thread = await this.#living()
      if (thread === null) return refused('the interpreters are closed')
      this.#suspects.entered(label)
      const answer = await call(thread)
      this.#suspects.left(label, answer.kind !== 'lost')
      return answer
    } catch (error) {
      return refused(toError(error).message)
    } finally {
      endTurn?.()
    }
  }

  /** Settles when the label may enter again; its concurrency slot is free for others meanwhile. */
  async backOffEnd(label: string, taskSlot: TaskSlot): Promise<void> {
    const isLiving = await Promise.race([this.#living().then(() => true), nextTurn().then(() => false)])
    if (isLiving && this.#suspects.backedOffMs(label) === 0) return
    taskSlot.release()
    await this.#living()
    const waitMs = this.#suspects.backedOffMs(label)
    if (waitMs > 0) await this.#pause(waitMs)
    await taskSlot.acquire()
  }

  /**
   * The interpreter, as soon as there is one that lives: one that was not entered loses nothing by waiting. Null when
   * there will be none.
   */
  async #living(): Promise<InterpreterProcess | null> {
    while (!this.#isClosed) {
      const attempt = this.#thread
      const thread = await attempt.catch(() => null)
      if (thread !== null && (!thread.isDead || this.#holdsProgram)) return thread
      if (attempt === this.#thread) await this.#nextAttempt.promise
    }
    return null
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#restart?.cancel()
    for (const end of this.#pauses) end()
    this.#nextAttempt.resolve()
    const thread = await this.#thread.catch(() => null)
    await thread?.close()
  }

  #startThread(): Promise<InterpreterProcess> {
    return this.#start((end) => this.#replace(end))
  }

  #replace(end: InterpreterEnd): void {
    if (this.#isClosed || this.#holdsProgram) return
    const culprit = this.#suspects.died()
    this.#startAgain(end, culprit)
  }

  #startAgain(end: InterpreterEnd, culprit: string | null): void {
    const { resolve } = this.#nextAttempt
    this.#nextAttempt = Promise.withResolvers()
    queueMicrotask(resolve)
    this.#thread = this.#startThread().then(async (thread) => {
      for (const [script, target] of this.#scripts) this.#events.reloaded(script, await thread.load(script, target))
      if (culprit !== null) this.#suspects.keepAway(culprit)
      return thread
    })
    this.#thread.then(
      () => this.#events.restarted(end, culprit, null),
      (error) => {
        if (this.#isClosed) return
        this.#events.restarted(end, culprit, toError(error))
        this.#restart = this.#clock.wakeAfter(RESTART_AGAIN_MS, () => this.#startAgain(end, culprit))
      },
    )
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.wakeAfter(delayMs, () => end())
      const end = () => {
        timer.cancel()
        this.#pauses.delete(end)
        resolve()
      }
      this.#pauses.add(end)
    })
  }
}

/** Whoever has an interpreter already has heard of it by then. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
