/** Types of the results of executions, by workflow. */

import type { Frozen } from '../authoring/types/json.ts'
import type { OutputOf } from '../authoring/types/workflow-types.ts'
import type { ExecutionResult } from '../engine/services/executions/execution-result.ts'
import type { JsonObject } from '../model/context.ts'
import type { ExecutionStatus } from '../model/execution.ts'

/** Result of a TypeScript workflow. If it completed, `context` has the type of the workflow's output. */
export type WorkflowResult<Flow> = Omit<ExecutionResult, 'status' | 'context'> &
  (
    | { readonly status: 'Completed'; readonly context: Frozen<OutputOf<Flow>> }
    | { readonly status: Exclude<ExecutionStatus, 'Completed'>; readonly context: JsonObject }
  )

/** Result of `execute`, for a workflow or for the name of one. */
export type ResultOf<Flow> = Flow extends string ? ExecutionResult : WorkflowResult<Flow>
