/** The SQL of engines for SQLite. */

import type { InstanceCodeSql } from '../../sql/instance-code.ts'
import type { InstanceSql } from '../../sql/instances.ts'

const OF_TRIGGER = 'trigger_seq = (SELECT seq FROM triggers WHERE name = $1)'
const OF_CRON = 'cron_seq = (SELECT seq FROM crons WHERE trigger_name = $1)'

export const INSTANCES: InstanceSql = {
  releaseExecutions: 'UPDATE executions SET owner_seq = NULL WHERE owner_seq = $1 RETURNING seq',
  listHoldings: `
    SELECT seq, (SELECT count(*) FROM triggers WHERE lease_seq = instances.seq) AS triggers,
           (SELECT count(*) FROM executions WHERE owner_seq = instances.seq) AS executions
    FROM instances`,
}

export const DELETE_HISTORY: InstanceCodeSql['deleteHistory'] = [
  `DELETE FROM ticks WHERE seq IN (SELECT seq FROM ticks WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM firings WHERE seq IN (SELECT seq FROM firings WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM cron_firings WHERE seq IN (SELECT seq FROM cron_firings WHERE ${OF_CRON} LIMIT $2)`,
]
