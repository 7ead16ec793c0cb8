/** `runner.sources`: the named sources of events, and events that are pushed to them. */

import type { Engine } from '../../engine/engine.ts'
import { DEFAULT_PUSH_TIMEOUT_MS } from '../../engine/graphs/graph-calls.ts'
import type { SourcePollRow } from '../../engine/graphs/graph-store.ts'
import { numberArgument, textArgument } from '../../model/arguments.ts'
import type { JsonValue } from '../../model/context.ts'
import type { ReactorFiring, SourceEvent, SourceRow } from '../../model/graphs/rows.ts'
import { plainJson } from '../../model/plain-json.ts'
import type { KeepAlive } from '../keep-alive.ts'
import { type PageAfterOptions, pageAfterOf } from './page.ts'

export interface PushOptions {
  /** How long to wait while too many events of the source wait. 0: not at all. Default: 30,000 ms. */
  readonly timeoutMs?: number
}

export class RunnerSources {
  readonly #alive: KeepAlive
  readonly #engine: Engine

  constructor(alive: KeepAlive, engine: Engine) {
    this.#alive = alive
    this.#engine = engine
  }

  /**
   * Hands an event to a passthrough, batch or state accumulator. Settles with its sequence when it is stored: from then on it
   * is not lost. Throws `SOURCE_NOT_FOUND`, `SOURCE_NOT_PUSHABLE`, `INVALID_CONTEXT` for what is not JSON, and `SOURCE_FULL` when there was no room in time.
   */
  async push(source: string, event: JsonValue, options: PushOptions = {}): Promise<number> {
    return await this.pushText(source, JSON.stringify(plainJson(event, 'event')), options)
  }

  /** The same with the exact text of a JSON value. */
  async pushText(source: string, eventText: string, options: PushOptions = {}): Promise<number> {
    using _hold = this.#alive.hold()
    const timeoutMs = numberArgument(options.timeoutMs ?? DEFAULT_PUSH_TIMEOUT_MS, 'timeoutMs', 0)
    const text = textArgument(eventText, 'eventText')
    return await this.#engine.graphs.push(textArgument(source, 'source'), text, timeoutMs)
  }

  /** So many events of one may wait: beyond it, pushes wait or are refused. */
  get maxWaiting(): number {
    return this.#engine.config.maxWaitingEvents
  }

  /** By name. */
  async list(): Promise<readonly SourceRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.listSources()
  }

  /** Throws `SOURCE_NOT_FOUND`, with the nearest name. */
  async get(source: string): Promise<SourceRow> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.source(textArgument(source, 'source'))
  }

  /** Newest first. `after`: the sequence of the last one of the part before, as a text. */
  async events(source: string, options: PageAfterOptions = {}): Promise<readonly SourceEvent[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.events(textArgument(source, 'source'), pageAfterOf(options))
  }

  /** Of a polling accumulator: what its polls came to, newest first. */
  async polls(source: string, options: PageAfterOptions = {}): Promise<readonly SourcePollRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.polls(textArgument(source, 'source'), pageAfterOf(options))
  }

  /** The firings that an event led to, newest first. */
  async firings(source: string, sequence: number, limit = 100): Promise<readonly ReactorFiring[]> {
    using _hold = this.#alive.hold()
    const number = numberArgument(sequence, 'sequence', 1)
    return await this.#engine.graphs.firingsOf(
      textArgument(source, 'source'),
      number,
      numberArgument(limit, 'limit', 1),
    )
  }
}
