/** Values of the store's methods about logs. */

import type { AttemptRow } from '../model/execution.ts'
import type { LogPiece } from '../model/logs/log-record.ts'
import type { TickOutcome } from '../model/schedule-rows.ts'

export type AttemptRef = Pick<AttemptRow, 'taskId' | 'attempt'> & { readonly executionId: string }

export interface LogQuery {
  readonly executionId: string
  readonly taskId?: string
  /** Attempt of the given task. */
  readonly attempt?: number
  /** Only pieces after this one. */
  readonly afterPiece?: number
  /** The last pieces before this one. Default: the first pieces. */
  readonly beforePiece?: number
  /** Number of pieces. A piece is at most as large as the whole log of an attempt may be. */
  readonly limit: number
}

/** Stored part of the log of one attempt. */
export interface StoredLogPiece extends LogPiece {
  /** Number, which increases within an execution. */
  readonly piece: number
  readonly taskId: string
  readonly attempt: number
}

export interface TickLog {
  readonly tickId: string
  readonly outcome: TickOutcome
  readonly at: number
  /** JSON lines. */
  readonly text: string
}
