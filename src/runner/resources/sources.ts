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

/** Options of `runner.sources.push`. */
export interface PushOptions {
  /** Maximum wait for room in the queue, in milliseconds. 0: no wait. Default: 30,000. */
  readonly timeoutMs?: number
}

/** `runner.sources`: sources of events. */
export class RunnerSources {
  readonly #alive: KeepAlive
  readonly #engine: Engine

  constructor(alive: KeepAlive, engine: Engine) {
    this.#alive = alive
    this.#engine = engine
  }

  /**
   * Pushes an event to a passthrough, batch or state accumulator. Resolves with its sequence number when the event is
   * stored. Throws `SOURCE_NOT_FOUND`, `SOURCE_NOT_PUSHABLE`, `INVALID_CONTEXT` for a value that is not JSON, and
   * `SOURCE_FULL`.
   */
  async push(source: string, event: JsonValue, options: PushOptions = {}): Promise<number> {
    return await this.pushText(source, JSON.stringify(plainJson(event, 'event')), options)
  }

  /** Pushes an event like `push`, with the exact JSON text of the value. */
  async pushText(source: string, eventText: string, options: PushOptions = {}): Promise<number> {
    using _hold = this.#alive.hold()
    const timeoutMs = numberArgument(options.timeoutMs ?? DEFAULT_PUSH_TIMEOUT_MS, 'timeoutMs', 0)
    const text = textArgument(eventText, 'eventText')
    return await this.#engine.graphs.push(textArgument(source, 'source'), text, timeoutMs)
  }

  /** Maximum number of queued events per source. Further pushes wait, then are rejected. */
  get maxWaiting(): number {
    return this.#engine.config.maxWaitingEvents
  }

  /** Returns all sources by name. */
  async list(): Promise<readonly SourceRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.listSources()
  }

  /** Returns a source. Throws `SOURCE_NOT_FOUND`. */
  async get(source: string): Promise<SourceRow> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.source(textArgument(source, 'source'))
  }

  /**
   * Returns the events of a source, newest first. `after`: sequence number of the last event of the previous page, as
   * text.
   */
  async events(source: string, options: PageAfterOptions = {}): Promise<readonly SourceEvent[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.events(textArgument(source, 'source'), pageAfterOf(options))
  }

  /** Returns the polls of a polling accumulator, newest first. */
  async polls(source: string, options: PageAfterOptions = {}): Promise<readonly SourcePollRow[]> {
    using _hold = this.#alive.hold()
    return await this.#engine.graphs.polls(textArgument(source, 'source'), pageAfterOf(options))
  }

  /** Returns the firings that an event led to, newest first. */
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
