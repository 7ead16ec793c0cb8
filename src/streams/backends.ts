/** Backends of streams by type: those of the caller, and Kafka, which needs only its brokers. */

import type { StreamBackends } from '../engine/graphs/stream-port.ts'
import { kafkaStreams } from './kafka.ts'

export function streamBackends(own: StreamBackends = {}): StreamBackends {
  return Object.freeze({ kafka: kafkaStreams(), ...own })
}
