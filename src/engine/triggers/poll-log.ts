/** Collects the output and log records of the polls of one trigger, which never overlap: the beginning and end. */

import { type LogPieceSink, logText } from '../../model/logs/log-record.ts'
import { LogPieces } from '../../model/logs/log-window.ts'

export class PollLog {
  readonly #limitBytes: number
  /** Null for most polls, which print nothing. */
  #pieces: LogPieces | null = null

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  readonly sink: LogPieceSink = (piece) => {
    this.#pieces ??= new LogPieces(this.#limitBytes)
    this.#pieces.add(piece)
  }

  /** Returns the log of the poll that has just ended as JSON lines, or null. */
  take(): string | null {
    const pieces = this.#pieces
    this.#pieces = null
    return pieces === null ? null : logText(pieces.take())
  }
}
