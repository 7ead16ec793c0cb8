/** How pieces of logs lie in a message: all texts as one, and six numbers for each piece. Both ends are here. */

import type { FromInterpreter, StackToken } from './protocol.ts'

/** `model/log-record.ts` says what its fields mean. */
interface Piece {
  readonly text: string
  readonly records: number
  readonly bytes: number
  readonly cutRecords: number
  readonly cutBytes: number
}

type LogsMessage = Extract<FromInterpreter, { readonly type: 'logs' }>

const NUMBERS_A_PIECE = 6

export class LogsMessageBuilder {
  #text = ''
  #sizes: number[] = []

  get length(): number {
    return this.#text.length
  }

  add(token: StackToken, { text, records, bytes, cutRecords, cutBytes }: Piece): void {
    this.#text += text
    this.#sizes.push(token, text.length, records, bytes, cutRecords, cutBytes)
  }

  /** Returns the message with all pieces since the last call, or null if there are none. */
  take(): LogsMessage | null {
    if (this.#sizes.length === 0) return null
    const message: LogsMessage = { type: 'logs', text: this.#text, sizes: this.#sizes }
    this.#text = ''
    this.#sizes = []
    return message
  }
}

export function eachLogPiece({ text, sizes }: LogsMessage, use: (token: StackToken, piece: Piece) => void): void {
  let begin = 0
  for (let at = 0; at < sizes.length; at += NUMBERS_A_PIECE) {
    const [token = 0, length = 0, records = 0, bytes = 0, cutRecords = 0, cutBytes = 0] = sizes.slice(
      at,
      at + NUMBERS_A_PIECE,
    )
    use(token, { text: text.slice(begin, begin + length), records, bytes, cutRecords, cutBytes })
    begin += length
  }
}
