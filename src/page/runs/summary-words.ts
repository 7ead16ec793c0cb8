/** Facts of the summary of a workflow. Pure. */

import type { WorkflowSummary } from '../api/answer-types.ts'

/** Returns the share of completed executions among the completed and failed ones, or null if there are none. */
export function successRate({ byStatus }: Pick<WorkflowSummary, 'byStatus'>): number | null {
  const { Completed: completed = 0, Failed: failed = 0 } = byStatus
  return completed + failed === 0 ? null : completed / (completed + failed)
}

/** `100 %`, `98 %`, `99.5 %`. A rate below 1 is never shown as 100 %, nor one above 0 as 0 %. */
export function shownRate(rate: number): string {
  if (rate === 0 || rate === 1) return `${rate * 100} %`
  const percent = Math.min(99.9, Math.max(0.1, rate * 100))
  return `${percent > 99 || percent < 1 ? percent.toFixed(1) : Math.round(percent)} %`
}
