/** What every call that does something takes: from where it comes, and why. */

import type { SteeringOptions } from '../../engine/steering/execution-steering.ts'
import type { ActionSource } from '../../model/action.ts'
import { textArgument } from '../../model/arguments.ts'

export interface ActionOptions {
  /** Why, for whoever looks at it later. */
  readonly note?: string
  /** The door that it came through. Default: node. */
  readonly source?: ActionSource
  /** How long to wait for the process that runs it, when that is another. 0: not at all. Default: 2,000 ms. */
  readonly answerWithinMs?: number
}

export function steering({ note, source = 'node', answerWithinMs = 2_000 }: ActionOptions): SteeringOptions {
  return { actor: { source, note: note === undefined ? null : textArgument(note, 'note') }, answerWithinMs }
}
