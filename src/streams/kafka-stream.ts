/**
 * Reads one topic of Kafka. Made by `kafka.ts`.
 *
 *   open ──▶ reading: takes what is there, hands it on, and takes more when that is stored; offsets are committed beside that
 *   reading ──▶ failed (a broker is gone for longer than the client tries): closed, and whoever reads it opens another
 *
 * Rebalances are the client's. What it holds of a partition that went to another member meanwhile is handed on all the same: nobody
 * else need have read it. What is read twice, as then or after a commit that was lost, is known by its position: partition, and topic
 * with its id, since a topic of the same name may be another one.
 */

import { once } from 'node:events'
import type { Stream, StreamMessage, StreamRequest } from '../engine/graphs/streams.ts'
import { toError } from '../errors.ts'
import { eventText } from './event-text.ts'
import type { KafkaClient, KafkaConsumer, KafkaConsumerOptions, KafkaMessage, KafkaMessages } from './kafka-client.ts'

/** Messages that are handed on at once. */
const MOST_AT_ONCE = 500
/** Reasons that a message has. */
const MOST_REASONS = 3

export class KafkaStream implements Stream {
  readonly #consumer: KafkaConsumer
  readonly #messages: KafkaMessages
  readonly #request: StreamRequest
  readonly #topicId: string
  /** By partition, the offset to go on with. */
  readonly #stored = new Map<number, bigint>()
  #committing: Promise<void> | null = null
  #closing: Promise<void> | null = null

  private constructor(consumer: KafkaConsumer, messages: KafkaMessages, request: StreamRequest, topicId: string) {
    this.#consumer = consumer
    this.#messages = messages
    this.#request = request
    this.#topicId = topicId
  }

  /** Rejects when the topic cannot be read, with the reasons in one sentence. */
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
      await closed.catch(() => undefined) // what went wrong is known already
      throw readable(thrown, topic)
    }
  }

  /** What is not stored yet is read again, by whoever reads the group next. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#messages.close().catch(() => undefined) // it may have failed, which is known
    await this.#committing
    try {
      await this.#consumer.close(true)
    } catch (thrown) {
      throw readable(thrown, this.#request.topic)
    }
  }

  #watch(): void {
    this.#messages.on('error', (error: Error) => this.#failed(error))
    this.#messages.on('close', () => this.#failed(new Error('the client ended the stream')))
  }

  /** A group that begins at the end begins there once: what comes while nobody reads is not lost. */
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
    while (taken.length < MOST_AT_ONCE) {
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

  /** Of a partition that went to another member nothing is committed: that one may be further. False while the group is being joined. */
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
    // It goes on being a member of the group otherwise.
    void this.close().catch(() => undefined)
  }
}

function prefixOf(topic: string, topicId: string): string {
  return `${topic}@${topicId}/`
}

/** The client's errors are trees, which say at the top how often something was tried. */
function readable(thrown: unknown, topic: string): Error {
  const reasons = [...new Set(leavesOf(toError(thrown)))].slice(0, MOST_REASONS)
  return new Error(`Cannot read Kafka topic "${topic}": ${reasons.join('; ')}`, { cause: thrown })
}

function leavesOf(error: Error): readonly string[] {
  const { errors = [] } = error as { readonly errors?: readonly Error[] }
  const below = [...errors, ...(error.cause instanceof Error ? [error.cause] : [])]
  return below.length === 0 ? [error.message] : below.flatMap(leavesOf)
}
