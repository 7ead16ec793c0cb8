/** Formats records of tasks and polls as lines for people. */

import type { LogRecord } from '../../index.ts'
import { styled, timeText } from '../display.ts'
import { writeStdout } from '../standard-streams.ts'
import { visibleLine, visibleOutput } from '../visible-text.ts'

/** Prints each record immediately: time, owner and text. */
export class LogLinePrinter {
  /** Owner of the line that is not finished, or null. */
  #openLine: string | null = null
  #nameWidth = 0

  /** `name`: owner of the record, as it is shown. */
  print(name: string, record: LogRecord): void {
    const { stream, isPart } = record
    const source = `${name} ${stream}`
    if (this.#openLine !== null && this.#openLine !== source) writeStdout('\n')
    const isContinued = this.#openLine === source
    this.#openLine = isPart ? source : null
    const head = isContinued ? '' : this.#head(name, record)
    writeStdout(`${head}${isContinued ? visibleOutput(record.message) : textOf(record)}${isPart ? '' : '\n'}`)
  }

  end(): void {
    if (this.#openLine !== null) writeStdout('\n')
    this.#openLine = null
  }

  #head(name: string, { at }: LogRecord): string {
    const shown = visibleLine(name)
    this.#nameWidth = Math.max(this.#nameWidth, shown.length)
    const column = this.#nameWidth === 0 ? '' : `${shown.padEnd(this.#nameWidth)}  `
    return styled({ text: `${timeText(at, { hasMillis: true })}  ${column}`, style: 'dim' })
  }
}

/** Below another line: each line of it is indented. */
export function indentedLogLines(records: readonly LogRecord[], indent: string): readonly string[] {
  const lines = records.flatMap((record) => {
    const [first = '', ...more] = textOf(record).split('\n')
    return [`${styled({ text: timeText(record.at, { hasMillis: true }), style: 'dim' })}  ${first}`, ...more]
  })
  return lines.map((line) => `${indent}${line}`)
}

function textOf(record: LogRecord): string {
  const { stream, message, level, logger, place, extra, traceback } = record
  if (stream === 'stdout') return visibleOutput(message)
  if (stream === 'stderr') return `stderr: ${visibleOutput(message)}`
  if (stream === 'cut') return styled({ text: `… ${message} …`, style: 'yellow' })
  const more = Object.entries(extra ?? {}).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
  const where = place === undefined ? '' : ` (${place})`
  const whose = logger === undefined ? '' : `${logger}: `
  const text = visibleOutput(`${whose}${message}${more.join('')}${where}`)
  const trace = traceback === undefined ? '' : `\n    ${visibleOutput(traceback)}`
  return `${styled({ text: visibleLine(level ?? ''), style: STYLES[level ?? ''] ?? null })} ${text}${trace}`
}

const STYLES = { WARNING: 'yellow', ERROR: 'red', CRITICAL: 'red' } as Readonly<Record<string, 'yellow' | 'red'>>
