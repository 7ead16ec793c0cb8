/** The SQL of the code that engines announce, and of the triggers that no engine declares. */

import type { Fragments } from './fragments.ts'

export const SET_CODE = 'UPDATE instances SET declared = $1, is_polling = $2 WHERE id = $3 RETURNING seq'

export const DELETE_WORKFLOW_VERSIONS = 'DELETE FROM instance_workflows WHERE instance_seq = $1'

export const INSERT_WORKFLOW_VERSION = `
INSERT INTO instance_workflows (instance_seq, workflow, version) VALUES ($1, $2, $3)
ON CONFLICT (instance_seq, workflow) DO UPDATE SET version = excluded.version`

export const DELETE_TRIGGER = 'DELETE FROM triggers WHERE name = $1'

export const DELETE_TRIGGER_CRON = 'DELETE FROM crons WHERE trigger_name = $1'

export interface InstanceCodeSql extends ReturnType<typeof declaredTriggersSql> {
  /** Each deletes rows of a trigger. Values: name of the trigger, maximum number of rows. */
  readonly deleteHistory: readonly string[]
}

export function declaredTriggersSql({ elements, isIn }: Fragments) {
  const declared = `
    SELECT element.value FROM instances CROSS JOIN ${elements('instances.declared')}
    WHERE NOT ${isIn('instances.seq', '$1', 'bigint')}`
  return {
    /** Values: list of dead engines, time. */
    markUndeclared: [
      `UPDATE triggers SET undeclared_at = $2
       WHERE undeclared_at IS NULL AND 'poll ' || name NOT IN (${declared})`,
      `UPDATE crons SET undeclared_at = $2
       WHERE undeclared_at IS NULL AND trigger_name IS NOT NULL AND 'cron ' || trigger_name NOT IN (${declared})`,
    ],
    /** Value: list of dead engines. */
    unmarkDeclared: [
      `UPDATE triggers SET undeclared_at = NULL
       WHERE undeclared_at IS NOT NULL AND 'poll ' || name IN (${declared})`,
      `UPDATE crons SET undeclared_at = NULL
       WHERE undeclared_at IS NOT NULL AND 'cron ' || trigger_name IN (${declared})`,
    ],
    /** Returns `seq` of each engine that declares one of two names. */
    listDeclarers: `
SELECT DISTINCT instances.seq FROM instances CROSS JOIN ${elements('instances.declared')}
WHERE element.value IN ($1, $2)`,
  }
}
