/** `runner.signals`: signals, which end waits of nodes. */

import { UsageError } from '../../../errors.ts'
import { formatValue, nameArgument, shortenText } from '../../../model/arguments.ts'
import type { JsonValue } from '../../../model/context.ts'
import { plainJson } from '../../../model/plain-json.ts'
import { MAX_SIGNAL_KEY_BYTES } from '../../../model/wait-templates.ts'
import type { SignalReceipt, SignalRow, SignalState } from '../../../model/waits.ts'
import type { EnginePorts } from '../../engine-options.ts'
import type { RunWaits } from '../../executions/run-waits.ts'
import { type ActionOptions, newAction } from '../action-service.ts'
import { checkedPageAfter, type PageAfterOptions } from '../page-options.ts'
import { type SenderOptions, senderText } from './sender.ts'

const MAX_PAYLOAD_BYTES = 1_048_576

/** Options of `runner.signal`. */
export interface SendSignalOptions extends Omit<ActionOptions, 'answerWithinMs'>, SenderOptions {
  /** Key of the waits that the signal ends: at most 512 bytes of UTF-8. Default: the empty key. */
  readonly key?: string
  /** JSON value of at most 1 MiB. Default: null. */
  readonly payload?: JsonValue
  /** Exact JSON text of the payload, instead of `payload`. */
  readonly payloadText?: string
  /** Id with which the signal is sent once: 1 to 512 bytes of UTF-8. Default: a new UUID. */
  readonly id?: string
}

/** Filter and page of `runner.signals.list`. */
export interface SignalListOptions extends PageAfterOptions {
  readonly name?: string
  readonly key?: string
  readonly state?: SignalState
}

/** `runner.signals`: signals, which end waits of nodes. */
export class Signals {
  readonly #ports: EnginePorts
  readonly #waits: RunWaits

  /** @internal */
  constructor(ports: EnginePorts, waits: RunWaits) {
    this.#ports = ports
    this.#waits = waits
  }

  /**
   * Stores a signal, and ends all open waits of its name and key. If there is none, the first wait that opens within
   * the setting `retention.signals` uses the signal. A call with a known id and the same name, key and payload returns
   * the first answer. Throws `INVALID_ARGUMENT`, and `KEY_REUSED` if another signal has the id.
   */
  async send(name: string, options: SendSignalOptions = {}): Promise<SignalReceipt> {
    const { store, clock, codec, newId, events } = this.#ports
    const payloadText = checkedPayload(options)
    const signal = {
      id: options.id === undefined ? newId() : checkedText(options.id, 'id', 1),
      name: checkedText(name, 'name', 1),
      key: checkedText(options.key ?? '', 'key', 0),
      payloadText,
      fingerprint: fingerprintOf(payloadText, codec),
      source: senderText(options),
      at: clock.now(),
    }
    const { id, key } = signal
    const result = await store.signals.send(signal, newAction(this.#ports, 'signal', signal.name, options, { id, key }))
    if (result.kind === 'reused') throw reusedIdError(id)
    const { kind, state, executions } = result
    events.counters.signals[kind === 'repeated' ? kind : state] += 1
    if (kind === 'sent' && state === 'used') this.#waits.ended(result.available)
    return { id, state, executions, isRepeated: kind === 'repeated' }
  }

  /** Returns signals, newest first. */
  async list(options: SignalListOptions = {}): Promise<readonly SignalRow[]> {
    const { name, key, state } = options
    const filter = {
      ...(name !== undefined && { name: nameArgument(name, 'name') }),
      ...(key !== undefined && { key: nameArgument(key, 'key') }),
      ...(state !== undefined && { state: checkedState(state) }),
    }
    return await this.#ports.store.signals.list(filter, checkedPageAfter(options))
  }
}

function checkedText(value: unknown, path: string, minBytes: number): string {
  const text = nameArgument(value, path)
  const bytes = Buffer.byteLength(text)
  if (bytes >= minBytes && bytes <= MAX_SIGNAL_KEY_BYTES) return text
  const message =
    `"${path}" must have ${minBytes} to ${MAX_SIGNAL_KEY_BYTES} bytes of UTF-8, but ${formatValue(text)} with ` +
    `${bytes} bytes was given.`
  throw new UsageError('INVALID_ARGUMENT', message, { path })
}

function checkedState(state: unknown): SignalState {
  if (state === 'used' || state === 'kept') return state
  const message = `"state" must be "used" or "kept", but ${formatValue(state)} was given.`
  throw new UsageError('INVALID_ARGUMENT', message, { path: 'state' })
}

function checkedPayload({ payload = null, payloadText }: SendSignalOptions): string {
  const copy = plainPayload(payloadText === undefined ? payload : parsedJson(payloadText))
  const text = payloadText ?? JSON.stringify(copy)
  const bytes = Buffer.byteLength(text)
  if (bytes <= MAX_PAYLOAD_BYTES) return text
  throw payloadError(`have at most ${MAX_PAYLOAD_BYTES} bytes of JSON, but it has ${bytes}`)
}

function plainPayload(payload: unknown): JsonValue {
  try {
    return plainJson(payload, 'payload')
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause
    throw new UsageError('INVALID_ARGUMENT', cause.message, { path: 'payload', cause })
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(nameArgument(text, 'payloadText'))
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown
    throw payloadError(`be valid JSON: ${(thrown as Error).message}`, thrown)
  }
}

function fingerprintOf(payloadText: string, codec: EnginePorts['codec']): string {
  try {
    return codec.fingerprint(`{"payload":${payloadText}}`)
  } catch (thrown) {
    throw payloadError(`be JSON that a context can contain: ${(thrown as Error).message}`, thrown)
  }
}

function payloadError(requirement: string, cause?: unknown): UsageError {
  const message = `The payload of a signal must ${requirement}.`
  return new UsageError('INVALID_ARGUMENT', message, { path: 'payload', ...(cause !== undefined && { cause }) })
}

function reusedIdError(id: string): UsageError {
  const shown = JSON.stringify(shortenText(id))
  const message =
    `A signal with id ${shown} was sent before with another name, key or payload. Send the same signal again, or use ` +
    'another id.'
  return new UsageError('KEY_REUSED', message, { path: 'id' })
}
