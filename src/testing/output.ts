/** Output and log of functions in a test: stored in the result, and shown as if the test had printed them. */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Printer } from '../functions/calls/printing.ts'
import { type LogPiece, type LogRecord, recordsOfPiece } from '../model/logs/log-record.ts'

/** Context outside of all calls, for the output of the test itself. */
const outside = AsyncLocalStorage.snapshot()

/** Prints whole lines through `console`, so that test frameworks know which test they are of. */
export function testPrinter(): Printer {
  const open = new Map<string, string>()
  const show = (stream: 'stdout' | 'stderr', line: string) =>
    outside(() => (stream === 'stdout' ? console.log(line) : console.error(line)))
  return {
    print(call, _prefix, stream, text) {
      const key = `${call} ${stream}`
      const lines = `${open.get(key) ?? ''}${text}`.split('\n')
      open.set(key, lines.pop() ?? '')
      for (const line of lines) show(stream, line)
    },
    ended(call) {
      for (const stream of ['stdout', 'stderr'] as const) {
        const rest = open.get(`${call} ${stream}`) ?? ''
        open.delete(`${call} ${stream}`)
        if (rest !== '') show(stream, rest)
      }
    },
    drain: () => Promise.resolve(),
  }
}

/** Stores the log of attempts. */
export class KeptLog {
  readonly records: LogRecord[] = []
  readonly sink = (piece: LogPiece): void => void this.records.push(...recordsOfPiece(piece))
}
