/**
 * Port of the store for approvals; the rules of `store.ts` apply. `Store.settle` opens an approval with its wait, and
 * cancels it when the wait is removed. `WaitStore.endDue` expires it.
 */

import type { NewAction } from '../../model/action.ts'
import type { ApprovalAnswer, ApprovalRow, ApprovalState } from '../../model/waits.ts'
import type { PageAfter } from '../store-ports.ts'

export interface ApprovalStore {
  /** `at`: an open approval whose time has passed at this time has the state `expired`. */
  get(id: string, at: number): Promise<ApprovalRow | null>
  /** Oldest first. */
  list(filter: ApprovalFilter, page: PageAfter, at: number): Promise<readonly ApprovalRow[]>
  countOpen(at: number): Promise<number>
  /**
   * Answers an open approval, ends its wait, and stores the action, in one step. Returns the ids of the executions that
   * an engine may acquire now. Returns null, and stores nothing, if the approval is not open.
   */
  answer(id: string, answer: NewAnswer, action: NewAction): Promise<readonly string[] | null>
}

export type NewAnswer = Omit<ApprovalAnswer, 'values'> & {
  /** Values as exact JSON text. */
  readonly valuesText: string
}

export interface ApprovalFilter {
  /** Default: all. */
  readonly state?: ApprovalState
  readonly workflow?: string
}
