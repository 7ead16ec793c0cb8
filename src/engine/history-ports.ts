/** The parts of the `Store` port about what happened, beside what is. `ports.ts` says what holds for all of it. */

import type { ActionAnswer, ActionRow, NewAction } from '../model/action.ts'

/** What people did, and what they ask of whoever serves. Removed with what has the retention of executions. */
export interface ActionStore {
  /** Stores what is to be done by another process, or in another step: it is unanswered. */
  ask(action: NewAction): Promise<void>
  /** Stores what was done already, with its answer. */
  record(action: NewAction, answer: ActionAnswer): Promise<void>
  /** Those that nobody has answered, oldest first. */
  unanswered(limit: number): Promise<readonly ActionRow[]>
  /** The first answer counts: false when there was one before, or there is no such action. */
  answer(id: string, answer: ActionAnswer, at: number): Promise<boolean>
  get(id: string): Promise<ActionRow | null>
  /** Newest first, on one target, or on all where it is null. */
  list(target: string | null, page: { readonly limit: number; readonly offset: number }): Promise<readonly ActionRow[]>
}
