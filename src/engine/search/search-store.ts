/** Port of the store for search; its general rules are in `store.ts`. */

import type { ExecutionStatus } from '../../model/execution.ts'

/** Kind of a found thing. */
export type SearchHitKind =
  | 'trigger'
  | 'cron trigger'
  | 'schedule'
  | 'workflow'
  | 'reactor'
  | 'source'
  | 'graph'
  | 'execution'
  | 'approval'

/** A trigger, schedule, workflow, reactor, source, graph, execution or approval whose name or id was found. */
export interface SearchHit {
  readonly kind: SearchHitKind
  /** Id of an execution, schedule or approval. Name of a trigger, workflow, reactor, source or graph. */
  readonly id: string
  /** Name or title. Workflow of an execution, or of a schedule that has no name. */
  readonly title: string
  /** Workflow of a trigger, schedule, execution or approval, otherwise null. */
  readonly workflow: string | null
  /** Status of an execution, otherwise null. */
  readonly status: ExecutionStatus | null
  /** Time at which an execution or approval was created, in milliseconds since 1970, otherwise null. */
  readonly createdAt: number | null
}

/** Numbers of rows that tell which screens of the page have something to show. */
export interface DatabaseCounts {
  readonly openApprovals: number
  readonly openIncidents: number
  readonly reactors: number
  readonly sources: number
  readonly graphs: number
}

export interface SearchStore {
  /**
   * Returns names that contain all words in this order, without regard to the case of ASCII letters: equal names first,
   * then names that begin with the words, then others; shorter names first. Reads no table of executions.
   */
  findNames(words: readonly string[], limit: number): Promise<readonly SearchHit[]>
  /** Returns executions, schedules and approvals whose id begins with a text, each kind by id. */
  findIds(prefix: string, limit: number): Promise<readonly SearchHit[]>
  /** `at`: time at which approvals that have expired are not open any more. */
  counts(at: number): Promise<DatabaseCounts>
}
