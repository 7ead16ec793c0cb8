/** How a store on PostgreSQL is opened. */

import type { Clock } from '../../engine/ports.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import type { Driver } from './session/session.ts'

export interface PostgresStoreOptions {
  /** `postgres://` or `postgresql://`. */
  readonly url: string
  /** Schema of the tables, created if missing. Null: `schema` of the URL, or the search path of the user. */
  readonly schema?: string | null
  /**
   * `full`: accepted requests and results survive a power cut of the server. `normal`: after a crash of the server, its
   * last transactions may be lost.
   */
  readonly durability: 'full' | 'normal'
  readonly clock: Clock
  /** Process that other processes see as the owner of this store's instances. This process by default. */
  readonly process?: ProcessIdentity
  /** Makes a UUID for a row. Random by default. */
  readonly newId?: () => string
  /** Whether a process of this host exists. Signal 0 by default. */
  readonly isProcessAlive?: (pid: number) => boolean
  /** Creates no tables, and refuses steps that write. */
  readonly readOnly?: boolean
  /** Called with messages about the database and the connection for the user. */
  readonly notice?: (message: string) => void
  /** Returns the time that replaces the server's clock, in milliseconds. Default: the server's clock. */
  readonly serverNow?: () => number
  readonly random?: () => number
  /** Makes the connections. `pg` by default. */
  readonly driver?: Driver
}
