/**
 * Prints the output of functions like that of Python scripts: to the process's stdout and stderr, or to a function.
 * Writers do not wait for readers, lines are complete, and at a terminal each has a prefix.
 */

import { isatty } from 'node:tty'
import type { LogRecord } from '../../model/logs/log-record.ts'
import type { Printed } from '../../output/call-log.ts'
import { Outlet, prepareStandardStreams } from '../../output/outlet.ts'
import { printedLines } from '../../output/printed-lines.ts'
import { lineFromRecord, lineOrigin, type NamedCall, type ScriptLineSink } from '../../output/script-line.ts'
import { WholeLines } from '../../output/whole-lines.ts'

const SHORT_ID = 8
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const CONTROLS = /[\0-\x1f\x7f-\x9f]/g

export interface Printer {
  /** `call`: unique number of the call. */
  print(call: number, names: NamedCall, stream: Printed, text: string): void
  /** Takes a log record as data. Undefined if records are printed as text. */
  readonly record?: ((names: NamedCall, record: LogRecord) => void) | undefined
  ended(call: number): void
  /** Settles when everything that can be written is written. */
  drain(): Promise<void>
}

export interface PrinterOptions {
  readonly stdoutTo: 'stdout' | 'stderr'
  readonly prefixes: boolean
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
    print(call, names, stream, text) {
      prefixOf.set(call, prefix(names))
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

/** Passes lines and records to a function. */
export function linePrinter(sink: ScriptLineSink): Printer {
  const namesOf = new Map<number, NamedCall>()
  const originOf = (call: number) => lineOrigin(namesOf.get(call) ?? {})
  const linesOf = (stream: Printed) => printedLines(stream, sink, originOf)
  const lines = { stdout: linesOf('stdout'), stderr: linesOf('stderr') }
  return {
    record: sink.takesRecords ? (names, record) => sink(lineFromRecord(record, lineOrigin(names))) : undefined,
    print(call, names, stream, text) {
      namesOf.set(call, names)
      lines[stream].write(call, Buffer.from(text))
    },
    ended(call) {
      lines.stdout.ended(call)
      lines.stderr.ended(call)
      namesOf.delete(call)
    },
    async drain() {
      lines.stdout.end()
      lines.stderr.end()
    },
  }
}

function prefix({ executionId, taskId }: NamedCall): string {
  if (executionId === undefined || taskId === undefined) return ''
  return `[${executionId.slice(0, SHORT_ID)} ${taskId.replace(CONTROLS, '?')}] `
}
