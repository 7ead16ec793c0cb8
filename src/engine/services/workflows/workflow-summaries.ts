/** `runner.workflows.summaries()`: how the newest executions of each workflow ended. Pure. */

import type { ExecutionStatus } from '../../../model/execution.ts'
import type { RecentExecution } from '../../../model/execution-history.ts'
import type { WorkflowDefinition } from '../../../model/workflow.ts'
import type { PageOptions } from '../page-options.ts'
import { durations, type Quantiles, statusCounts } from './workflow-stats.ts'

/** Maximum number of executions of each workflow in the statistics, and in `newest`. */
export const SUMMARY_LIMITS = { executions: 50, newest: 20 }

/** Maximum number of states of tasks that `runner.workflows.executions` returns. */
const MAX_TASK_STATES = 10_000

/** Page of `runner.workflows.summaries`. */
export interface SummaryOptions extends Pick<PageOptions, 'limit'> {
  /** Key of a workflow: the page starts after it. */
  readonly after?: string
}

/** Workflow with its newest executions and their statistics. */
export interface WorkflowSummary {
  /** Newest definition of the workflow. */
  readonly definition: WorkflowDefinition
  /** Number of executions in the statistics, at most 50. */
  readonly executions: number
  /** Number of these executions by status. */
  readonly byStatus: Readonly<Partial<Record<ExecutionStatus, number>>>
  /** Duration of those that completed. */
  readonly duration: Quantiles
  /** The newest executions, at most 20, newest first. */
  readonly newest: readonly RecentExecution[]
}

export function workflowSummary(
  definition: WorkflowDefinition,
  executions: readonly RecentExecution[],
): WorkflowSummary {
  return {
    definition,
    executions: executions.length,
    byStatus: statusCounts(executions),
    duration: durations(executions),
    newest: executions.slice(0, SUMMARY_LIMITS.newest),
  }
}

/** Returns the number of executions whose tasks are read together, at least one. */
export function mostExecutions(limit: number, tasks: number): number {
  return Math.min(limit, Math.max(1, Math.floor(MAX_TASK_STATES / Math.max(1, tasks))))
}
