/**
 * Script that runs in its own worker threads, one per generation, so that it can block only its own thread. A worker
 * that has ended is replaced. Owned by `module-scripts.ts`.
 */

import type { PollRequest, TaskRequest, TaskResult, TickResult } from '../../engine/ports.ts'
import { toError, UsageError } from '../../errors.ts'
import { NOT_STARTED } from '../../host/process/call-outcomes.ts'
import { taskLabel } from '../../host/process/labels.ts'
import type { Declarations } from '../../model/declarations.ts'
import type { ModuleFault } from '../loading/module-loader.ts'
import { LiveWorker, type LiveWorkerOptions, type LoadedMessage } from './live-worker.ts'
import { endNotice, taskLost, type WorkerEnd } from './worker-end.ts'

export interface IsolatedLoad {
  readonly files: readonly string[]
  readonly result:
    | { readonly kind: 'good'; readonly declarations: Declarations }
    | { readonly kind: 'failed'; readonly fault: ModuleFault }
}

/** Task that waits for a thread. */
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

  /** Loads the file in a new thread. A good one replaces the previous one, whose running calls may end. */
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

  poll(request: PollRequest): Promise<TickResult> {
    const now = this.#atOnce()
    if (now !== null) return now.poll(request)
    return this.#living().then((worker) => worker?.poll(request) ?? NOT_STARTED)
  }

  runTask(request: TaskRequest): Promise<TaskResult> {
    return this.#atOnce()?.runTask(request) ?? this.#runInTurn(request)
  }

  /** Runs the task when there is a thread. It may be cancelled while it waits. */
  async #runInTurn(request: TaskRequest): Promise<TaskResult> {
    const waiting: Waiting = { executionId: request.executionId, isCancelled: false }
    this.#waiting.add(waiting)
    const worker = await this.#living()
    this.#waiting.delete(waiting)
    if (waiting.isCancelled) return taskLost(this.#endOf(request, true), request, taskLabel(request))
    return worker === null
      ? taskLost(this.#endOf(request, false), request, taskLabel(request))
      : worker.runTask(request)
  }

  /** Throws `INVALID_CONTEXT` for a context that does not fit. */
  async checkedInput(workflow: string, contextText: string): Promise<string> {
    const worker = this.#inputs.has(workflow) ? await this.#living() : null
    if (worker === null) return contextText
    const checked = await worker.checkedInput(workflow, contextText)
    if (checked.kind === 'fits') return checked.contextText
    const { message, problems } = checked
    throw new UsageError('INVALID_CONTEXT', message, { workflow, ...(problems && { problems }) })
  }

  cancelTasks(executionId: string): void {
    for (const waiting of this.#waiting) if (waiting.executionId === executionId) waiting.isCancelled = true
    for (const worker of this.#all()) worker.cancelTasks(executionId)
  }

  underWay(): readonly string[] {
    return this.#all().flatMap((worker) => worker.underWay())
  }

  /** Stops new calls. Running ones may end. */
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

  /** Returns the thread if it is ready, so that a request is sent in this tick of the event loop. */
  #atOnce(): LiveWorker | null {
    const now = this.#now
    return now === null || now.hasEnded || this.#isClosed ? null : now
  }

  /** Returns the thread, or the next one after its end; null if there is none. */
  #living(): Promise<LiveWorker | null> {
    return this.#isClosed ? Promise.resolve(null) : this.#worker
  }

  #ended(worker: LiveWorker, end: WorkerEnd): void {
    if (this.#now !== worker || this.#isClosed) return
    this.#options.notice(endNotice(end))
    this.#worker = this.#startAgain()
  }

  /** Starts the next thread. Waiting requests use it, or fail if the script is no longer served. */
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

  /** Returns the end for a task that did not start. */
  #endOf(request: TaskRequest, isCancelled: boolean): WorkerEnd {
    const { script } = this.#options
    const culprit = isCancelled ? taskLabel(request) : null
    const reason = 'the script is no longer served'
    return { script, reason, culprit, isOverdue: false, isCancelled, isAlive: true }
  }
}
