/**
 * `CLOACA_TRACE=border`: one line on stderr for each message between the engine and an interpreter, and for each call of Python
 * into its host, with name, token and milliseconds. Nothing is measured or written unless it is asked for.
 */

import { writeSync } from 'node:fs'

const STDERR = 2

export const isBorderTraced: boolean = (process.env.CLOACA_TRACE ?? '').split(',').includes('border')

/** `direction`: `→` into the interpreter, `←` out of it, `·` a call that is answered inside. */
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

/** Since this process began. */
export function sinceStartMs(): number {
  return performance.now()
}

interface SomeMessage {
  readonly type: string
  readonly token?: number
  readonly tokens?: readonly number[]
}

/** A message, with its time since the process began; one with several tokens is a line for each. */
export function traceMessage(direction: '→' | '←', pid: number, message: SomeMessage): void {
  const tokens = message.tokens ?? [message.token ?? null]
  for (const token of tokens.length === 0 ? [null] : tokens) {
    traceBorder(direction, pid, message.type, token, sinceStartMs())
  }
}
