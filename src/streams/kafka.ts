/** Backend of streams of type `kafka`. Reads a topic as a member of a consumer group, and commits stored messages. */

import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { StreamBackend } from '../engine/graphs/stream-port.ts'
import { UsageError } from '../errors.ts'
import type { KafkaClient } from './kafka-client.ts'
import type { KafkaSasl } from './kafka-sasl.ts'
import { KafkaStream } from './kafka-stream.ts'

/** Certificate or key in PEM, as text or bytes. A list holds several. */
type KafkaPem = string | Uint8Array | readonly (string | Uint8Array)[]

/**
 * TLS options for the connections to the brokers, as in `tls.connect`. `caFile`, `certFile` and `keyFile` are paths.
 * The files are read each time that a topic is opened.
 */
export interface KafkaTls {
  readonly ca?: KafkaPem | undefined
  readonly cert?: KafkaPem | undefined
  readonly key?: KafkaPem | undefined
  readonly passphrase?: string | undefined
  readonly rejectUnauthorized?: boolean | undefined
  readonly servername?: string | undefined
  readonly caFile?: string
  readonly certFile?: string
  readonly keyFile?: string
}

/** Options of `kafkaStreams`. */
export interface KafkaOptions {
  /** First brokers to contact, as `host:port`. Default: the comma-separated brokers in the variable `KAFKA_BROKERS`. */
  readonly brokers?: readonly string[]
  /** Start of a new consumer group: `earliest` is the beginning of the topic, `latest` the end. Default: `earliest`. */
  readonly start?: 'earliest' | 'latest'
  /** TLS options, or true for the default options. Default: no TLS. */
  readonly tls?: boolean | KafkaTls
  /** Authentication. Default: none. */
  readonly sasl?: KafkaSasl
  /** Further options for the `Consumer` of `@platformatic/kafka`. */
  readonly consumer?: Readonly<Record<string, unknown>>
}

const PACKAGE = '@platformatic/kafka'
const CLIENT_ID = 'cloaca'
/** The reader opens a failed stream again. */
const RETRIES = { retries: 3, retryDelay: 250 }
/** Time until the group replaces a dead member: the same as for engines. */
const SESSION = { sessionTimeout: 10_000 }
/** Maximum number of buffered messages, and bytes of one answer. */
const MAX_MESSAGES = 1_000
const MAX_BYTES = 8 * 1024 ** 2

/**
 * Returns a backend for streams of type `kafka`. Opening a topic fails with `STREAM_UNAVAILABLE` if the client package
 * is not installed or no broker is configured.
 */
export function kafkaStreams(options: KafkaOptions = {}): StreamBackend {
  return async (request) => {
    const brokers = brokersOf(options)
    const client = await loadClient()
    const consumer = {
      ...RETRIES,
      ...SESSION,
      highWaterMark: MAX_MESSAGES,
      maxBytes: MAX_BYTES,
      clientId: CLIENT_ID,
      ...options.consumer,
      groupId: request.group,
      bootstrapBrokers: [...brokers],
      ...(options.tls && { tls: tlsOptions(options.tls) }),
      ...(options.sasl && { sasl: options.sasl }),
    }
    return await KafkaStream.open(client, consumer, request, options.start ?? 'earliest')
  }
}

function brokersOf({ brokers = (process.env.KAFKA_BROKERS ?? '').split(',') }: KafkaOptions): readonly string[] {
  const named = brokers.map((broker) => broker.trim()).filter((broker) => broker !== '')
  if (named.length > 0) return named
  throw unavailable(
    'no broker is configured: set KAFKA_BROKERS, or "brokers" in [streams.kafka] of cloaca.toml, to HOST:PORT',
  )
}

async function loadClient(): Promise<KafkaClient> {
  try {
    return await import('@platformatic/kafka')
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${PACKAGE}'`)
    throw unavailable(
      isMissing
        ? `the package "${PACKAGE}" is not installed: npm install ${PACKAGE}`
        : `the package "${PACKAGE}" cannot be loaded: ${message}`,
    )
  }
}

function unavailable(reason: string): UsageError {
  return new UsageError('STREAM_UNAVAILABLE', `Cannot read streams of type "kafka": ${reason}`, { reason })
}

function tlsOptions(tls: true | KafkaTls): ConnectionOptions {
  if (tls === true) return {}
  const { caFile, certFile, keyFile, ...others } = tls
  return {
    // Node's types require a Buffer, but any Uint8Array works.
    ...(others as Pick<ConnectionOptions, keyof typeof others>),
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(certFile !== undefined && { cert: readFileSync(certFile) }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
  }
}
