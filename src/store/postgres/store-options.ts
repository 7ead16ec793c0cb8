/** How a store on PostgreSQL is opened. */

import type { Clock } from '../../engine/ports.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import type { Driver } from './session/session.ts'

export interface PostgresStoreOptions {
  /** `postgres://` or `postgresql://`. */
  readonly url: string
  /** Where the tables are, made when missing. Null: what the URL's `schema` says, else the user's own search path decides. */
  readonly schema?: string | null
  /**
   * `full`: what was accepted, and how it ended, survives a power cut of the server. `normal`: after a crash of the server its last
   * moments may be missing as if they had not been.
   */
  readonly durability: 'full' | 'normal'
  readonly clock: Clock
  /** Process that other processes see as the owner of this store's instances. This process by default. */
  readonly process?: ProcessIdentity
  /** Makes a UUID for a row. Random by default. */
  readonly newId?: () => string
  /** Whether a process of this host exists. Signal 0 by default. */
  readonly isProcessAlive?: (pid: number) => boolean
  /** Writes nothing, and makes no tables: steps that would are refused. */
  readonly readOnly?: boolean
  /** Hears what the user should know of the database and the way to it. Default: nobody. */
  readonly notice?: (message: string) => void
  /** What to take for the server's clock, in milliseconds. Default: the server's clock. */
  readonly serverNow?: () => number
  readonly random?: () => number
  /** Makes the connections. `pg` by default. */
  readonly driver?: Driver
}
