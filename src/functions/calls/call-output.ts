/**
 * Output and log of one call: printed immediately, and sent in pieces to the log of its attempt or poll. Secrets of its
 * execution are masked in both. Made by `function-call.ts` with the first line.
 */

import type { Clock, Timer } from '../../engine/clock-port.ts'
import type { LogPieceSink, LogRecord } from '../../model/logs/log-record.ts'
import { CallLog, type Printed } from '../../output/call-log.ts'
import type { Masks } from '../../output/masks.ts'
import type { NamedCall } from '../../output/script-line.ts'
import { formatPlaces } from './faults.ts'
import type { Printer } from './printing.ts'

/** Time between two pieces of the log of a running attempt or poll. */
const SEND_EVERY_MS = 50

export type TaskLogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR'

export interface OutputPorts {
  readonly clock: Clock
  readonly printer: Printer
  readonly number: number
  readonly names: NamedCall
  readonly limitBytes: number
  readonly sink: LogPieceSink | undefined
  /** Masks for the secrets of its execution so far; null for none. */
  readonly masks: () => Masks | null
}

export class CallOutput {
  readonly #ports: OutputPorts
  readonly #log: CallLog
  #timer: Timer | null = null
  #hasEnded = false

  constructor(ports: OutputPorts) {
    this.#ports = ports
    this.#log = new CallLog(ports.limitBytes)
  }

  print(stream: Printed, text: string): void {
    const { clock } = this.#ports
    const shown = this.#ports.masks()?.inText(text) ?? text
    this.#out(stream, shown)
    this.#log.print(stream, Buffer.from(shown), clock.now())
    this.#sendSoon()
  }

  record(level: TaskLogLevel, message: string, values: Readonly<Record<string, unknown>> | undefined): void {
    const { clock } = this.#ports
    const masks = this.#ports.masks()
    const { extra, traceback } = detailsOf(values)
    const place = placeOfCaller()
    const record: LogRecord = {
      at: clock.now(),
      stream: 'log',
      message,
      level,
      ...(place !== null && { place }),
      ...(extra !== null && { extra }),
      ...(traceback !== null && { traceback }),
    }
    const json = JSON.stringify(record)
    this.#log.log(masks?.inJson(json) ?? json)
    const { printer, names } = this.#ports
    if (printer.record !== undefined) printer.record(names, JSON.parse(masks?.inJson(json) ?? json) as LogRecord)
    else this.#printRecord(record)
    this.#sendSoon()
  }

  #printRecord({ level, message, extra, traceback }: LogRecord): void {
    const masks = this.#ports.masks()
    const line = `${level} ${message}${extra === undefined ? '' : ` ${JSON.stringify(extra)}`}\n${traceback ?? ''}`
    this.#out('stderr', masks?.inText(line) ?? line)
  }

  /** Sends the rest before the outcome. Later lines are sent immediately. */
  end(): void {
    this.#hasEnded = true
    this.#timer?.cancel()
    this.#send(true)
    this.#ports.printer.ended(this.#ports.number)
  }

  #out(stream: Printed, text: string): void {
    const { printer, number, names } = this.#ports
    printer.print(number, names, stream, text)
    if (this.#hasEnded) printer.ended(number)
  }

  #sendSoon(): void {
    if (this.#hasEnded) this.#send(true)
    else
      this.#timer ??= this.#ports.clock.wakeAfter(SEND_EVERY_MS, () => {
        this.#timer = null
        this.#send(false)
      })
  }

  #send(isAll: boolean): void {
    const { sink, clock } = this.#ports
    for (const piece of this.#log.take(isAll, clock.now())) sink?.(piece)
  }
}

/** Keeps the stacks of errors. Converts other values that are not JSON to text, so that every record is logged. */
function detailsOf(values: Readonly<Record<string, unknown>> | undefined): {
  readonly extra: Readonly<Record<string, unknown>> | null
  readonly traceback: string | null
} {
  if (values === undefined || values === null) return { extra: null, traceback: null }
  let traceback: string | null = null
  const extra: Record<string, unknown> = {}
  try {
    for (const [key, value] of Object.entries(values)) {
      if (value instanceof Error) {
        traceback ??= `${formatPlaces(value.stack ?? String(value))}\n`
        extra[key] = `${value.name}: ${value.message}`
      } else extra[key] = loggable(value)
    }
  } catch (thrown) {
    extra.unreadable = String(thrown)
  }
  return { extra: Object.keys(extra).length > 0 ? extra : null, traceback }
}

function loggable(value: unknown): unknown {
  try {
    const text = JSON.stringify(value)
    return text === undefined ? String(value) : JSON.parse(text)
  } catch {
    return String(value)
  }
}

/** Returns the caller's line: the first frame outside of this package. */
function placeOfCaller(): string | null {
  const stack = new Error().stack?.split('\n').slice(1) ?? []
  const frame = stack.find((line) => !/[\\/]functions[\\/]calls[\\/]/.test(line))
  const place = frame === undefined ? null : /\(?(file:[^()]*|\/[^()]*):(\d+):\d+\)?$/.exec(frame)
  return place === null ? null : `${formatPlaces(place[1] ?? '')}:${place[2]}`
}
