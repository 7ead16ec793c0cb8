/** The SQL of keys that start an execution at most once. */

import type { Fragments } from '../sql-fragments.ts'

/** Values: the workflow, the key. */
export const FIND_START_KEY = `
SELECT execution_id AS "executionId", input_fingerprint AS "fingerprint" FROM execution_keys
WHERE workflow = $1 AND key = $2`

/** Values: the workflow, the key. */
export const DELETE_START_KEY = 'DELETE FROM execution_keys WHERE workflow = $1 AND key = $2'

const COLUMNS = 'workflow text, key text, input_fingerprint text, execution_id text, created_at bigint'

export function executionKeySql({ insertRows }: Fragments) {
  return {
    /**
     * Inserts the keys that their workflows do not have yet, and returns the executions of these. On PostgreSQL it
     * waits for transactions that are inserting one of the keys. Rows: all columns, in the order of workflow and key.
     */
    insertKeys: `
${insertRows('execution_keys', COLUMNS)}
ON CONFLICT (workflow, key) DO NOTHING RETURNING execution_id AS id`,
  }
}
