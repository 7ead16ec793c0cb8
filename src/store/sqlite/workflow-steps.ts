/**
 * The definitions that the code had last, for processes that list and start workflows without having the code.
 * Each function is the body of one step and runs in its transaction.
 */

import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { Connection } from './file/connection.ts'
import { GET_WORKFLOWS, LIST_WORKFLOWS, SAVE_WORKFLOW } from './workflow-queries.ts'

export function saveWorkflows(connection: Connection, workflows: readonly WorkflowDefinition[], at: number): void {
  for (const workflow of workflows) connection.run(SAVE_WORKFLOW, workflow.key, JSON.stringify(workflow), at)
}

export function listWorkflows(connection: Connection, keys?: readonly string[]): readonly WorkflowDefinition[] {
  const records =
    keys === undefined
      ? connection.all<{ readonly definition: string }>(LIST_WORKFLOWS)
      : connection.all<{ readonly definition: string }>(GET_WORKFLOWS, JSON.stringify(keys))
  return records.map((record) => JSON.parse(record.definition) as WorkflowDefinition)
}
