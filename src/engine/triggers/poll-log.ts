/** Gathers what the polls of one trigger print and log, which never overlap: the beginning and the end of it. */

import { type LogSink, logText } from '../../model/log.ts'
import { LogPieces } from '../../model/log-window.ts'

export class PollLog {
  readonly #limitBytes: number
  /** Most polls print nothing. */
  #pieces: LogPieces | null = null

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  readonly sink: LogSink = (piece) => {
    this.#pieces ??= new LogPieces(this.#limitBytes)
    this.#pieces.add(piece)
  }

  /** What the poll said that has just ended, as JSON lines; null for nothing. */
  take(): string | null {
    const pieces = this.#pieces
    this.#pieces = null
    return pieces === null ? null : logText(pieces.take())
  }
}
