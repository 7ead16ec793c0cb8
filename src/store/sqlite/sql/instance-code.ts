/** The statements about removed triggers for SQLite. */

import type { OwnSql } from '../../sql/dialect.ts'

const OF_TRIGGER = 'trigger_seq = (SELECT seq FROM triggers WHERE name = $1)'
const OF_CRON = 'cron_seq = (SELECT seq FROM crons WHERE trigger_name = $1)'

export const DELETE_HISTORY: OwnSql['deleteHistory'] = [
  `DELETE FROM ticks WHERE seq IN (SELECT seq FROM ticks WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM firings WHERE id IN (SELECT id FROM firings WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM active_firings WHERE id IN (SELECT id FROM active_firings WHERE ${OF_TRIGGER} LIMIT $2)`,
  `DELETE FROM cron_firings WHERE seq IN (SELECT seq FROM cron_firings WHERE ${OF_CRON} LIMIT $2)`,
]
