/** What the log writer hands to the steps of a store. */

import type { AttemptRef } from '../engine/ports.ts'

/** A piece that is stored, or will be by the step that adds it. */
export interface StoredPiece {
  /** Within its execution; null while it is not stored. */
  number: number | null
  /** It is beyond the limit by now: it is not stored any more, or never. */
  isDropped: boolean
  readonly records: number
  readonly bytes: number
  cutRecords: number
  cutBytes: number
  /** '' once it is stored. */
  text: string
}

/** What is to be written of one attempt's log. */
export interface LogChange {
  readonly attempt: AttemptRef
  readonly added: readonly StoredPiece[]
  readonly dropped: readonly StoredPiece[]
  /** The piece that says what was cut, when more was. */
  readonly afterCut: StoredPiece | null
}
