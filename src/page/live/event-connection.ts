/**
 * Receives events of the engine while the tab is visible.
 *
 *     connecting ──hello──▶ live ──cut off, or hidden and visible again──▶ connecting
 *         ├── answered, but with no stream ──▶ polling   (resources poll; the stream is tried now and then)
 *         └── no answer ──▶ lost                         (only the stream is tried: few requests to a dead engine)
 */

import { effect, signal } from '@preact/signals'
import { send } from '../api/client.ts'
import { asProblem } from '../api/problem.ts'
import { readEvents, type ServerEvent } from './event-reader.ts'
import { delay } from './live-clock.ts'
import { isVisible } from './visibility.ts'

export type ConnectionPhase = 'connecting' | 'live' | 'polling' | 'lost'

export const connection = signal<ConnectionPhase>('connecting')

/** Incremented when events may have been missed: resources then read again. */
export const missedCount = signal(0)

/** Time after which a silent stream is dead. The server writes something every 15 s. */
const MAX_SILENCE_MS = 40_000
/** Time limit for `hello`. A proxy that buffers a stream delays it. */
const HELLO_WITHIN_MS = 4_000
const AGAIN_AFTER_MS = { lost: 1_000, polling: 20_000 } as const

type Listener = (event: ServerEvent) => void
const listeners = new Set<Listener>()

/** Adds a listener. Returns a function that removes it. */
export function listenToEvents(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Starts the connection. Called once. */
export function connectToServer(): void {
  effect(() => {
    if (!isVisible.value) return
    const closing = new AbortController()
    void keepConnected(closing.signal)
    return () => closing.abort()
  })
}

let lastId: string | null = null

async function keepConnected(closing: AbortSignal): Promise<void> {
  while (!closing.aborted) {
    const trouble = await follow(closing)
    if (closing.aborted) return
    connection.value = trouble
    await delay(AGAIN_AFTER_MS[trouble], closing)
  }
}

/** Reads the stream to its end. Returns the state until the next try. */
async function follow(closing: AbortSignal): Promise<'lost' | 'polling'> {
  const silence = new AbortController()
  const stop = AbortSignal.any([closing, silence.signal])
  let heard = watchdog(silence, HELLO_WITHIN_MS)
  let hasHello = false
  try {
    const headers: Record<string, string> = lastId === null ? {} : { 'last-event-id': lastId }
    const response = await send('/events', { signal: stop }, { headers })
    if (response.body === null) return 'polling'
    for await (const event of readEvents(response.body)) {
      heard.abort()
      heard = watchdog(silence, MAX_SILENCE_MS)
      if (event !== null) take(event)
      hasHello = true
    }
    return 'lost'
  } catch (thrown) {
    if (stop.aborted) return hasHello ? 'lost' : 'polling'
    return asProblem(thrown).isUnreachable || hasHello ? 'lost' : 'polling'
  } finally {
    heard.abort()
  }
}

function take(event: ServerEvent): void {
  if (event.id !== null) lastId = event.id
  if (event.name !== 'hello') {
    for (const listener of listeners) listener(event)
    return
  }
  // Events of skips are not repeated after a reconnection, so all data is read again.
  missedCount.value += 1
  connection.value = 'live'
}

/** Aborts the silence after a time, unless it is aborted before. */
function watchdog(silence: AbortController, ms: number): AbortController {
  const heard = new AbortController()
  void delay(ms, heard.signal).then(() => {
    if (!heard.signal.aborted) silence.abort()
  })
  return heard
}
