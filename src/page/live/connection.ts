/**
 * Hears what the engine does, for as long as the tab is seen.
 *
 *     connecting ──hello──▶ live ──cut off, or hidden and seen again──▶ connecting
 *         ├── answered, but with no stream ──▶ polling   (resources ask again and again; the stream is tried now and then)
 *         └── no answer ──▶ lost                         (the stream alone is tried, so that a dead engine gets few requests)
 */

import { effect, signal } from '@preact/signals'
import { send } from '../api/client.ts'
import { asProblem } from '../api/problem.ts'
import { after } from './clock.ts'
import { eventsOf, type ServerEvent } from './event-reader.ts'
import { isVisible } from './visibility.ts'

export type Connection = 'connecting' | 'live' | 'polling' | 'lost'

export const connection = signal<Connection>('connecting')

/** Counts up when events may have been missed: whoever shows something reads it anew. */
export const missed = signal(0)

/** A stream says something every 15 s. */
const SILENT_AT_MOST_MS = 40_000
/** A proxy that keeps a stream back keeps `hello` back. */
const HELLO_WITHIN_MS = 4_000
const AGAIN_AFTER_MS = { lost: 1_000, polling: 20_000 } as const

type Listener = (event: ServerEvent) => void
const listeners = new Set<Listener>()

/** Returns what ends it. */
export function listen(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Called once. */
export function connect(): void {
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
    await after(AGAIN_AFTER_MS[trouble], closing)
  }
}

/** Until the stream ends; returns what is to be done until it is tried again. */
async function follow(closing: AbortSignal): Promise<'lost' | 'polling'> {
  const silence = new AbortController()
  const stop = AbortSignal.any([closing, silence.signal])
  let heard = watchdog(silence, HELLO_WITHIN_MS)
  let hasHello = false
  try {
    const headers: Record<string, string> = lastId === null ? {} : { 'last-event-id': lastId }
    const response = await send('/events', { signal: stop }, { headers })
    if (response.body === null) return 'polling'
    for await (const event of eventsOf(response.body)) {
      heard.abort()
      heard = watchdog(silence, SILENT_AT_MOST_MS)
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
  // Skips have no ids, and are not told again: whatever was shown before is read anew.
  missed.value += 1
  connection.value = 'live'
}

/** Aborts the silence unless it is aborted itself before. */
function watchdog(silence: AbortController, ms: number): AbortController {
  const heard = new AbortController()
  void after(ms, heard.signal).then(() => {
    if (!heard.signal.aborted) silence.abort()
  })
  return heard
}
