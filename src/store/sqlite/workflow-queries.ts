/** The SQL of stored workflow definitions. Each text is one statement, named after what the store wants done. */

export const SAVE_WORKFLOW = `
INSERT INTO workflows (key, definition, saved_at) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET definition = excluded.definition, saved_at = excluded.saved_at
WHERE definition <> excluded.definition`

export const LIST_WORKFLOWS = 'SELECT definition FROM workflows ORDER BY key'

/** Value: JSON of the keys. */
export const GET_WORKFLOWS =
  'SELECT definition FROM workflows WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key'
