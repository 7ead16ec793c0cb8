/**
 * Output and log records of a task or poll. Stored as JSON lines, one per record. Output to one stream within one
 * millisecond is one line, however many lines it has.
 */

/** Origin of a log record. `log`: Python's `logging` or `TaskLog`. `cut` stands for omitted records. */
export type LogStream = 'stdout' | 'stderr' | 'log' | 'cut'

/** Output or log record of a task or poll. */
export interface LogRecord {
  /** Time in milliseconds since 1970. */
  readonly at: number
  readonly stream: LogStream
  /** Line of output without its end, or the message of a log record, which can have several lines. */
  readonly message: string
  /** Whether the output does not end with a line break. The next output of the same stream continues the line. */
  readonly isPart?: true
  /** Number and size in bytes of the omitted records. Only for `cut`. */
  readonly cutRecords?: number
  readonly cutBytes?: number
  /** Name of the level, such as `INFO`. Only for `log`, as are the following fields. */
  readonly level?: string
  /** Name of the Python logger. */
  readonly logger?: string
  /** File and line of the logging call, such as `/jobs/inbox.py:12`. */
  readonly place?: string
  /** Additional values of the call (`extra` in Python) as JSON. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** Traceback of the logged exception. */
  readonly traceback?: string
}

/** Size of stored text and number of its records. */
export interface LogSize {
  readonly records: number
  readonly bytes: number
  /** Number of records that were cut before it. */
  readonly cutRecords: number
  readonly cutBytes: number
}

/** Part of the log of one attempt or poll. */
export interface LogPiece extends LogSize {
  /** JSON lines, each with its line break. */
  readonly text: string
}

/** Receiver of output. Never throws. */
export type LogPieceSink = (piece: LogPiece) => void

/** Returns the records of a text, with each line of output as one record. */
export function logRecords(text: string): readonly LogRecord[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : linesOf(JSON.parse(line) as LogRecord)))
}

/** Returns the records of a piece, after a record for the part that was cut before it. */
export function recordsOfPiece(piece: LogPiece): readonly LogRecord[] {
  const records = logRecords(piece.text)
  return piece.cutRecords === 0 ? records : [cutRecord(piece, records[0]?.at ?? 0), ...records]
}

/** Joins pieces into one text, with a record for each cut. Returns null for no pieces. */
export function logText(pieces: readonly LogPiece[]): string | null {
  if (pieces.length === 0) return null
  return pieces.map((piece) => (piece.cutRecords === 0 ? piece.text : cutLine(piece) + piece.text)).join('')
}

function cutLine(piece: LogPiece): string {
  const [first = '{}'] = piece.text.split('\n', 1)
  return `${JSON.stringify(cutRecord(piece, (JSON.parse(first) as LogRecord).at))}\n`
}

function cutRecord({ cutRecords, cutBytes }: LogSize, at: number): LogRecord {
  return { at, stream: 'cut', message: `${cutRecords} lines (${cutBytes} bytes) were cut here`, cutRecords, cutBytes }
}

function linesOf(record: LogRecord): readonly LogRecord[] {
  const { at, stream, message, isPart } = record
  if (stream === 'log' || !message.includes('\n')) return [record]
  const lines = message.split('\n')
  return lines.map((line, index) => {
    const isLast = index === lines.length - 1
    return { at, stream, message: line, ...(isLast && isPart ? { isPart } : {}) }
  })
}
