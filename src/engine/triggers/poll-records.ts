/** Values of the store's methods about polls, firings and states of triggers. */

import type { ContextText } from '../../model/context.ts'

/** Facts about a poll besides its outcome. Durations are in whole milliseconds. */
export interface PollRecord {
  /** Time between the due time and the request, or null if the poll was not due. */
  readonly latenessMs: number | null
  /** Time between the request and the answer, or null if nothing was polled. */
  readonly durationMs: number | null
  /** Output and log records of the poll as JSON lines, or nothing. */
  readonly log?: string | null
}

/** State of a trigger in the store. `text`: null until its first change and after a reset. */
export interface StoredState {
  readonly text: ContextText | null
  /** Number of changes. */
  readonly version: number
}

/** State of a trigger with the last change. `changedBy`: `poll` or the id of an action. */
export interface TriggerStateRow extends StoredState {
  /** State before the first change. Null if the trigger takes no state. */
  readonly initialText: ContextText | null
  /** State before the last change. Null before the first change. */
  readonly previousText: ContextText | null
  readonly changedAt: number | null
  readonly changedBy: string | null
}

/** State before and after a poll. Stored with the tick if the two texts differ. */
export interface PolledState {
  /** Version before the poll. The tick is refused if it is not the stored one. */
  readonly version: number
  readonly beforeText: ContextText
  readonly afterText: ContextText
}

/** The stored state is not the one that the poll received. Nothing is stored. */
export interface StateChanged {
  readonly kind: 'stateChanged'
  readonly state: StoredState
}

/** Poll that skipped. Of consecutive skips, the last log is kept. */
export interface SkippedTick extends PollRecord {
  readonly trigger: string
  readonly at: number
  readonly reason: string | null
  /** Whether it answered to fire, but only a change from skip to fire starts an execution. */
  readonly isFiring: boolean
}

export type FiringResult =
  /** `waits`: the execution waits until fewer executions of the trigger are active. */
  | { readonly kind: 'started'; readonly waits?: true }
  /** `executionId`: execution of the active firing or of the firing with the key, or null if it has none. */
  | { readonly kind: 'duplicate'; readonly executionId: string | null }
  /**
   * A limit refused the execution. `active`: number of executions that have begun. Nothing of the firing is stored, and
   * its key is not used. `by`: the limit is that of the workflow. It is that of the trigger otherwise.
   */
  | { readonly kind: 'limited'; readonly active: number; readonly by?: 'workflow' }
  /** The workflow is not declared. The firing is stored as ended, and its key is not used. */
  | { readonly kind: 'refused' }

/** Facts about a trigger that an engine reads when it takes the lease. */
export interface LeasedFacts {
  /** Null if the trigger takes no state. */
  readonly state: StoredState | null
  /** Whether executions of the trigger wait until fewer are active. */
  readonly hasWaiting: boolean
}

/** Executions of a trigger that waited for others. */
export interface ReleasedExecutions {
  /** Ids of executions that can begin now. */
  readonly released: readonly string[]
  /** Number of executions that still wait. */
  readonly waiting: number
}

export type StateChangeResult =
  | { readonly kind: 'stored'; readonly state: TriggerStateRow }
  /** Another version is stored. */
  | StateChanged
  /** `held`: the engine with the lease must make the change. `stateless`: the trigger takes no state. */
  | { readonly kind: 'unknown' | 'stateless' | 'held' }
