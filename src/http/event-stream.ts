/**
 * `/api/v1/events`: events of the engine as server-sent events. The latest are kept, so that a reader can continue
 * after its last one (`Last-Event-ID`). Skips, firings of reactors and failures of graphs can occur thousands of times
 * a second: they are sent four times a second as numbers by name, without an id.
 *
 *   deaf ──first reader──▶ listening, events are kept ──a minute without a reader──▶ deaf, nothing is kept
 *
 * Polls cost nothing here without readers, because the engine creates no events without listeners.
 */

import type { Timer } from '../engine/clock-port.ts'
import type { EngineEventMap, EngineEventName } from '../engine/engine-events.ts'
import { SystemClock } from '../engine/system-clock.ts'
import { formatInstant } from '../model/time/instant.ts'
import type { Runner } from '../runner/runner.ts'
import { cutConnection } from './connections.ts'
import { CountedEvents, type CountedKind, countedKind, eventSubject } from './counted-events.ts'
import type { OtherRoute } from './other-route.ts'
import { HttpProblem } from './problems.ts'

const KEPT = 1_000
const MAX_STREAMS = 100
/** Maximum number of unread characters. Then the reader is cut off, and can connect again and continue. */
const MAX_UNREAD_CHARACTERS = 1024 ** 2
const COUNTS_EVERY_MS = 250
/** Time for readers to come back. */
const KEPT_WITHOUT_READERS_MS = 60_000
/** Interval of writes that detect dead connections. */
const ALIVE_EVERY_MS = 15_000

const NAMES: readonly EngineEventName[] = [
  'tick',
  'triggerFired',
  'triggerFailed',
  'cronFired',
  'executionStarted',
  'taskStarted',
  'taskParked',
  'taskTriesLater',
  'taskLimited',
  'taskRetried',
  'taskFinished',
  'waitOpened',
  'waitEnded',
  'executionWaiting',
  'executionFinished',
  'reactorFired',
  'graphFailed',
  'sourceFailed',
  'scriptQuarantined',
  'warning',
  'stopped',
]

interface Kept {
  readonly id: number
  readonly name: string
  readonly event: object
}

type Stream = ReadableStreamDefaultController<Uint8Array>

export function eventsRoute(runner: Runner, path: string): OtherRoute {
  const events = new EventStreams(runner)
  return { path, respond: (request) => events.open(request) }
}

class EventStreams {
  readonly #clock = new SystemClock({ keepsProcessAlive: false })
  readonly #runner: Runner
  /** Prefix of ids. Ids of another process, or from before a time without readers, are unknown. */
  #series = newSeries()
  #kept: Kept[] = []
  #listening: readonly (() => void)[] = []
  #deafDue: Timer | null = null
  readonly #streams = new Set<Stream>()
  readonly #requests = new WeakMap<Stream, Request>()
  readonly #counts = new CountedEvents()
  readonly #encoder = new TextEncoder()
  #lastId = 0
  #countsDue: Timer | null = null
  #alive: Timer | null = null
  #hasStopped = false

