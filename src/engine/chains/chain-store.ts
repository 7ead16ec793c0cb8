/**
 * Port of the store for chains; the rules of `store.ts` apply. The chain of an execution is the first execution and all
 * that retry it, directly or not, and has the id of the first one. Rows of a chain remain until its last execution is
 * removed.
 */

import type { ExecutionStatus } from '../../model/execution.ts'
import type { LimitedStart, NewExecution } from '../starts/new-executions.ts'

export interface ChainStore {
  /** Returns the JSON text of a stored result, or null. */
  findResult(of: NameInChain): Promise<string | null>
  /**
   * Stores a result unless the name has one. Returns the stored result, or null if the execution has ended and the name
   * has none.
   */
  keepResult(of: NameInChain, executionId: string, resultText: string, at: number): Promise<string | null>
  /** Returns the child execution that was started with a key, or null. */
  findChild(of: NameInChain): Promise<ChildStart | null>
  /** Returns the number of executions above an execution: 0 if no task has started its chain. */
  depthOf(chainId: string): Promise<number>
  /** Stores an execution with the origin `child`; see `ChildStartAnswer`. */
  startChild(child: NewChild): Promise<ChildStartAnswer>
  /** Returns the children of a chain, the oldest first. */
  listChildren(executionId: string): Promise<readonly ChildRow[]>
}

/** Name of a result, or key of a child execution, of a task. */
export interface NameInChain {
  readonly chainId: string
  readonly taskId: string
  readonly name: string
}

/** Child execution that has a key. It may have been removed since it was started. */
export interface ChildStart {
  readonly executionId: string
  readonly workflow: string
}

/**
 * `ended`: nothing is stored, because the parent has ended. `heldAbove`: nothing is stored, because the parent, or an
 * execution above it, uses a slot for which the child would wait: that of the same workflow and value.
 */
export type ChildStartAnswer =
  | { readonly kind: 'created' | 'ended' }
  | { readonly kind: 'known'; readonly child: ChildStart }
  | { readonly kind: 'heldAbove'; readonly executionId: string }
  | LimitedStart

export interface NewChild {
  readonly of: NameInChain
  readonly parentId: string
  readonly execution: NewExecution
  readonly depth: number
  readonly at: number
}

/** Child execution that a task has started. */
export interface ChildRow extends ChildStart {
  readonly taskId: string
  readonly key: string
  /** Null if the child has been removed. */
  readonly status: ExecutionStatus | null
}
