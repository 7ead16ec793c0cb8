/** How a store on SQLite is opened. */

import type { Clock } from '../../engine/ports.ts'
import { MEMORY_PATH } from '../database-url.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import type { ConnectionFaults } from './file/connection.ts'
import type { ReadFileSystem } from './file/file-system.ts'

export interface SqliteStoreOptions {
  /** A file, made when missing, or `:memory:`. */
  readonly path: string
  /**
   * `full`: what was accepted, and how it ended, survives a power cut. `normal`: after a power cut the last moments
   * may be missing as if they had not been; the file stays sound, and the death of the process alone costs nothing.
   */
  readonly durability: 'full' | 'normal'
  readonly clock: Clock
  /** Process that other processes see as the owner of this store's instances. This process by default. */
  readonly process?: ProcessIdentity
  /** Makes a UUID for a row. Random by default. */
  readonly newId?: () => string
  /** Faults that a simulation puts between the store and SQLite. None by default. */
  readonly faults?: ConnectionFaults
  /** Whether a process of this host exists. Signal 0 by default. */
  readonly isProcessAlive?: (pid: number) => boolean
  /**
   * Writes nothing, and needs no right and no lock to write: steps that would are refused. The file must be there. Of no
   * effect in memory.
   */
  readonly readOnly?: boolean
  /** Hears what the user should know of the database's place and log. Default: nobody. */
  readonly notice?: (message: string) => void
  /** What kind of file system a path lies on. `statfs` by default. */
  readonly readFileSystem?: ReadFileSystem
}

export function isReadOnly({ path, readOnly = false }: SqliteStoreOptions): boolean {
  return readOnly && path !== MEMORY_PATH
}
