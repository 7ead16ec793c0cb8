/** SQL that differs between the databases: one member for each noun. Each database builds them in its file `sql.ts`. */

import type { InstanceCodeSql } from './instance-code.ts'
import type { InstanceSql } from './instances.ts'

export interface DialectSql {
  readonly instanceCode: InstanceCodeSql
  readonly instances: InstanceSql
}
