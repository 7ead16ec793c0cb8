/**
 * Reads one topic of Kafka. Made by `kafka.ts`.
 *
 *   open ──▶ reading: takes messages, passes them on, and takes more when they are stored; also commits offsets
 *   reading ──▶ failed (a broker is gone for longer than the client retries): closed; the reader opens another
 *
 * The client handles rebalances. Messages of a partition that moved to another member are still passed on, since nobody
 * else may have read them. Repeated messages are recognized by their position: partition, and topic with its id, since
 * the topic may have been replaced by another one of the same name.
 */

import { once } from 'node:events'
import type { Stream, StreamMessage, StreamRequest } from '../engine/graphs/stream-port.ts'
import { toError } from '../errors.ts'
import { eventText } from './event-text.ts'
import type { KafkaClient, KafkaConsumer, KafkaConsumerOptions, KafkaMessage, KafkaMessages } from './kafka-client.ts'

/** Maximum number of messages that are passed on together. */
const MAX_AT_ONCE = 500
const MAX_REASONS = 3

export class KafkaStream implements Stream {
  readonly #consumer: KafkaConsumer
  readonly #messages: KafkaMessages
  readonly #request: StreamRequest
  readonly #topicId: string
  /** Offset to continue with, by partition. */
  readonly #stored = new Map<number, bigint>()
  #committing: Promise<void> | null = null
  #closing: Promise<void> | null = null

  private constructor(consumer: KafkaConsumer, messages: KafkaMessages, request: StreamRequest, topicId: string) {
    this.#consumer = consumer
    this.#messages = messages
    this.#request = request
    this.#topicId = topicId
  }

  /** Rejects with the reasons in one sentence if the topic cannot be read. */
  static async open(
    client: KafkaClient,
    options: KafkaConsumerOptions,
    request: StreamRequest,
    start: 'earliest' | 'latest',
  ): Promise<KafkaStream> {
    const { topic, positions } = request
    const consumer = new client.Consumer(options)
    let stream: KafkaStream | null = null
    try {
      const metadata = await consumer.metadata({ topics: [topic] })
      const topicId = metadata.topics.get(topic)?.id ?? ''
      const hasRead = positions.some(({ partition }) => partition.startsWith(prefixOf(topic, topicId)))
      const isFromEnd = start === 'latest' && !hasRead
      const messages = await consumer.consume({
        topics: [topic],
        mode: 'committed',
        fallbackMode: isFromEnd ? 'latest' : 'earliest',
        autocommit: false,
      })
      stream = new KafkaStream(consumer, messages, request, topicId)
      stream.#watch()
      if (isFromEnd) await stream.#commitBeginning()
      void stream.#read()
      return stream
    } catch (thrown) {
      const closed = stream === null ? consumer.close(true) : stream.close()
      await closed.catch(() => undefined) // Ignored: the error before it is thrown
      throw readable(thrown, topic)
    }
  }

  /** The next reader of the group reads messages again that are not stored yet. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // Ignored: the stream may have failed, which is reported already
    await this.#messages.close().catch(() => undefined)
    await this.#committing
    try {
      await this.#consumer.close(true)
    } catch (thrown) {
      throw readable(thrown, this.#request.topic)
    }
  }

  #watch(): void {
    this.#messages.on('error', (error: Error) => this.#failed(error))
    // Uncoded: the reason of a `trouble` event
    this.#messages.on('close', () => this.#failed(new Error('the client ended the stream')))
  }

  /** Commits the start of a new group that begins at the end, so that messages are not lost while nobody reads. */
  async #commitBeginning(): Promise<void> {
    if (this.#messages.offsetsToFetch.size === 0) await once(this.#messages, 'offsets')
    for (const partition of this.#assigned()) {
      const offset = this.#messages.offsetsToFetch.get(`${this.#request.topic}:${partition}`)
      if (offset !== undefined) this.#stored.set(partition, offset)
    }
    await this.#commit()
  }

  async #read(): Promise<void> {
    try {
      let wake: () => void = () => undefined
      this.#messages.on('readable', () => wake())
      this.#messages.on('close', () => wake())
      while (this.#closing === null) {
        const more = new Promise<void>((resolve) => {
          wake = resolve
        })
        const messages = this.#take()
        if (messages.length > 0) await this.#deliver(messages)
        else await more
      }
    } catch (thrown) {
      this.#failed(toError(thrown))
    }
  }

  #take(): readonly KafkaMessage[] {
    const taken: KafkaMessage[] = []
    while (taken.length < MAX_AT_ONCE) {
      const message = this.#messages.read()
      if (message === null) break
      taken.push(message)
    }
    return taken
  }

  async #deliver(messages: readonly KafkaMessage[]): Promise<void> {
    await this.#request.deliver(messages.map((message) => this.#handedOn(message)))
    for (const { partition, offset } of messages) this.#stored.set(partition, offset + 1n)
    this.#committing ??= this.#commitAll()
  }

  #handedOn({ partition, offset, value }: KafkaMessage): StreamMessage {
    const place = `${prefixOf(this.#request.topic, this.#topicId)}${partition}`
    return { eventText: eventText(value), position: { partition: place, offset: Number(offset) } }
  }

  async #commitAll(): Promise<void> {
    try {
      while (this.#stored.size > 0 && (await this.#commit()));
    } catch (thrown) {
      this.#failed(toError(thrown))
    } finally {
      this.#committing = null
    }
  }

  /** Commits nothing of partitions that moved to another member, which may be further. False while joining. */
  async #commit(): Promise<boolean> {
    const assigned = this.#assigned()
    if (assigned.size === 0) return false
    const { topic } = this.#request
    const offsets = [...this.#stored]
      .filter(([partition]) => assigned.has(partition))
      .map(([partition, offset]) => ({ topic, partition, offset, leaderEpoch: -1 }))
    this.#stored.clear()
    if (offsets.length > 0) await this.#consumer.commit({ offsets })
    return true
  }

  #assigned(): ReadonlySet<number> {
    const found = this.#consumer.assignments?.find(({ topic }) => topic === this.#request.topic)
    return new Set(found?.partitions ?? [])
  }

  #failed(error: Error): void {
    if (this.#closing !== null) return
    this.#request.failed(readable(error, this.#request.topic))
    // Otherwise it would remain a member of the group.
    void this.close().catch(() => undefined) // Ignored: the failure before it is reported
  }
}

function prefixOf(topic: string, topicId: string): string {
  return `${topic}@${topicId}/`
}

/** Flattens errors of the client, which are trees with the number of attempts at the top. */
function readable(thrown: unknown, topic: string): Error {
  const reasons = [...new Set(leavesOf(toError(thrown)))].slice(0, MAX_REASONS)
  // Uncoded: the reason of a `trouble` event
  return new Error(`Cannot read Kafka topic "${topic}": ${reasons.join('; ')}`, { cause: thrown })
}

function leavesOf(error: Error): readonly string[] {
  const { errors = [] } = error as { readonly errors?: readonly Error[] }
  const below = [...errors, ...(error.cause instanceof Error ? [error.cause] : [])]
  return below.length === 0 ? [error.message] : below.flatMap(leavesOf)
}
