/** What streams are read with, by type: those of the caller, and that for Kafka, which needs no more than its brokers. */

import type { StreamBackends } from '../engine/graphs/streams.ts'
import { kafkaStreams } from './kafka.ts'

export function streamBackends(own: StreamBackends = {}): StreamBackends {
  return Object.freeze({ kafka: kafkaStreams(), ...own })
}
