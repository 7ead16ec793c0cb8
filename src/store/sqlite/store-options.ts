/** How a store on SQLite is opened. */

import type { Clock } from '../../engine/ports.ts'
import { MEMORY_PATH } from '../database-url.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import type { ConnectionFaults } from './file/connection.ts'
import type { ReadFileSystem } from './file/file-system.ts'

export interface SqliteStoreOptions {
  /** A file, which is created if it is missing, or `:memory:`. */
  readonly path: string
  /**
   * `full`: accepted work and its results survive a power cut. `normal`: a power cut may lose the last moments, but
   * does not damage the file. The death of the process loses nothing.
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
  /** Refuses steps that write, and needs no right and no lock to write. The file must exist. Ignored in memory. */
  readonly readOnly?: boolean
  /** Receives warnings about the file system and the log for the user. */
  readonly notice?: (message: string) => void
  /** Returns the kind of the file system of a path. `statfs` by default. */
  readonly readFileSystem?: ReadFileSystem
}

export function isReadOnly({ path, readOnly = false }: SqliteStoreOptions): boolean {
  return readOnly && path !== MEMORY_PATH
}
