/**
 * Reads the topics of stream accumulators, each through the backend of its type, and stores what comes. A backend's position
 * is stored with each event: what it delivers once more, as after a crash, is accepted once. A backend that fails is opened again
 * after a while.
 */

import { toError, UsageError } from '../../errors.ts'
import type { SourceDefinition } from '../../model/graphs/definitions.ts'
import type { ValueText } from '../../model/graphs/rows.ts'
import { troubleDelayMs } from '../due.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, Timer } from '../ports.ts'
import type { GraphStore } from '../store.ts'
import type { EventIntake } from './event-intake.ts'
import type { StreamPosition } from './graph-store.ts'

/** Message of a topic. */
export interface StreamMessage {
  /** Value as JSON text. A backend passes other values as JSON strings. */
  readonly eventText: ValueText
  /** Position of the message. The engine stores each position once. */
  readonly position: StreamPosition
}

/** Request to read a topic. */
export interface StreamRequest {
  readonly source: string
  readonly topic: string
  /** Name of the consumer group. */
  readonly group: string
  /** Last stored position of each partition. The backend can start to read after these positions. */
  readonly positions: readonly StreamPosition[]
  /**
   * Stores messages, which must be in the order of their partition. Resolves when all messages are stored. Do not
   * commit offsets to the broker before.
   */
  deliver(messages: readonly StreamMessage[]): Promise<void>
  /** Reports that reading failed. The stream is closed and opened again later. */
  failed(error: Error): void
}

/** Topic that is being read. */
export interface Stream {
  /** Stops reading. */
  close(): Promise<void>
}

/** Function that opens a topic. If its promise rejects, the engine calls the function again later. */
export type StreamBackend = (request: StreamRequest) => Promise<Stream>

/** Backends by the `type` of `stream_accumulator`. */
export type StreamBackends = Readonly<Record<string, StreamBackend>>

export interface StreamedSourcePorts {
  readonly store: GraphStore
  readonly clock: Clock
  readonly events: EngineEvents
  readonly intake: EventIntake
  readonly streams: StreamBackends
}

export class StreamedSource {
  readonly #ports: StreamedSourcePorts
  readonly #definition: SourceDefinition
  readonly #group: string
  #stream: Stream | null = null
  #opening: Promise<void> | null = null
  #timer: Timer | null = null
  #failures = 0
  #isStopped = false

  constructor(definition: SourceDefinition, group: string, ports: StreamedSourcePorts) {
    this.#ports = ports
    this.#definition = definition
    this.#group = group
    this.#open()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timer?.cancel()
    await this.#opening
    await this.#close()
  }

  #open(): void {
    this.#opening = this.#openOnce().finally(() => {
      this.#opening = null
    })
  }

  async #openOnce(): Promise<void> {
    const { store, streams } = this.#ports
    const { accumulation, name: source } = this.#definition
    if (accumulation.kind !== 'stream') return
    const backend = Object.hasOwn(streams, accumulation.type) ? streams[accumulation.type] : undefined
    if (backend === undefined) {
      this.#warn(missingBackend(source, accumulation.type, Object.keys(streams)))
      return
    }
    try {
      const positions = await store.positions(source)
      if (this.#isStopped) return
      let hasFailed = false
      const stream = await backend({
        source,
        topic: accumulation.topic,
        group: this.#group,
        positions,
        deliver: (messages) => this.#deliver(messages),
        failed: (error) => {
          if (hasFailed) return
          hasFailed = true
          this.#failed(error)
        },
      })
      this.#stream = stream
      if (hasFailed || this.#isStopped) await this.#close()
      else this.#failures = 0
    } catch (thrown) {
      if (thrown instanceof UsageError && thrown.code === 'STREAM_UNAVAILABLE') this.#warn(thrown.message)
      else this.#failed(toError(thrown))
    }
  }

  /** Without room it waits: that holds the stream back. */
  async #deliver(messages: readonly StreamMessage[]): Promise<void> {
    const { intake } = this.#ports
    const { name } = this.#definition
    await Promise.all(messages.map((each) => intake.push(name, each, Number.POSITIVE_INFINITY)))
  }

  #failed(error: Error): void {
    if (this.#isStopped) return
    this.#failures += 1
    const { clock, events } = this.#ports
    const delayMs = troubleDelayMs(this.#failures)
    events.emit('trouble', { during: this.#reading, error, retryAt: clock.now() + delayMs })
    this.#timer?.cancel()
    this.#timer = clock.wakeAfter(delayMs, () => {
      void this.#close().then(() => {
        if (!this.#isStopped) this.#open()
      })
    })
  }

  async #close(): Promise<void> {
    const stream = this.#stream
    this.#stream = null
    try {
      await stream?.close()
    } catch (thrown) {
      this.#ports.events.emit('trouble', {
        during: `closing the stream of source "${this.#definition.name}"`,
        error: toError(thrown),
        retryAt: null,
      })
    }
  }

  get #reading(): string {
    const { accumulation, name } = this.#definition
    const topic = accumulation.kind === 'stream' ? `${accumulation.type} topic "${accumulation.topic}"` : 'a stream'
    return `reading ${topic} for source "${name}"`
  }

  #warn(message: string): void {
    this.#ports.events.emit('warning', { code: 'STREAM_UNAVAILABLE', source: this.#definition.name, message })
  }
}

function missingBackend(source: string, type: string, known: readonly string[]): string {
  const registered = known.length === 0 ? 'none' : known.map((each) => `"${each}"`).join(', ')
  return `Source "${source}" cannot be read: no backend is registered for streams of type "${type}" (registered types: ${registered}). Register a backend in Node with: Runner.open({ streams: { ${type}: … } })`
}
