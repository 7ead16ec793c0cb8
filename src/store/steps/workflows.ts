/** Steps of workflow definitions, which processes without the code of a workflow list and start. */

import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { Session, Step } from '../session.ts'
import { GET_WORKFLOW, LIST_WORKFLOWS, SAVE_WORKFLOW } from '../sql/workflows.ts'

interface WorkflowRecord {
  readonly definition: string
}

export function* saveWorkflows(session: Session, workflows: readonly WorkflowDefinition[], at: number): Step<void> {
  for (const workflow of workflows) session.run(SAVE_WORKFLOW, workflow.key, JSON.stringify(workflow), at)
}

/** Returns the definitions with these keys, or all, ordered by key. */
export function* listWorkflows(session: Session, keys?: readonly string[]): Step<readonly WorkflowDefinition[]> {
  if (keys === undefined) return (yield* session.all<WorkflowRecord>(LIST_WORKFLOWS)).map(definition)
  const replies = [...new Set(keys)].sort().map((key) => session.all<WorkflowRecord>(GET_WORKFLOW, key))
  const definitions: WorkflowDefinition[] = []
  for (const reply of replies) definitions.push(...(yield* reply).map(definition))
  return definitions
}

function definition(record: WorkflowRecord): WorkflowDefinition {
  return JSON.parse(record.definition) as WorkflowDefinition
}
