/** Changes of logs, which the log writer gives to steps of the store. */

import type { AttemptRef } from '../engine/ports.ts'

/** A piece that is stored, or will be by the step that adds it. */
export interface StoredPiece {
  /** Number within its execution, or null while it is not stored. */
  number: number | null
  /** Whether it exceeds the limit, so that it is removed or never stored. */
  isDropped: boolean
  readonly records: number
  readonly bytes: number
  cutRecords: number
  cutBytes: number
  /** Empty after it was stored. */
  text: string
}

/** Changes to write of the log of one attempt. */
export interface LogChange {
  readonly attempt: AttemptRef
  readonly added: readonly StoredPiece[]
  readonly dropped: readonly StoredPiece[]
  /** The piece with the number of cut records, if the number has changed. */
  readonly afterCut: StoredPiece | null
}
