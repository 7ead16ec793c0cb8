/**
 * Something that a screen shows of the engine, and keeps true while it is seen: read at first, after events that concern it, after
 * a connection was lost, and again and again where there is no stream. One request at a time. What was read stays when a later
 * reading fails.
 */

import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { asProblem, type Problem } from '../api/problem.ts'
import { after } from './clock.ts'
import { connection, listen, missed } from './connection.ts'
import type { ServerEvent } from './event-reader.ts'
import { isVisible } from './visibility.ts'

/** Between two readings that events ask for; and so many times what the last one took, so that a large list is read more seldom. */
const APART_MS = 400
const APART_TIMES = 4
/** Between two readings where there is no stream. */
const POLLED_EVERY_MS = 2_000

export interface Resource<Value> {
  /** Null until it was read for the first time. */
  readonly value: ReadonlySignal<Value | null>
  /** Why the last reading failed; null when it did not. */
  readonly problem: ReadonlySignal<Problem | null>
  /** Reads it now: after the visitor has changed something. */
  reload(): void
}

interface Source<Value> {
  load(abort: AbortSignal): Promise<Value>
  /** Whether an event may have changed it. */
  concerns(event: ServerEvent): boolean
}

/** `key` names what is read: another one begins anew, with nothing of the old one. */
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

  /** Keeps it true until the function that is returned is called. */
  keep(): () => void {
    const stopping = new AbortController()
    const unlisten = listen((event) => {
      if (this.#source.concerns(event)) this.reload()
    })
    const unsee = effect(() => {
      // Both say that what is shown may be old.
      if (isVisible.value && missed.value >= 0) this.reload()
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
    await after(Math.max(APART_MS, APART_TIMES * (performance.now() - begunAt)), stop)
  }

  /** Until somebody wants it, or it is time where there is no stream. */
  async #asked(stop: AbortSignal): Promise<void> {
    const asked = new AbortController()
    this.#wake = () => asked.abort()
    await after(POLLED_EVERY_MS, asked.signal)
    this.#wake = null
    if (!stop.aborted && connection.value === 'polling') this.#wanted = true
  }
}
