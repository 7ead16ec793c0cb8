/** How the parts of the store add steps: to the queue of those that write, or to a connection that reads. */

import type { StepTrait } from '../session.ts'
import type { AddStep as AddStepOn, StepNeed, StepResult } from '../steps.ts'
import { closed, readOnly } from './session/failures.ts'
import type { Readers } from './session/readers.ts'
import type { Session } from './session/session.ts'
import type { Alike, StepTraits, WriteQueue } from './session/write-queue.ts'

export type AddStep = AddStepOn<Session>
export type Run<Result> = (session: Session) => StepResult<Result>

/** What an engine has to report of what it did: it waits for a server that is away. */
export const REPORTS: StepTraits = { need: 'accept', isPatient: true }

export class Steps {
  readonly #queue: WriteQueue
  readonly #readers: Readers
  /** The database, for messages. */
  readonly #shown: string
  readonly #isReadOnly: boolean
  #isClosed = false

  constructor(queue: WriteQueue, readers: Readers, shown: string, isReadOnly: boolean) {
    this.#queue = queue
    this.#readers = readers
    this.#shown = shown
    this.#isReadOnly = isReadOnly
  }

  /** Others are told of what it writes. */
  add<Result>(need: StepNeed, run: Run<Result>): Promise<Result> {
    const runAndTell: Run<Result> = (session) => {
      session.notifyEngines()
      return run(session)
    }
    return need === 'read' ? this.#read(run) : this.#write({ need, isPatient: false }, runAndTell)
  }

  /** Nobody else has anything to do because of it. */
  addQuietly<Result>(need: StepNeed, run: Run<Result>): Promise<Result> {
    return need === 'read' ? this.#read(run) : this.#write({ need, isPatient: false }, run)
  }

  /** See `StepTrait`. */
  addWith<Result>(trait: StepTrait | undefined, need: StepNeed, run: Run<Result>): Promise<Result> {
    if (trait === undefined) return this.add(need, run)
    if (trait === 'quiet' || need === 'read') return this.addQuietly(need, run)
    return this.#write({ need, isPatient: false, isAlone: true }, run)
  }

  /** Together with those alike. */
  alike<Item, Result>(alike: Alike<Item, Result>, item: Item): Promise<Result> {
    return this.#isReadOnly ? Promise.reject(readOnly(this.#shown)) : this.#queue.addAlike(alike, item)
  }

  /** As `add`, of what was polled, run and logged: see `REPORTS`. */
  report<Result>(need: StepNeed, run: Run<Result>): Promise<Result> {
    return need === 'read' ? this.#read(run) : this.#write({ ...REPORTS, need }, run)
  }

  /** Those asked for from now on are refused. */
  close(): void {
    this.#isClosed = true
  }

  #write<Result>(traits: StepTraits, run: Run<Result>): Promise<Result> {
    if (this.#isReadOnly) return Promise.reject(readOnly(this.#shown))
    return this.#queue.add(traits, async (session) => await run(session))
  }

  /** Behind what was asked for before it in this tick of the event loop, and before what is asked for after it. */
  async #read<Result>(run: Run<Result>): Promise<Result> {
    if (this.#isClosed) throw closed(this.#shown)
    const readNow = () => this.#readers.run(async (session) => await run(session))
    if (this.#queue.isQueueing) return await this.#queue.caughtUp().then(readNow)
    const reading = readNow()
    this.#queue.precededBy(reading)
    return await reading
  }
}
