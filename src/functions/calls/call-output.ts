/**
 * What one call prints and logs: it goes out at once, and into the log of its attempt or poll, from where it is sent in pieces.
 * Secrets that its execution was given are in neither. Made by `function-call.ts` with the first line.
 */

import type { Clock, Timer } from '../../engine/ports.ts'
import type { LogRecord, LogSink } from '../../model/log.ts'
import { CallLog, type Printed } from '../../output/call-log.ts'
import type { Masks } from '../../output/masks.ts'
import { shownPlaces } from './faults.ts'
import type { Printer } from './printing.ts'

/** Between two pieces of an attempt or poll that goes on. */
const SEND_EVERY_MS = 50

export type LogLevel = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR'

export interface OutputPorts {
  readonly clock: Clock
  readonly printer: Printer
  readonly number: number
  /** What stands before its lines at a terminal. */
  readonly prefix: string
  readonly limitBytes: number
  readonly sink: LogSink | undefined
  /** Of what its execution was given by now; null where there is nothing to hide. */
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

  record(level: LogLevel, message: string, values: Readonly<Record<string, unknown>> | undefined): void {
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
    const line = `${level} ${message}${extra === null ? '' : ` ${JSON.stringify(extra)}`}\n${traceback ?? ''}`
    this.#out('stderr', masks?.inText(line) ?? line)
    this.#sendSoon()
  }

  /** Its outcome comes next: all that there is is sent before. What comes later is sent at once. */
  end(): void {
    this.#hasEnded = true
    this.#timer?.cancel()
    this.#send(true)
    this.#ports.printer.ended(this.#ports.number)
  }

  #out(stream: Printed, text: string): void {
    const { printer, number, prefix } = this.#ports
    printer.print(number, prefix, stream, text)
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

/** An error among the values is kept with its stack. What is no JSON is shown as text: a log refuses nothing. */
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
        traceback ??= `${shownPlaces(value.stack ?? String(value))}\n`
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

/** The line that asked for the record: the first frame that is not of this package. */
function placeOfCaller(): string | null {
  const stack = new Error().stack?.split('\n').slice(1) ?? []
  const frame = stack.find((line) => !/[\\/]functions[\\/]calls[\\/]/.test(line))
  const place = frame === undefined ? null : /\(?(file:[^()]*|\/[^()]*):(\d+):\d+\)?$/.exec(frame)
  return place === null ? null : `${shownPlaces(place[1] ?? '')}:${place[2]}`
}
