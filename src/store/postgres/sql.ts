/** The statements of PostgreSQL that SQLite has in another form. */

import type { DialectSql } from '../sql/dialect.ts'
import { triggerSql } from '../sql/triggers.ts'
import { FRAGMENTS } from './sql/fragments.ts'
import { TRIGGERS } from './sql/triggers.ts'

export const SQL: DialectSql = {
  triggers: { ...triggerSql(FRAGMENTS), ...TRIGGERS },
}
