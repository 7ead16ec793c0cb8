/**
 * Reads the topics of stream accumulators, each through the backend of its type, and stores the messages. Positions are
 * stored with the events, so a repeated message is accepted once. A failed backend is opened again after a delay.
 */

import { toError, UsageError } from '../../errors.ts'
import type { SourceDefinition } from '../../model/graphs/definitions.ts'
import { GrowingDelay } from '../backoff/backoff.ts'
import type { Timer } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { EventIntake } from './event-intake.ts'
import type { Stream, StreamMessage } from './stream-port.ts'

type StreamPorts = Pick<EnginePorts, 'store' | 'clock' | 'events' | 'streams'>

export class StreamedSource {
  readonly #ports: StreamPorts
  readonly #intake: EventIntake
  readonly #definition: SourceDefinition
  readonly #group: string
  #stream: Stream | null = null
  #opening: Promise<void> | null = null
  #timer: Timer | null = null
  readonly #backoff = new GrowingDelay()
  #isStopped = false

  constructor(definition: SourceDefinition, group: string, ports: StreamPorts, intake: EventIntake) {
    this.#ports = ports
    this.#intake = intake
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
      const positions = await store.graphs.positions(source)
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
      else this.#backoff.succeeded()
    } catch (thrown) {
      if (thrown instanceof UsageError && thrown.code === 'STREAM_UNAVAILABLE') this.#warn(thrown.message)
      else this.#failed(toError(thrown))
    }
  }

  /** Waits for room, which slows the stream down. */
  async #deliver(messages: readonly StreamMessage[]): Promise<void> {
    const { name } = this.#definition
    await Promise.all(messages.map((each) => this.#intake.push(name, each, Number.POSITIVE_INFINITY)))
  }

  #failed(error: Error): void {
    if (this.#isStopped) return
    const { clock, events } = this.#ports
    const delayMs = this.#backoff.failed()
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
  return (
    `Source "${source}" cannot be read: no backend is registered for streams of type "${type}" (registered ` +
    `types: ${registered}). Register a backend in Node with: Runner.open({ streams: { ${type}: … } })`
  )
}
