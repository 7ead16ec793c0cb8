/** The statements about removed triggers for PostgreSQL. */

import type { OwnSql } from '../../sql/dialect.ts'

const OF_TRIGGER = 'trigger_seq = (SELECT seq FROM triggers WHERE name = $1)'
const OF_CRON = 'cron_seq = (SELECT seq FROM crons WHERE trigger_name = $1)'

/** By the columns that select the partition and its index. */
export const DELETE_HISTORY: OwnSql['deleteHistory'] = [
  `DELETE FROM ticks t USING (SELECT outcome, last_at, seq FROM ticks WHERE ${OF_TRIGGER} LIMIT $2) g
   WHERE ${OF_TRIGGER} AND t.outcome = g.outcome AND t.last_at = g.last_at AND t.seq = g.seq`,
  `DELETE FROM firings f USING (SELECT fired_at, seq FROM firings WHERE ${OF_TRIGGER} LIMIT $2) g
   WHERE ${OF_TRIGGER} AND f.fired_at = g.fired_at AND f.seq = g.seq`,
  `DELETE FROM active_firings WHERE id IN (SELECT id FROM active_firings WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM cron_firings c USING (SELECT claimed_at, seq FROM cron_firings WHERE ${OF_CRON} LIMIT $2) g
   WHERE ${OF_CRON} AND c.claimed_at = g.claimed_at AND c.seq = g.seq`,
]
