/** SQL that differs between the databases: one member for each noun. Each database builds them in its file `sql.ts`. */

import type { TriggerSql } from './triggers.ts'

export interface DialectSql {
  readonly triggers: TriggerSql
}
