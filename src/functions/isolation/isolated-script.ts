/**
 * A script that lives in worker threads of its own: one for each generation, and a new one when one has ended. What it does
 * to its thread, it does to nobody else. Held by `module-scripts.ts`.
 */

import type { NotEntered, PollRequest, TaskRequest } from '../../engine/ports.ts'
import { toError, UsageError } from '../../errors.ts'
import { taskLabel } from '../../host/process/labels.ts'
import type { Declarations } from '../../model/declarations.ts'
import type { AttemptOutcome } from '../../model/execution.ts'
import type { PollOutcome } from '../../model/trigger.ts'
import type { ModuleFault } from '../loading/module-loader.ts'
import { NOT_ENTERED } from '../outcomes.ts'
import { LiveWorker, type LiveWorkerOptions, type LoadedMessage } from './live-worker.ts'
import { endNotice, taskLost, type WorkerEnd } from './worker-end.ts'

/** What came of loading it. */
export interface IsolatedLoad {
  readonly files: readonly string[]
  readonly result:
    | { readonly kind: 'good'; readonly declarations: Declarations }
    | { readonly kind: 'failed'; readonly fault: ModuleFault }
}

/** A task for which there is no thread yet. */
interface Waiting {
  readonly executionId: string
  isCancelled: boolean
}

export class IsolatedScript {
  readonly #options: LiveWorkerOptions
  #worker: Promise<LiveWorker | null> = Promise.resolve(null)
  #now: LiveWorker | null = null
  readonly #retired = new Set<LiveWorker>()
  readonly #waiting = new Set<Waiting>()
  #inputs: ReadonlySet<string> = new Set()
  #isClosed = false

  constructor(options: LiveWorkerOptions) {
    this.#options = options
  }

  get isServed(): boolean {
    return this.#now !== null && !this.#isClosed
  }

  /** Loads the file in a new thread. When it is good, that takes the place of the one before, in which what runs may end. */
  async load(): Promise<IsolatedLoad> {
    const next = new LiveWorker(this.#options)
    try {
      const { files, result } = await next.load()
      if (result.kind === 'failed') {
        await next.close()
        return { files, result }
      }
      this.#replace(next, result.inputs)
      return { files, result }
    } catch (thrown) {
      const fault = { type: 'WorkerDied', message: toError(thrown).message, traceback: '', place: null }
      return { files: [this.#options.path], result: { kind: 'failed', fault } }
    }
  }

  poll(request: PollRequest): Promise<PollOutcome | NotEntered> {
    const now = this.#atOnce()
    if (now !== null) return now.poll(request)
    return this.#living().then((worker) => worker?.poll(request) ?? NOT_ENTERED)
  }

  runTask(request: TaskRequest): Promise<AttemptOutcome | NotEntered> {
    return this.#atOnce()?.runTask(request) ?? this.#runInTurn(request)
  }

  /** It may be cancelled while it waits for the next thread. */
  async #runInTurn(request: TaskRequest): Promise<AttemptOutcome | NotEntered> {
    const waiting: Waiting = { executionId: request.executionId, isCancelled: false }
    this.#waiting.add(waiting)
    const worker = await this.#living()
    this.#waiting.delete(waiting)
    if (waiting.isCancelled) return taskLost(this.#endOf(request, true), request, taskLabel(request))
    return worker === null
      ? taskLost(this.#endOf(request, false), request, taskLabel(request))
      : worker.runTask(request)
  }

  /** Throws `INVALID_CONTEXT` for what does not fit. */
  async checkedInput(workflow: string, contextText: string): Promise<string> {
    const worker = this.#inputs.has(workflow) ? await this.#living() : null
    if (worker === null) return contextText
    const checked = await worker.checkedInput(workflow, contextText)
    if (checked.kind === 'fits') return checked.contextText
    throw new UsageError('INVALID_CONTEXT', checked.message, { workflow })
  }

  cancelTasks(executionId: string): void {
    for (const waiting of this.#waiting) if (waiting.executionId === executionId) waiting.isCancelled = true
    for (const worker of this.#all()) worker.cancelTasks(executionId)
  }

  underWay(): readonly string[] {
    return this.#all().flatMap((worker) => worker.underWay())
  }

  /** Nothing new is let in; what runs may end. */
  unload(): void {
    this.#isClosed = true
    if (this.#now !== null) this.#retire(this.#now)
    this.#now = null
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#all().map((worker) => worker.close()))
  }

  #all(): readonly LiveWorker[] {
    return [...(this.#now === null ? [] : [this.#now]), ...this.#retired]
  }

  #replace(next: LiveWorker, inputs: readonly string[]): void {
    if (this.#now !== null) this.#retire(this.#now)
    this.#now = next
    this.#worker = Promise.resolve(next)
    this.#inputs = new Set(inputs)
    next.onEnd = (end) => this.#ended(next, end)
  }

  #retire(worker: LiveWorker): void {
    this.#retired.add(worker)
    worker.onEnd = null
    void worker.quiet().then(async () => {
      await worker.close()
      this.#retired.delete(worker)
    })
  }

  /** The thread, where it is there: then a request is in it in this tick of the event loop. */
  #atOnce(): LiveWorker | null {
    const now = this.#now
    return now === null || now.hasEnded || this.#isClosed ? null : now
  }

  /** The thread, or the next one where it has ended; null where there is none. */
  #living(): Promise<LiveWorker | null> {
    return this.#isClosed ? Promise.resolve(null) : this.#worker
  }

  #ended(worker: LiveWorker, end: WorkerEnd): void {
    if (this.#now !== worker || this.#isClosed) return
    this.#options.notice(endNotice(end))
    this.#worker = this.#startAgain()
  }

  /** What waits for it meanwhile gets it, or hears that the script is not served any more. */
  async #startAgain(): Promise<LiveWorker | null> {
    const next = new LiveWorker(this.#options)
    const loaded = await next.load().catch((thrown: unknown): LoadedMessage => {
      const fault = { type: 'WorkerDied', message: toError(thrown).message, traceback: '', place: null }
      return { type: 'loaded', files: [], result: { kind: 'failed', fault } }
    })
    if (this.#isClosed || loaded.result.kind === 'failed') {
      await next.close()
      if (loaded.result.kind === 'failed') this.#giveUp(loaded.result.fault)
      return null
    }
    this.#now = null
    this.#replace(next, loaded.result.inputs)
    return next
  }

  #giveUp({ type, message }: ModuleFault): void {
    this.#now = null
    if (this.#isClosed) return
    const { script, notice } = this.#options
    notice(`Script "${script}" could not be reloaded and is no longer served: ${type}: ${message}`)
  }

  /** Of a task that was not let in. */
  #endOf(request: TaskRequest, isCancelled: boolean): WorkerEnd {
    const { script } = this.#options
    const culprit = isCancelled ? taskLabel(request) : null
    const reason = 'the script is no longer served'
    return { script, reason, culprit, isOverdue: false, isCancelled, isAlive: true }
  }
}
