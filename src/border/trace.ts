/**
 * Writes one line to stderr, if `CLOACA_TRACE=border`, for each message between the engine and an interpreter, and for
 * each call of Python into its host: name, token and milliseconds.
 */

import { writeSync } from 'node:fs'

const STDERR = 2

export const isBorderTraced: boolean = (process.env.CLOACA_TRACE ?? '').split(',').includes('border')

/** `direction`: `→` into the interpreter, `←` out of it, `·` a call that the interpreter answers itself. */
export function traceBorder(
  direction: '→' | '←' | '·',
  pid: number,
  name: string,
  token: number | null,
  ms: number,
): void {
  const columns = [`border ${direction}`, `pid ${pid}`, name.padEnd(28), `token ${token ?? '-'}`.padEnd(12)]
  writeSync(STDERR, `${columns.join('  ')}  ${ms.toFixed(3)} ms\n`)
}

function sinceStartMs(): number {
  return performance.now()
}

interface SomeMessage {
  readonly type: string
  readonly token?: number
  readonly tokens?: readonly number[]
}

/** Writes one line for each token of a message. */
export function traceMessage(direction: '→' | '←', pid: number, message: SomeMessage): void {
  const tokens = message.tokens ?? [message.token ?? null]
  for (const token of tokens.length === 0 ? [null] : tokens) {
    traceBorder(direction, pid, message.type, token, sinceStartMs())
  }
}
