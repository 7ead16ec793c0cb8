/** Queries about the history, as part of the store's port in `ports.ts`. */

import type { ContextText } from '../model/context.ts'
import type { ExecutionSummary } from '../model/execution.ts'
import type {
  ActivityBar,
  ActivityQuery,
  ContextOf,
  CountFilter,
  ExecutionCounts,
  ExecutionOverview,
  LastTicks,
  TickDetail,
  TrendBar,
  TrendQuery,
  WaitingWorkflow,
  WorkflowSample,
} from '../model/history.ts'

/** Reads of the history that cost the same however long it is. */
export interface HistoryStore {
  /** Reads no context; null for an unknown execution. */
  overview(executionId: string): Promise<ExecutionOverview | null>
  /** The stored text, unchanged; null while there is none, and for an unknown execution or task. */
  contextText(executionId: string, of: ContextOf): Promise<ContextText | null>
  /** How many there are in each status, counted up to a limit. */
  counts(filter: CountFilter): Promise<ExecutionCounts>
  /** The oldest bar first. */
  trend(query: TrendQuery): Promise<readonly TrendBar[]>
  /** Returns the executions that failed last, by their end: the last one first. */
  lastFailed(limit: number): Promise<readonly ExecutionSummary[]>
  /**
   * Returns those of the executions that wait for an engine: they have not ended, are not paused, were created at this time or before,
   * and no living instance owns them or has announced their workflow.
   */
  listWaiting(executionIds: readonly string[], createdUntil: number): Promise<ReadonlySet<string>>
  /** Counts all such executions by workflow, in the order of the names. Its cost grows with the number of executions that have not ended. */
  countWaiting(createdUntil: number): Promise<readonly WaitingWorkflow[]>
  /** Newest first. */
  sample(workflow: string, limits: { readonly executions: number; readonly attempts: number }): Promise<WorkflowSample>
}

/** Results of the polls of triggers. The cost of each query does not grow with the history. */
export interface ActivityStore {
  /** The oldest bar first; bars without counts for an unknown trigger. */
  bars(query: ActivityQuery): Promise<readonly ActivityBar[]>
  /** By trigger; those that were never polled are missing. Skips of the last second may be. */
  lastTicks(triggers: readonly string[]): Promise<ReadonlyMap<string, LastTicks>>
  /** `untilAt`: a time up to which it lasted, such as a `lastAt` of it in a list. Null where there is none. */
  tick(trigger: string, id: string, untilAt: number): Promise<TickDetail | null>
}
