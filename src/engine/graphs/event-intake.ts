/**
 * Stores pushed events, and answers when they are stored. Events of one source are stored in the order of their pushes,
 * together with those that arrive during a write. If too many are queued, a push waits for room, or is refused.
 *
 * States of a push, and the moves:
 *   waiting -> stored     the store has accepted it: answered with its sequence
 *   waiting -> refused    there was no room within its time limit
 *   waiting -> failed     the store failed, or does not have the source
 */

import { UsageError } from '../../errors.ts'
import type { ValueText } from '../../model/graphs/graph-model-rows.ts'
import type { StreamPosition } from '../../model/graphs/stream-events.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { AcceptedEvents, NewEvents } from './graph-store.ts'

/** Limits of one step of the store. */
const MAX_EVENTS = 500
const MAX_CHARS = 4_000_000
/** Delay before another check for room, which another process may have made. */
const LOOK_AGAIN_MS = 100

type IntakePorts = Pick<EnginePorts, 'store' | 'clock' | 'events' | 'config'>

export interface IncomingEvent {
  readonly eventText: ValueText
  readonly position?: StreamPosition
  readonly poll?: NewEvents['poll']
}

export type OnAccepted = (source: string, firstSequence: number, events: readonly ValueText[]) => void

interface Push {
  readonly incoming: IncomingEvent
  /** Monotonic time after which it is refused. */
  readonly until: number
  readonly resolve: (sequence: number | null) => void
  readonly reject: (error: unknown) => void
}

export class EventIntake {
  readonly #ports: IntakePorts
  readonly #onAccepted: OnAccepted
  readonly #knownNames: () => Iterable<string>
  readonly #sources = new Map<string, SourceIntake>()
  #isStopped = false

  constructor(ports: IntakePorts, onAccepted: OnAccepted, knownNames: () => Iterable<string>) {
    this.#ports = ports
    this.#onAccepted = onAccepted
    this.#knownNames = knownNames
  }

  /** Returns the sequence, null for a repeated position. Throws `SOURCE_NOT_FOUND`, `SOURCE_FULL` after `timeoutMs`. */
  push(source: string, incoming: IncomingEvent, timeoutMs: number): Promise<number | null> {
    if (this.#isStopped) return Promise.reject(closed())
    let intake = this.#sources.get(source)
    if (intake === undefined) {
      intake = new SourceIntake(source, this.#ports, this.#onAccepted, this.#knownNames)
      this.#sources.set(source, intake)
    }
    return intake.push(incoming, timeoutMs)
  }

  roomMade(source: string): void {
    this.#sources.get(source)?.roomMade()
  }

  /** Rejects the queued pushes. */
  stop(): void {
    this.#isStopped = true
    for (const intake of this.#sources.values()) intake.stop()
  }
}

class SourceIntake {
  readonly #source: string
  readonly #ports: IntakePorts
  readonly #onAccepted: OnAccepted
  readonly #knownNames: () => Iterable<string>
  #waiting: Push[] = []
  #isSending = false
  #cancelWait: (() => void) | null = null

  constructor(source: string, ports: IntakePorts, onAccepted: OnAccepted, knownNames: () => Iterable<string>) {
    this.#source = source
    this.#ports = ports
    this.#onAccepted = onAccepted
    this.#knownNames = knownNames
  }

  push(incoming: IncomingEvent, timeoutMs: number): Promise<number | null> {
    const until = this.#ports.clock.monotonic() + timeoutMs
    return new Promise((resolve, reject) => {
      this.#waiting.push({ incoming, until, resolve, reject })
      if (!this.#isSending) void this.#send()
    })
  }

  roomMade(): void {
    this.#cancelWait?.()
  }

  stop(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(closed())
    this.#cancelWait?.()
  }

  async #send(): Promise<void> {
    this.#isSending = true
    // More may come in this tick of the event loop.
    await null
    while (this.#waiting.length > 0) {
      const pushes = this.#next()
      try {
        await this.#store(pushes)
      } catch (thrown) {
        for (const { reject } of pushes) reject(thrown)
      }
    }
    this.#isSending = false
  }

  #next(): Push[] {
    let chars = 0
    let count = 0
    for (const { incoming } of this.#waiting) {
      chars += incoming.eventText.length
      // A poll is stored with its one event.
      if (count > 0 && (count === MAX_EVENTS || chars > MAX_CHARS || incoming.poll !== undefined)) break
      count += 1
      if (incoming.poll !== undefined) break
    }
    return this.#waiting.splice(0, count)
  }

  async #store(pushes: Push[]): Promise<void> {
    const { store, clock, config } = this.#ports
    const poll = pushes[0]?.incoming.poll
    const accepted = await store.graphs.accept({
      source: this.#source,
      events: pushes.map(({ incoming: { eventText, position } }) =>
        position === undefined ? { eventText } : { eventText, position },
      ),
      maxWaiting: config.maxWaitingEvents,
      at: clock.now(),
      ...(poll !== undefined && { poll }),
    })
    if (accepted.kind === 'unknown') throw unknownSourceError(this.#source, this.#knownNames())
    const taken = pushes.splice(0, accepted.accepted + accepted.repeated.length)
    this.#answer(taken, accepted)
    if (pushes.length > 0) await this.#waitForRoom(pushes, accepted.waiting)
  }

  #answer(taken: readonly Push[], { firstSequence, repeated }: Extract<AcceptedEvents, { kind: 'accepted' }>): void {
    const before = new Set(repeated)
    const events = taken.filter((_, index) => !before.has(index)).map(({ incoming }) => incoming.eventText)
    this.#ports.events.counters.sources.of(this.#source).accepted += events.length
    if (events.length > 0) this.#onAccepted(this.#source, firstSequence, events)
    let sequence = firstSequence
    for (const [index, { resolve }] of taken.entries()) resolve(before.has(index) ? null : sequence++)
  }

  /** Refuses pushes whose time limit is over, and queues the others again before newer ones. */
  async #waitForRoom(pushes: readonly Push[], waiting: number): Promise<void> {
    const { store, clock } = this.#ports
    const now = clock.monotonic()
    const refused = pushes.filter(({ until }) => until <= now)
    this.#waiting.unshift(...pushes.filter(({ until }) => until > now))
    if (refused.length > 0) {
      for (const { reject } of refused) reject(full(this.#source, waiting))
      this.#ports.events.counters.sources.of(this.#source).refused += refused.length
      await store.graphs.refuse(this.#source, refused.length)
    }
    if (this.#waiting.length === 0) return
    const soonest = this.#waiting.reduce((least, { until }) => Math.min(least, until), Number.POSITIVE_INFINITY)
    await new Promise<void>((resolve) => {
      const timer = clock.wakeAfter(Math.min(LOOK_AGAIN_MS, soonest - clock.monotonic()), resolve)
      this.#cancelWait = () => {
        timer.cancel()
        resolve()
      }
    })
    this.#cancelWait = null
  }
}

export function unknownSourceError(source: string, names: Iterable<string>): UsageError {
  const message =
    `Source "${source}" not found: no script that is served on this database declares a source with ` +
    `this name.${didYouMean(source, names)}`
  return new UsageError('SOURCE_NOT_FOUND', message, { source })
}

function full(source: string, waiting: number): UsageError {
  const message =
    `Source "${source}" is full: ${waiting} events are queued. Push later. To see why the events ` +
    `are not processed, run: cloaca source show ${source}`
  return new UsageError('SOURCE_FULL', message, { source })
}

function closed(): UsageError {
  return new UsageError('RUNNER_CLOSED', 'The runner was shut down. Open a new one.')
}
