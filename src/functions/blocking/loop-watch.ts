/**
 * Reports functions that block the engine's thread, because no poll, task or time limit works then. Stops scripts
 * that compute beyond their limit while they are loaded. Owned by `module-scripts.ts` while functions run in this
 * thread.
 */

import inspector from 'node:inspector'
import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../../engine/clock-port.ts'
import { toError } from '../../errors.ts'
import type { SourcePlace } from '../../model/workflow.ts'
import type { LoadWatch } from '../loading/module-loader.ts'
import {
  BEAT_EVERY_MS,
  BLOCKED_AFTER_MS,
  type BlockedFrame,
  type BlockedSample,
  type FromWatch,
  type ToWatch,
  type WatchData,
} from './watch-messages.ts'

const ENTRY = new URL(`./watch-entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

export interface LoopWatchOptions {
  readonly clock: Clock
  /** Labels of calls in scripts of this file that may have kept the thread busy at a monotonic time. */
  readonly suspects: (file: string, at: number) => readonly string[]
  readonly notice: (message: string) => void
  /** Returns the path for the URL of a module; null if it is not the user's. */
  readonly fileOf: (url: string) => string | null
}

export class LoopWatch implements LoadWatch {
  readonly #options: LoopWatchOptions
  readonly #beats = new Int32Array(new SharedArrayBuffer(8))
  readonly #worker: Worker
  #timer: Timer | null = null
  #lastBeatAt: number
  /** Scripts, by URL, that were stopped while they were loaded. */
  readonly #stopped = new Map<string, BlockedFrame>()
  #stoodMs = 0

  constructor(options: LoopWatchOptions) {
    this.#options = options
    this.#lastBeatAt = options.clock.monotonic()
    const workerData: WatchData = { beats: this.#beats }
    this.#worker = new Worker(ENTRY, { workerData, name: 'cloaca loop watch' })
    this.#worker.on('message', (message: FromWatch) => {
      if (message.type === 'blocked') this.#blocked(message)
      else this.#stopped.set(message.load, message.frame)
    })
    this.#worker.on('error', (error) => {
      options.notice(`Functions that block the event loop are no longer reported: ${toError(error).message}`)
    })
    this.#worker.unref()
    this.#beat()
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    await this.#worker.terminate()
  }

  begin(load: string, urls: readonly string[], limitMs: number): () => void {
    this.#send({ type: 'loading', load, urls, limitMs })
    return () => this.#send({ type: 'loaded', load })
  }

  module(load: string, url: string): void {
    this.#send({ type: 'module', load, url })
  }

  stoppedAt(load: string): SourcePlace | null {
    const frame = this.#stopped.get(load)
    this.#stopped.delete(load)
    const file = frame === undefined ? null : this.#options.fileOf(frame.url)
    return frame === undefined || file === null ? null : { file, line: frame.line }
  }

  #send(message: ToWatch): void {
    this.#worker.postMessage(message)
  }

  #beat(): void {
    const { clock } = this.#options
    const now = clock.monotonic()
    const stoodMs = now - this.#lastBeatAt - BEAT_EVERY_MS
    if (stoodMs > BLOCKED_AFTER_MS) this.#stoodMs = stoodMs
    this.#lastBeatAt = now
    Atomics.store(this.#beats, 1, inspector.url() === undefined ? 0 : 1)
    Atomics.add(this.#beats, 0, 1)
    this.#timer = clock.wakeAfter(BEAT_EVERY_MS, () => this.#beat())
  }

  #blocked({ frames, at }: BlockedSample): void {
    const { fileOf, suspects, notice } = this.#options
    for (const { name, url, line } of frames) {
      const file = fileOf(url)
      if (file === null) continue
      const labels = suspects(file, at)
      const who = labels.length === 0 ? `a function of ${file}` : labels.join(' or ')
      const seconds = (this.#stoodMs / 1_000).toFixed(1)
      notice(
        `${who} blocked the event loop for ${seconds} s in ${name} (${file}:${line}), so no other poll or task ran. ` +
          `To run this file in a worker, add: export const isolation = 'worker'`,
      )
      return
    }
  }
}
