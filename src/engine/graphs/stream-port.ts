/** Port of the backends through which stream accumulators read topics. Implemented in `src/streams/` and by users. */

import type { ValueText } from '../../model/graphs/graph-model-rows.ts'
import type { StreamPosition } from '../../model/graphs/stream-events.ts'

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
