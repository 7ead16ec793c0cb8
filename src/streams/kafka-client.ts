/**
 * The used part of `@platformatic/kafka`, declared by its shape, because the package is an optional peer and cloaca's
 * types must compile without it. `kafka.ts` assigns the package to `KafkaClient`, so the compiler compares both.
 */

import type { EventEmitter } from 'node:events'
import type { ConnectionOptions } from 'node:tls'
import type { KafkaSasl } from './kafka-sasl.ts'

export interface KafkaClient {
  readonly Consumer: new (options: KafkaConsumerOptions) => KafkaConsumer
}

/** Options that cloaca sets, and those of the user. */
export interface KafkaConsumerOptions extends Readonly<Record<string, unknown>> {
  readonly clientId: string
  readonly groupId: string
  readonly bootstrapBrokers: string[]
  readonly retries: number
  readonly retryDelay: number
  readonly sessionTimeout: number
  readonly highWaterMark: number
  readonly maxBytes: number
  readonly tls?: ConnectionOptions
  readonly sasl?: KafkaSasl
}

export interface KafkaConsumer {
  /** Partitions of each topic that the group has assigned to this member; null before it has joined. */
  readonly assignments: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null
  metadata(options: { topics: string[] }): Promise<{
    readonly topics: ReadonlyMap<string, { readonly id: string }>
  }>
  consume(options: {
    topics: string[]
    mode: 'committed'
    fallbackMode: 'latest' | 'earliest'
    autocommit: boolean
  }): Promise<KafkaMessages>
  commit(options: {
    offsets: { topic: string; partition: number; offset: bigint; leaderEpoch: number }[]
  }): Promise<void>
  /** `isForced`: does not wait for open streams. */
  close(isForced: boolean): Promise<void>
}

/** Emits `readable`, `offsets`, `error` and `close`. */
export interface KafkaMessages extends EventEmitter {
  /** Next offset of each partition, by `topic:partition`. */
  readonly offsetsToFetch: ReadonlyMap<string, bigint>
  read(): KafkaMessage | null
  close(): Promise<void>
}

export interface KafkaMessage {
  readonly partition: number
  readonly offset: bigint
  readonly value: Buffer | undefined
}
