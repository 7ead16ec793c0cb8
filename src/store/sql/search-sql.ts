/** The SQL of search. It reads all names, which are few, and ids by the ranges of their indexes. */

import { IS_REPLACED_CRON } from './cron-sql.ts'
import { ALL_EXECUTIONS } from './executions/columns.ts'
import type { Fragments } from './sql-fragments.ts'

const NAMES = `
  SELECT 'trigger' AS kind, name AS id, name AS title, workflow FROM triggers
  UNION ALL
  SELECT CASE WHEN trigger_name IS NULL THEN 'schedule' ELSE 'cron trigger' END, id,
         coalesce(trigger_name, instance_name, workflow), workflow
  FROM crons WHERE NOT ${IS_REPLACED_CRON}
  UNION ALL SELECT 'workflow', key, key, NULL FROM workflows
  UNION ALL SELECT 'reactor', name, name, NULL FROM reactors
  UNION ALL SELECT 'source', name, name, NULL FROM sources
  UNION ALL SELECT 'graph', name, name, NULL FROM graphs`

/** Values of each: first id, id after the last one, maximum number of rows. */
export const FIND_IDS: readonly string[] = [
  `SELECT 'execution' AS kind, id, workflow AS title, workflow, status, created_at AS "createdAt"
   FROM ${ALL_EXECUTIONS} e WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3`,
  `SELECT CASE WHEN trigger_name IS NULL THEN 'schedule' ELSE 'cron trigger' END AS kind, id,
     coalesce(trigger_name, instance_name, workflow) AS title, workflow, NULL AS status, NULL AS "createdAt"
   FROM crons WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3`,
  `SELECT 'approval' AS kind, id, title, workflow, NULL AS status, created_at AS "createdAt"
   FROM approvals WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3`,
]

/** Value: time. */
export const COUNT_ALL = `
SELECT (SELECT count(*) FROM approvals WHERE state = 'open' AND (expires_at IS NULL OR expires_at > $1))
         AS "openApprovals",
       (SELECT count(*) FROM incidents WHERE ended_at IS NULL) AS "openIncidents",
       (SELECT count(*) FROM reactors) AS reactors, (SELECT count(*) FROM sources) AS sources,
       (SELECT count(*) FROM graphs) AS graphs`

export function searchSql({ asciiLower }: Fragments) {
  const title = asciiLower('title')
  return {
    /** Values: pattern of the names, the whole text, pattern of names that begin with it, maximum number of rows. */
    findNames: `
SELECT kind, id, title, workflow, NULL AS status, NULL AS "createdAt" FROM (${NAMES}) named
WHERE ${title} LIKE $1 ESCAPE '!'
ORDER BY CASE WHEN ${title} = $2 THEN 0 WHEN ${title} LIKE $3 ESCAPE '!' THEN 1 ELSE 2 END,
         length(title), ${title}, kind, id
LIMIT $4`,
  }
}
