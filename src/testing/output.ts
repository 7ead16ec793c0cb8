/** What functions print and log in a test: kept for the result, and shown as if the test had printed it. */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Printer } from '../functions/calls/printing.ts'
import { type LogPiece, type LogRecord, recordsOfPiece } from '../model/log.ts'

/** Outside of every call: what is printed there is the test's own. */
const outside = AsyncLocalStorage.snapshot()

/** Shows whole lines through `console`, of which test frameworks know whose they are. */
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

/** Where the log of attempts goes. */
export class KeptLog {
  readonly records: LogRecord[] = []
  readonly sink = (piece: LogPiece): void => void this.records.push(...recordsOfPiece(piece))
}
