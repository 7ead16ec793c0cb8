/** SQL of executions for the steps of the history. */

import type { ExecutionStatus } from '../../../model/execution.ts'
import { ALL_EXECUTIONS } from '../../sql/executions/columns.ts'
import { executionsWith } from '../../sql/executions/listing.ts'

export { ALL_EXECUTIONS } from '../../sql/executions/columns.ts'
export { GET_EXECUTION, GET_FINAL, GET_INPUT } from '../../sql/executions/executions.ts'

/** The `seq` of an execution, as an expression. */
export const seqOf = (id: string): string => `
(SELECT execution_seq FROM active_executions WHERE id = ${id}
 UNION ALL SELECT seq FROM executions WHERE id = ${id} LIMIT 1)`

/** Returns the table of the executions with a status, or of all. */
export function tableOf(status: ExecutionStatus | undefined): string {
  return status === undefined ? ALL_EXECUTIONS : executionsWith(status)
}
