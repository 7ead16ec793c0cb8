/**
 * Data that a screen shows and keeps up to date while it is visible: read first, after events that concern it, after a
 * lost connection, and in intervals without a stream. One request at a time. Data stays when a later reading fails.
 */

import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { asProblem, type Problem } from '../api/problem.ts'
import { connection, listenToEvents, missedCount } from './event-connection.ts'
import type { ServerEvent } from './event-reader.ts'
import { delay } from './live-clock.ts'
import { isVisible } from './visibility.ts'

/** Minimum pause before a reading after events. If it is longer, `APART_TIMES` times the last reading's duration. */
const APART_MS = 400
const APART_TIMES = 4
/** Interval of readings without a stream. */
const POLLED_EVERY_MS = 2_000

export interface Resource<Value> {
  /** Null until the first reading. */
  readonly value: ReadonlySignal<Value | null>
  /** Error of the last reading, or null. */
  readonly problem: ReadonlySignal<Problem | null>
  /** Reads immediately, after a change by the visitor. */
  reload(): void
}

interface Source<Value> {
  load(abort: AbortSignal): Promise<Value>
  /** Returns whether an event may have changed the data. */
  concerns(event: ServerEvent): boolean
}

/** `key` names the data. A new key starts without the old data. */
export function useResource<Value>(key: string, source: Source<Value>): Resource<Value> {
  const resource = useMemo(() => new LiveResource(source), [key])
  useEffect(() => resource.keep(), [resource])
  return resource
}

class LiveResource<Value> implements Resource<Value> {
  readonly value: Signal<Value | null> = signal(null)
  readonly problem: Signal<Problem | null> = signal(null)
  readonly #source: Source<Value>
  #wanted = false
  #wake: (() => void) | null = null

  constructor(source: Source<Value>) {
    this.#source = source
  }

  reload(): void {
    this.#wanted = true
    this.#wake?.()
  }

  /** Keeps the data up to date until the returned function is called. */
  keep(): () => void {
    const stopping = new AbortController()
    const unlisten = listenToEvents((event) => {
      if (this.#source.concerns(event)) this.reload()
    })
    const unsee = effect(() => {
      if (isVisible.value && missedCount.value >= 0) this.reload()
    })
    void this.#run(stopping.signal)
    return () => {
      stopping.abort()
      this.#wake?.()
      unlisten()
      unsee()
    }
  }

  async #run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      if (this.#wanted && isVisible.value) await this.#read(stop)
      else await this.#asked(stop)
    }
  }

  async #read(stop: AbortSignal): Promise<void> {
    this.#wanted = false
    const begunAt = performance.now()
    try {
      const value = await this.#source.load(stop)
      if (stop.aborted) return
      this.value.value = value
      this.problem.value = null
    } catch (thrown) {
      if (stop.aborted) return
      this.problem.value = asProblem(thrown)
    }
    await delay(Math.max(APART_MS, APART_TIMES * (performance.now() - begunAt)), stop)
  }

  /** Waits for a reload, or for the next interval without a stream. */
  async #asked(stop: AbortSignal): Promise<void> {
    const asked = new AbortController()
    this.#wake = () => asked.abort()
    await delay(POLLED_EVERY_MS, asked.signal)
    this.#wake = null
    if (!stop.aborted && connection.value === 'polling') this.#wanted = true
  }
}
