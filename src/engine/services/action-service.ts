/** `runner.actions`, and the rows of actions that services store together with their changes. */

import type { ActionKind, ActionRow, ActionSource, NewAction } from '../../model/action.ts'
import { textArgument } from '../../model/arguments.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { PageAfter } from '../store-ports.ts'
import { checkedPageAfter, type PageAfterOptions, timeArgument } from './page-options.ts'

/** Options of calls that change something. */
export interface ActionOptions {
  /** Reason for the action, stored with it. */
  readonly note?: string
  /** Interface that the request came through. Default: `node`. */
  readonly source?: ActionSource
  /** Maximum wait for the answer of another engine, in milliseconds. 0: no wait. Default: 2,000. */
  readonly answerWithinMs?: number
}

/** Page and period of `runner.actions.list`. */
export interface ActionListOptions extends PageAfterOptions {
  /** Earliest time of the request, in milliseconds since 1970. */
  readonly sinceAt?: number
  /** Requests must be before this time, in milliseconds since 1970. */
  readonly untilAt?: number
}

export const ANSWER_WITHIN_MS = 2_000

/** The actions of one target are listed without pages. */
export const ACTIONS_OF_TARGET: PageAfter = { limit: 1_000, offset: 0 }

/** Returns the row of an action. `given`: its arguments, or null. Throws `INVALID_ARGUMENT`. */
export function newAction(
  { newId, clock }: Pick<EnginePorts, 'newId' | 'clock'>,
  kind: ActionKind,
  target: string,
  { note, source = 'node' }: ActionOptions,
  given: object | null = null,
): NewAction {
  return {
    id: newId(),
    kind,
    target,
    source,
    note: note === undefined ? null : textArgument(note, 'note'),
    argumentsText: given === null ? null : JSON.stringify(given),
    at: clock.now(),
  }
}

/** `runner.actions`: actions of users. */
export class Actions {
  readonly #store: EnginePorts['store']

  /** @internal */
  constructor({ store }: Pick<EnginePorts, 'store'>) {
    this.#store = store
  }

  /** Returns all actions, newest first. `actions` of an execution, trigger or schedule returns only its own. */
  async list(options: ActionListOptions = {}): Promise<readonly ActionRow[]> {
    const { sinceAt, untilAt } = options
    const period = {
      ...(sinceAt !== undefined && { sinceAt: timeArgument(sinceAt, 'sinceAt') }),
      ...(untilAt !== undefined && { untilAt: timeArgument(untilAt, 'untilAt') }),
    }
    return await this.#store.actions.list(period, checkedPageAfter(options))
  }
}