  constructor(runner: Runner) {
    this.#runner = runner
    runner.on('stopped', () => {
      queueMicrotask(() => this.#end())
    })
  }

  open(request: Request): Response {
    if (this.#streams.size >= MAX_STREAMS) {
      const message = `Too many event streams are open: the limit is ${MAX_STREAMS}. Retry in a few seconds.`
      // A refused client must not occupy a connection.
      throw new HttpProblem(503, 'TOO_MANY_STREAMS', message, { 'retry-after': '5', connection: 'close' })
    }
    this.#listen()
    let opened: Stream | null = null
    const body = new ReadableStream<Uint8Array>(
      {
        start: (stream) => {
          opened = stream
          this.#requests.set(stream, request)
          this.#begin(stream, request.headers.get('last-event-id'))
        },
        cancel: () => void (opened !== null && this.#left(opened)),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_CHARACTERS }),
    )
    return new Response(body, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
  }

  #listen(): void {
    this.#deafDue?.cancel()
    this.#deafDue = null
    if (this.#listening.length > 0 || this.#hasStopped) return
    this.#listening = NAMES.map((name) => this.#runner.on(name, (event) => this.#happened(name, event)))
  }

  #left(stream: Stream): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0 || this.#hasStopped) return
    this.#deafDue ??= this.#clock.wakeAfter(KEPT_WITHOUT_READERS_MS, () => this.#listenNoMore())
  }

  #listenNoMore(): void {
    this.#deafDue = null
    for (const end of this.#listening) end()
    this.#listening = []
    this.#kept = []
    this.#series = newSeries()
  }

  #begin(stream: Stream, lastId: string | null): void {
    const missed = this.#missed(lastId)
    // `isComplete`: no event is missing since the last one that the client read.
    const hello = { isComplete: missed !== null, isResumed: lastId !== null }
    stream.enqueue(
      this.#encoded(`id: ${this.#series}-${missed?.[0] ? missed[0].id - 1 : this.#lastId}\n`, 'hello', hello),
    )
    for (const kept of missed ?? []) stream.enqueue(this.#encodedKept(kept))
    if (this.#hasStopped) {
      stream.close()
      return
    }
    this.#streams.add(stream)
    this.#alive ??= this.#clock.wakeAfter(ALIVE_EVERY_MS, () => this.#sayAlive())
  }

  /** Returns the events after an id; null if the id is unknown. */
  #missed(lastId: string | null): readonly Kept[] | null {
    if (lastId === null) return []
    const [series, number] = lastId.split('-')
    const id = Number(number)
    const isKnown =
      series === this.#series && Number.isInteger(id) && id <= this.#lastId && id >= this.#lastId - this.#kept.length
    return isKnown ? this.#kept.filter((kept) => kept.id > id) : null
  }

  #happened(name: EngineEventName, event: EngineEventMap[EngineEventName]): void {
    const kind = countedKind(name, event)
    if (kind !== null) {
      this.#counted(kind, eventSubject(event))
      return
    }
    const kept = { id: ++this.#lastId, name, event }
    this.#kept.push(kept)
    if (this.#kept.length > KEPT) this.#kept.shift()
    if (this.#streams.size > 0) this.#send(this.#encodedKept(kept))
  }

  #counted(kind: CountedKind, name: string): void {
    if (this.#streams.size === 0) return
    this.#counts.add(kind, name)
    this.#countsDue ??= this.#clock.wakeAfter(COUNTS_EVERY_MS, () => {
      this.#countsDue = null
      for (const [event, data] of this.#counts.take()) this.#send(this.#encoded('', event, data))
    })
  }

  #send(bytes: Uint8Array): void {
    for (const stream of this.#streams) {
      if ((stream.desiredSize ?? 0) > 0) stream.enqueue(bytes)
      else {
        this.#left(stream)
        const request = this.#requests.get(stream)
        if (request === undefined || !cutConnection(request)) stream.close()
      }
    }
  }

  #sayAlive(): void {
    this.#alive = null
    if (this.#streams.size === 0) return
    this.#send(this.#encoder.encode(': alive\n\n'))
    this.#alive = this.#clock.wakeAfter(ALIVE_EVERY_MS, () => this.#sayAlive())
  }

  #end(): void {
    this.#hasStopped = true
    for (const timer of [this.#countsDue, this.#alive, this.#deafDue]) timer?.cancel()
    for (const stream of this.#streams) stream.close()
    this.#streams.clear()
  }

  #encodedKept({ id, name, event }: Kept): Uint8Array {
    return this.#encoded(`id: ${this.#series}-${id}\n`, name, event)
  }

  /** JSON has no line breaks of its own. */
  #encoded(idLine: string, name: string, data: object): Uint8Array {
    return this.#encoder.encode(`${idLine}event: ${name}\ndata: ${JSON.stringify(data, instantsAsText)}\n\n`)
  }
}

function newSeries(): string {
  return crypto.randomUUID().slice(0, 8)
}

function instantsAsText(key: string, value: unknown): unknown {
  return typeof value === 'number' && /^at$|At$/.test(key) ? formatInstant(value) : value
}
