/** Events that a source receives, and the values that its accumulator makes of them. */

import type { ValueText } from './graph-model-rows.ts'

/** Position of a message in a stream. */
export interface StreamPosition {
  /** Name of the partition. */
  readonly partition: string
  /** Offset, which increases within the partition. */
  readonly offset: number
}

/** Event that is not accepted yet. */
export interface NewEvent {
  readonly eventText: ValueText
  readonly position?: StreamPosition
}

/** Value that a source delivers, with the sequences of the events that it was made of. */
export interface NewValue {
  readonly firstSequence: number
  readonly lastSequence: number
  /** For a state accumulator: the value to append. */
  readonly valueText: ValueText
}
