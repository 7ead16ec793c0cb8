/** What every call that does something takes: from where it comes, and why. */

import type { SteeringOptions } from '../../engine/steering/execution-steering.ts'
import type { ActionSource } from '../../model/action.ts'
import { textArgument } from '../../model/arguments.ts'

/** Options of calls that change something. */
export interface ActionOptions {
  /** Reason for the action, stored with it. */
  readonly note?: string
  /** Interface that the request came through. Default: `node`. */
  readonly source?: ActionSource
  /** Maximum wait for the answer of another engine, in milliseconds. 0: no wait. Default: 2,000. */
  readonly answerWithinMs?: number
}

export function steering({ note, source = 'node', answerWithinMs = 2_000 }: ActionOptions): SteeringOptions {
  return { actor: { source, note: note === undefined ? null : textArgument(note, 'note') }, answerWithinMs }
}
