/**
 * Takes in events: stores them, and answers when they are stored. Events of one source go to the store in the order in
 * which they came, all that have come meanwhile in one step. Where too many wait, a push waits until there is room, or is refused.
 *
 * States of a push, and the moves:
 *   waiting -> stored     the store has accepted it: answered with its sequence
 *   waiting -> refused    there was no room for as long as it may wait
 *   waiting -> failed     the store failed, or knows no such source
 */

import { UsageError } from '../../errors.ts'
import type { ValueText } from '../../model/graphs/rows.ts'
import { didYouMean } from '../../registry/nearest.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock } from '../ports.ts'
import type { GraphStore } from '../store.ts'
import type { AcceptedEvents, NewEvents, StreamPosition } from './graph-store.ts'

/** Events that go to the store in one step. */
const MOST_EVENTS = 500
const MOST_CHARS = 4_000_000
/** Where another process makes the room, it is looked for again after this. */
const LOOK_AGAIN_MS = 100

export interface EventIntakePorts {
  readonly store: GraphStore
  readonly clock: Clock
  readonly events: EngineEvents
  /** Events of a source that may wait to be accumulated. */
  readonly maxWaitingEvents: number
}

export interface Incoming {
  readonly eventText: ValueText
  readonly position?: StreamPosition
  readonly poll?: NewEvents['poll']
}

/** Hears of events that are stored. */
export type OnAccepted = (source: string, firstSequence: number, events: readonly ValueText[]) => void

interface Push {
  readonly incoming: Incoming
  /** Monotonic: then it is refused. */
  readonly until: number
  readonly resolve: (sequence: number | null) => void
  readonly reject: (error: unknown) => void
}

export class EventIntake {
  readonly #ports: EventIntakePorts
  readonly #onAccepted: OnAccepted
  readonly #knownNames: () => Iterable<string>
  readonly #sources = new Map<string, SourceIntake>()
  #isStopped = false

  /** `knownNames`: of sources, for messages. */
  constructor(ports: EventIntakePorts, onAccepted: OnAccepted, knownNames: () => Iterable<string>) {
    this.#ports = ports
    this.#onAccepted = onAccepted
    this.#knownNames = knownNames
  }

  /**
   * Settles with its sequence when the event is stored, or with null when one of its position was stored before. Rejects
   * with `SOURCE_FULL` after `timeoutMs`, and with `SOURCE_NOT_FOUND`.
   */
  push(source: string, incoming: Incoming, timeoutMs: number): Promise<number | null> {
    if (this.#isStopped) return Promise.reject(closed())
    let intake = this.#sources.get(source)
    if (intake === undefined) {
      intake = new SourceIntake(source, this.#ports, this.#onAccepted, this.#knownNames)
      this.#sources.set(source, intake)
    }
    return intake.push(incoming, timeoutMs)
  }

  /** Events of the source have been accumulated. */
  roomMade(source: string): void {
    this.#sources.get(source)?.roomMade()
  }

  /** What is not stored by now rejects. */
  stop(): void {
    this.#isStopped = true
    for (const intake of this.#sources.values()) intake.stop()
  }
}

class SourceIntake {
  readonly #source: string
  readonly #ports: EventIntakePorts
  readonly #onAccepted: OnAccepted
  readonly #knownNames: () => Iterable<string>
  #waiting: Push[] = []
  #isSending = false
  #cancelWait: (() => void) | null = null

  constructor(source: string, ports: EventIntakePorts, onAccepted: OnAccepted, knownNames: () => Iterable<string>) {
    this.#source = source
    this.#ports = ports
    this.#onAccepted = onAccepted
    this.#knownNames = knownNames
  }

  push(incoming: Incoming, timeoutMs: number): Promise<number | null> {
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
      // The row of a poll goes with its one event.
      if (count > 0 && (count === MOST_EVENTS || chars > MOST_CHARS || incoming.poll !== undefined)) break
      count += 1
      if (incoming.poll !== undefined) break
    }
    return this.#waiting.splice(0, count)
  }

  async #store(pushes: Push[]): Promise<void> {
    const { store, clock, maxWaitingEvents } = this.#ports
    const poll = pushes[0]?.incoming.poll
    const accepted = await store.accept({
      source: this.#source,
      events: pushes.map(({ incoming: { eventText, position } }) =>
        position === undefined ? { eventText } : { eventText, position },
      ),
      maxWaiting: maxWaitingEvents,
      at: clock.now(),
      ...(poll !== undefined && { poll }),
    })
    if (accepted.kind === 'unknown') throw unknownSource(this.#source, this.#knownNames())
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

  /** Those that may wait come first again. */
  async #waitForRoom(pushes: readonly Push[], waiting: number): Promise<void> {
    const { store, clock } = this.#ports
    const now = clock.monotonic()
    const refused = pushes.filter(({ until }) => until <= now)
    this.#waiting.unshift(...pushes.filter(({ until }) => until > now))
    if (refused.length > 0) {
      for (const { reject } of refused) reject(full(this.#source, waiting))
      this.#ports.events.counters.sources.of(this.#source).refused += refused.length
      await store.refuse(this.#source, refused.length)
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

export function unknownSource(source: string, names: Iterable<string>): UsageError {
  const message = `Source "${source}" not found: no script that is served on this database declares a source with this name.${didYouMean(source, names)}`
  return new UsageError('SOURCE_NOT_FOUND', message, { source })
}

function full(source: string, waiting: number): UsageError {
  const message = `Source "${source}" is full: ${waiting} events are queued. Push later. To see why the events are not processed, run: cloaca source show ${source}`
  return new UsageError('SOURCE_FULL', message, { source })
}

function closed(): UsageError {
  return new UsageError('RUNNER_CLOSED', 'The runner was shut down. Open a new one.')
}
