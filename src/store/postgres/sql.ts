/** The statements of PostgreSQL that SQLite has in another form. */

import type { DialectSql } from '../sql/dialect.ts'
import { declaredTriggersSql } from '../sql/instance-code.ts'
import { FRAGMENTS } from './sql/fragments.ts'
import { DELETE_HISTORY, INSTANCES } from './sql/instances.ts'

export const SQL: DialectSql = {
  instanceCode: { ...declaredTriggersSql(FRAGMENTS), deleteHistory: DELETE_HISTORY },
  instances: INSTANCES,
}
