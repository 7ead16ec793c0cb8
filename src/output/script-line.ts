/** Lines that scripts print or log, as data with the names of their call. Made by both hosts of scripts. */

import type { LogRecord } from '../model/logs/log-record.ts'
import type { Printed } from './call-log.ts'

/** Maximum size of the message of a line in UTF-8. Longer messages are cut. */
export const MAX_LINE_BYTES = 65_536

/** Names of the call that printed a line, as far as they are known. */
export interface LineOrigin {
  readonly script?: string
  readonly executionId?: string
  readonly workflow?: string
  readonly task?: string
  /** Number of the attempt, starting with 1. */
  readonly attempt?: number
  readonly trigger?: string
}

/** Line that a script printed, or record that it logged. */
export interface ScriptLine {
  /** Time in milliseconds since 1970. */
  readonly at: number
  /** Stream of a printed line. `log`: record of Python's `logging`, or of `log` in TypeScript. */
  readonly stream: Printed | 'log'
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Printed line without its end, or the message of a record, which can have several lines. */
  readonly message: string
  /** Whether the rest of the message was dropped, because it was too long. */
  readonly isCut: boolean
  readonly origin: LineOrigin
  /** Name of the Python logger. */
  readonly logger?: string
  /** File and line of the logging call, such as `/jobs/inbox.py:12`. */
  readonly place?: string
  /** Additional values of the logging call. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** Traceback of the logged exception. */
  readonly traceback?: string
}

/** Function that receives the lines of scripts in place of stdout and stderr. Must not throw. */
export interface ScriptLineSink {
  (line: ScriptLine): void
  /** Whether log records are passed as data. Otherwise the text that they print is passed. Default: false. */
  readonly takesRecords?: boolean
}

/** Call of a script, as the engine requests it. */
export interface NamedCall {
  readonly script?: string
  readonly executionId?: string
  readonly workflow?: string
  readonly taskId?: string
  readonly attempt?: number
  readonly trigger?: string
}

const LEVELS = new Map<string, ScriptLine['level']>([
  ['DEBUG', 'debug'],
  ['INFO', 'info'],
  ['WARNING', 'warn'],
  ['ERROR', 'error'],
  ['CRITICAL', 'error'],
])

export function lineOrigin({ script, executionId, workflow, taskId, attempt, trigger }: NamedCall): LineOrigin {
  return {
    ...(script !== undefined && { script }),
    ...(executionId !== undefined && { executionId }),
    ...(workflow !== undefined && { workflow }),
    ...(taskId !== undefined && { task: taskId }),
    ...(attempt !== undefined && { attempt }),
    ...(trigger !== undefined && { trigger }),
  }
}

/** Returns the line of a log record. Levels that scripts have added are `info`. */
export function lineFromRecord(record: LogRecord, origin: LineOrigin): ScriptLine {
  const { at, level = '', message, logger, place, extra, traceback } = record
  const shown = cutText(message)
  const shownTrace = traceback === undefined ? undefined : cutText(traceback)
  const isLargeExtra = extra !== undefined && JSON.stringify(extra).length > MAX_LINE_BYTES
  return {
    ...{ at, stream: 'log', level: LEVELS.get(level) ?? 'info', message: shown, origin },
    isCut: shown !== message || shownTrace !== traceback || isLargeExtra,
    ...(logger !== undefined && { logger }),
    ...(place !== undefined && { place }),
    ...(extra !== undefined && !isLargeExtra && { extra }),
    ...(shownTrace !== undefined && { traceback: shownTrace }),
  }
}

function cutText(text: string): string {
  if (text.length * 3 <= MAX_LINE_BYTES || Buffer.byteLength(text) <= MAX_LINE_BYTES) return text
  return decodeCut(Buffer.from(text).subarray(0, MAX_LINE_BYTES))
}

/** Decodes UTF-8 that may end within a character, which is then left out. Invalid bytes become U+FFFD. */
export function decodeCut(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes, { stream: true })
}
