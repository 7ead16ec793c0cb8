/** SQL of executions for the steps of the history. */

import { ALL_EXECUTIONS } from '../../sql/executions/columns.ts'

export { ENDED_COLUMNS } from '../../sql/executions/columns.ts'
export { GET_EXECUTION, GET_FINAL, GET_INPUT } from '../../sql/executions/executions.ts'
export { ACTIVE_STATUSES, ENDED, ENDED_STATUSES, executionsWith } from '../../sql/executions/listing.ts'
export { ACTIVE, IN_ORDER } from '../sql/executions.ts'

/** The `seq` of an execution, as an expression with its id as the value. */
export const SEQ_OF = `(SELECT seq FROM ${ALL_EXECUTIONS} e WHERE id = ?)`
