/** Steps of workflow definitions, which processes without the code of a workflow list and start. */

import type { WorkflowDefinition } from '../../model/workflow.ts'
import { collectReplies, type Session, type Step } from '../store-session.ts'

interface WorkflowRecord {
  readonly definition: string
}

/** A definition that did not change is not written. */
const SAVE_WORKFLOW = `
INSERT INTO workflows (key, definition, saved_at) VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET definition = excluded.definition, saved_at = excluded.saved_at
WHERE workflows.definition <> excluded.definition`

export function* saveWorkflows(session: Session, workflows: readonly WorkflowDefinition[], at: number): Step<void> {
  for (const workflow of workflows) session.run(SAVE_WORKFLOW, workflow.key, JSON.stringify(workflow), at)
}

const PAGE_OF_WORKFLOWS = 'SELECT definition FROM workflows WHERE key > $1 ORDER BY key LIMIT $2'

/** Returns the definitions of the first workflows whose keys are greater than `after`, ordered by key. */
export function* pageWorkflows(session: Session, after: string, limit: number): Step<readonly WorkflowDefinition[]> {
  const records = yield* session.all<WorkflowRecord>(PAGE_OF_WORKFLOWS, after, limit)
  return records.map(({ definition }) => JSON.parse(definition) as WorkflowDefinition)
}

/** Returns the definitions with these keys, or all, ordered by key. */
export function* listWorkflows(session: Session, keys?: readonly string[]): Step<readonly WorkflowDefinition[]> {
  const read = (condition: string, ...values: string[]) =>
    session.all<WorkflowRecord>(`SELECT definition FROM workflows ${condition}`, ...values)
  const replies =
    keys === undefined ? [read('ORDER BY key')] : [...new Set(keys)].sort().map((key) => read('WHERE key = $1', key))
  return (yield* collectReplies(replies)).flat().map(({ definition }) => JSON.parse(definition) as WorkflowDefinition)
}
