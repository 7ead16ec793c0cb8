/** The SQL of stored workflow definitions, the same for both databases. */

/** A definition that did not change is not written. */
export const SAVE_WORKFLOW = `
INSERT INTO workflows (key, definition, saved_at) VALUES ($1, $2, $3)
ON CONFLICT (key) DO UPDATE SET definition = excluded.definition, saved_at = excluded.saved_at
WHERE workflows.definition <> excluded.definition`

export const LIST_WORKFLOWS = 'SELECT definition FROM workflows ORDER BY key'

export const GET_WORKFLOW = 'SELECT definition FROM workflows WHERE key = $1'
