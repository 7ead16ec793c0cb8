/**
 * Worker thread that answers one request at a time. It starts with the first request and ends after a minute without
 * one. A thread that does not answer in time, or runs out of memory, is ended: its request is rejected, and the next
 * request starts another thread.
 *
 * States and transitions:
 *   none → idle       the first request starts the thread
 *   idle → busy       a request is sent
 *   busy → idle       the thread answers; the next queued request is sent
 *   busy → none       the thread exceeds the time limit of the request, or dies
 *   idle → none       nobody asks for a minute
 */

import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../engine/clock-port.ts'
import type { ThreadAnswer } from './thread-messages.ts'

const IDLE_MS = 60_000

export interface RequestThreadOptions {
  /** Entry file, which calls `answerRequests`. */
  readonly entry: URL
  readonly name: string
  readonly memoryMebibytes: number
  readonly clock: Clock
}

interface Queued {
  readonly request: unknown
  readonly limitMs: number
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

export class RequestThread<Request, Answer> {
  readonly #options: RequestThreadOptions
  readonly #queue: Queued[] = []
  #worker: Worker | null = null
  #current: Queued | null = null
  /** Time limit of the current request, or the end of an idle thread. */
  #timer: Timer | null = null

  constructor(options: RequestThreadOptions) {
    this.#options = options
  }

  /** Settles with the answer, or rejects with the thread's error or the reason of its end. */
  ask(request: Request, limitMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, limitMs, resolve, reject })
      this.#next()
    })
  }

  async close(): Promise<void> {
    const worker = this.#worker
    // Uncoded: callers turn it into an error of their own
    for (const { reject } of this.#queue.splice(0)) reject(new Error('the worker thread was closed'))
    this.#lost('the worker thread was closed')
    await worker?.terminate()
  }

  #next(): void {
    if (this.#current !== null) return
    this.#timer?.cancel()
    const { clock } = this.#options
    const next = this.#queue.shift()
    if (next === undefined) {
      this.#timer = clock.wakeAfter(IDLE_MS, () => this.#end(''))
      return
    }
    this.#current = next
    this.#worker ??= this.#start()
    this.#timer = clock.wakeAfter(next.limitMs, () =>
      this.#end(`the worker thread did not answer within ${next.limitMs / 1_000} s`),
    )
    this.#worker.postMessage(next.request)
  }

  #start(): Worker {
    const { entry, name, memoryMebibytes } = this.#options
    const resourceLimits = { maxOldGenerationSizeMb: memoryMebibytes }
    const worker = new Worker(entry, { name, resourceLimits })
    let reason = ''
    worker.on('message', (message: ThreadAnswer<Answer>) => this.#received(worker, message))
    worker.on('error', (error: NodeJS.ErrnoException) => {
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      reason = isMemory ? `the worker thread needs more than ${memoryMebibytes} MiB of memory` : error.message
    })
    worker.on('exit', (code) => {
      if (this.#worker === worker) this.#lost(reason === '' ? `the worker thread ended with exit code ${code}` : reason)
    })
    worker.unref()
    return worker
  }

  #received(worker: Worker, message: ThreadAnswer<Answer>): void {
    if (this.#worker !== worker || this.#current === null) return
    const { resolve, reject } = this.#current
    this.#current = null
    if (message.kind === 'answered') resolve(message.answer as never)
    else reject(new Error(message.message)) // Uncoded: callers turn it into an error of their own
    this.#next()
  }

  #end(reason: string): void {
    void this.#worker?.terminate()
    this.#lost(reason)
  }

  /** Rejects the current request; the next one starts another thread. */
  #lost(reason: string): void {
    this.#worker = null
    this.#timer?.cancel()
    const current = this.#current
    this.#current = null
    current?.reject(new Error(reason)) // Uncoded: callers turn it into an error of their own
    if (this.#queue.length > 0) this.#next()
  }
}
