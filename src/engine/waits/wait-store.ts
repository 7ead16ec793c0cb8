/**
 * Port of the store for waits; the rules of `store.ts` apply. `Store.settle` opens and removes waits.
 *
 *   none ── settle, with `wait` ──▶ open ── endDue, signal, answer ──▶ ended ── settle, with `wait: null` ──▶ none
 *                                    └── cancel, by an owner or without one: removed
 *
 * A new wait for a signal ends in the same step if a signal is kept. Each end is a conditional update of the open row,
 * so exactly one of several ends a wait.
 */

import type { OpenWait, WaitEnding, WaitKind } from '../../model/waits.ts'

export interface WaitStore {
  /** Returns the earliest deadline of an open wait, or null. */
  nextDeadline(): Promise<number | null>
  /**
   * Ends the waits whose deadline has passed, the earliest first, and makes their unowned executions available.
   * Returns the ids of the available executions, and whether there may be more due waits.
   */
  endDue(at: number, limit: number): Promise<EndedWaits>
  /** Returns the ended waits of executions that the instance owns, the earliest end first. */
  endedOf(instanceId: string): Promise<readonly EndedWait[]>
  /** Returns the workflows and ids of all nodes with open waits, except of waits for children and limits. */
  waitingNodes(): Promise<readonly WaitingNode[]>
  /** Returns the limits of tasks for whose slots tasks wait. */
  waitedLimits(): Promise<readonly WaitedLimit[]>
  /** Returns the workflows of executions that wait for a slot of the limit of their workflow. */
  limitedWorkflows(): Promise<readonly string[]>
  /**
   * Makes executions available that have only waits, one of them of this node, because newer code does not declare the
   * node. Returns their ids. An engine that declares the node lets them wait again.
   */
  makeAvailable(node: WaitingNode): Promise<readonly string[]>
  /** Does the same for the tasks that wait for a limit which newer code does not give to them. */
  leaveLimit(waited: WaitedLimit): Promise<readonly string[]>
  /** Lets the executions of a workflow begin that wait for its limit, as newer code has none. Returns their ids. */
  leaveWorkflowLimit(workflow: string, at: number): Promise<readonly string[]>
  /** Returns the open waits of each execution, in the order of their openings. Executions without one are missing. */
  openOfEach(executionIds: readonly string[]): Promise<ReadonlyMap<string, readonly OpenWait[]>>
  /**
   * Returns the ids of executions that have only waits, and whose deadline nobody has judged, the oldest first: of one
   * workflow, and created in a range.
   */
  listUnjudged(range: CreationRange, limit: number): Promise<readonly string[]>
  /** Returns the number of open waits by kind. Kinds without one are missing. */
  countOpen(): Promise<ReadonlyMap<WaitKind, number>>
}

/** Range of times of creation, without the first and with the last one. */
export interface CreationRange {
  readonly workflow: string
  readonly after: number
  readonly until: number
}

export interface WaitingNode {
  readonly workflow: string
  readonly taskId: string
}

/** Limit for which a task waits in at least one execution. */
export interface WaitedLimit extends WaitingNode {
  readonly limit: string
}

export interface EndedWaits {
  readonly available: readonly string[]
  readonly isMore: boolean
}

export interface EndedWait {
  readonly executionId: string
  readonly taskId: string
  readonly ending: WaitEnding
}
