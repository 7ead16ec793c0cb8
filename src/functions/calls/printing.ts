/**
 * Where what functions print goes: to the process's own stdout and stderr, as what Python scripts print does. Nobody waits
 * for whoever reads it, lines are whole, and at a terminal each says whose it is.
 */

import { isatty } from 'node:tty'
import type { Printed } from '../../output/call-log.ts'
import { Outlet, prepareStandardStreams } from '../../output/outlet.ts'
import { WholeLines } from '../../output/whole-lines.ts'

export interface Printer {
  /** `call`: a number of its own for each call; `prefix`: what stands before its lines at a terminal. */
  print(call: number, prefix: string, stream: Printed, text: string): void
  ended(call: number): void
  /** Settles when all is written that somebody takes. */
  drain(): Promise<void>
}

export interface PrinterOptions {
  readonly stdoutTo: 'stdout' | 'stderr'
  readonly prefixes: boolean
  /** Hears of what nobody took. */
  readonly notice: (message: string) => void
}

export function standardPrinter({ stdoutTo, prefixes, notice }: PrinterOptions): Printer {
  prepareStandardStreams()
  const prefixOf = new Map<number, string>()
  const open = (descriptor: 1 | 2): WholeLines => {
    const outlet = new Outlet(descriptor, {
      notice({ bytes, reason }) {
        notice(`${bytes} bytes of script output are missing, because writing them failed: ${reason}`)
        return ''
      },
    })
    outlets.push(outlet)
    const isShown = prefixes && isatty(descriptor)
    return new WholeLines((bytes) => outlet.write(bytes), isShown ? (call) => prefixOf.get(call) ?? '' : () => '')
  }
  const outlets: Outlet[] = []
  const err = open(2)
  const lines = { stdout: stdoutTo === 'stderr' ? err : open(1), stderr: err }
  return {
    print(call, prefix, stream, text) {
      prefixOf.set(call, prefix)
      lines[stream].write(call, Buffer.from(text))
    },
    ended(call) {
      if (!prefixOf.has(call)) return
      lines.stdout.ended(call)
      lines.stderr.ended(call)
      prefixOf.delete(call)
    },
    async drain() {
      lines.stdout.end()
      lines.stderr.end()
      await Promise.all(outlets.map((outlet) => outlet.drain()))
    },
  }
}
