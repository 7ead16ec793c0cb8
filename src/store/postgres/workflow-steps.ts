/**
 * The definitions that the code had last, for processes that list and start workflows without having the code.
 * Each function is the body of one step and runs in its transaction.
 */

import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { Session } from './session/session.ts'

const SAVE_WORKFLOWS = `
INSERT INTO workflows (key, definition, saved_at) SELECT key, definition, $3 FROM unnest($1::text[], $2::text[]) AS g (key, definition)
ON CONFLICT (key) DO UPDATE SET definition = excluded.definition, saved_at = excluded.saved_at
WHERE workflows.definition <> excluded.definition`

/** Value: the keys, or null for all. */
const LIST_WORKFLOWS = `
SELECT definition FROM workflows WHERE $1::text[] IS NULL OR key = ANY ($1::text[]) ORDER BY key`

export async function saveWorkflows(
  session: Session,
  definitions: readonly WorkflowDefinition[],
  at: number,
): Promise<void> {
  const byKey = [...new Map(definitions.map((workflow) => [workflow.key, workflow])).values()]
  await session.run(
    SAVE_WORKFLOWS,
    byKey.map(({ key }) => key),
    byKey.map((workflow) => JSON.stringify(workflow)),
    at,
  )
}

export async function listWorkflows(
  session: Session,
  keys?: readonly string[],
): Promise<readonly WorkflowDefinition[]> {
  const records = await session.all<{ readonly definition: string }>(LIST_WORKFLOWS, keys ?? null)
  return records.map((record) => JSON.parse(record.definition) as WorkflowDefinition)
}
