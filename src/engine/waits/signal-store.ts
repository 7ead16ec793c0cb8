/** Port of the store for signals; the rules of `store.ts` apply. */

import type { NewAction } from '../../model/action.ts'
import type { SignalRow, SignalState } from '../../model/waits.ts'
import type { PageAfter } from '../store-ports.ts'

export interface SignalStore {
  /**
   * Stores a signal with its action. In the same step, ends all open waits of its name and key, and makes their
   * unowned executions available. Stores nothing if the id is known.
   */
  send(signal: NewSignal, action: NewAction): Promise<SignalResult>
  /** Newest first. */
  list(filter: SignalFilter, page: PageAfter): Promise<readonly SignalRow[]>
}

export interface NewSignal {
  readonly id: string
  readonly name: string
  readonly key: string
  readonly payloadText: string
  /** Text that all equal payloads share. */
  readonly fingerprint: string
  readonly source: string
  readonly at: number
}

/**
 * `sent`: `executions` are those whose waits ended, and `available` those that an engine may acquire now. `repeated`:
 * the same signal was sent before, with this result. `reused`: another signal has the id.
 */
export type SignalResult =
  | (SignalOutcome & { readonly kind: 'sent'; readonly available: readonly string[] })
  | (SignalOutcome & { readonly kind: 'repeated' })
  | { readonly kind: 'reused' }

interface SignalOutcome {
  readonly state: SignalState
  readonly executions: readonly string[]
}

export interface SignalFilter {
  readonly name?: string
  readonly key?: string
  readonly state?: SignalState
}
