/** `runner.sources`: the named sources of events, and events that are pushed to them. */

import { UsageError } from '../../errors.ts'
import { numberArgument, textArgument } from '../../model/arguments.ts'
import type { JsonValue } from '../../model/context.ts'
import type { ReactorFiring, SourceEvent, SourceRow } from '../../model/graphs/graph-model-rows.ts'
import { plainJson } from '../../model/plain-json.ts'
import type { EnginePorts } from '../engine-options.ts'
import { unknownSourceError } from '../graphs/event-intake.ts'
import type { SourcePollRow } from '../graphs/graph-store.ts'
import type { Graphs as LiveGraphs } from '../graphs/hosted-graphs.ts'
import { checkedPageAfter, type PageAfterOptions } from './page-options.ts'

const DEFAULT_PUSH_TIMEOUT_MS = 30_000

/** Options of `runner.sources.push`. */
export interface PushOptions {
  /** Maximum wait for room in the queue, in milliseconds. 0: no wait. Default: 30,000. */
  readonly timeoutMs?: number
}

/** `runner.sources`: sources of events. */
export class Sources {
  readonly #ports: EnginePorts
  readonly #graphs: LiveGraphs
  /** Sources that accept pushes. Further pushes to them need no query. */
  readonly #pushable = new Set<string>()

  /** @internal */
  constructor(ports: EnginePorts, graphs: LiveGraphs) {
    this.#ports = ports
    this.#graphs = graphs
  }

  /**
   * Pushes an event to a passthrough, batch or state accumulator. Resolves with its sequence number when it is stored.
   * Throws `SOURCE_NOT_FOUND`, `SOURCE_NOT_PUSHABLE`, `SOURCE_FULL`, and `INVALID_CONTEXT` if the value is not JSON.
   */
  async push(source: string, event: JsonValue, options: PushOptions = {}): Promise<number> {
    return await this.pushText(source, JSON.stringify(plainJson(event, 'event')), options)
  }

  /** Pushes an event like `push`, with the exact JSON text of the value. */
  async pushText(source: string, eventText: string, options: PushOptions = {}): Promise<number> {
    const timeoutMs = numberArgument(options.timeoutMs ?? DEFAULT_PUSH_TIMEOUT_MS, 'timeoutMs', 0)
    this.#ports.codec.canonicalize(textArgument(eventText, 'eventText'))
    if (!this.#pushable.has(textArgument(source, 'source'))) await this.#assertPushable(source)
    return (await this.#graphs.intake.push(source, { eventText }, timeoutMs)) ?? 0
  }

  /** Maximum number of queued events per source. Further pushes wait, then are rejected. */
  get maxWaiting(): number {
    return this.#ports.config.maxWaitingEvents
  }

  /** Returns all sources by name. */
  async list(): Promise<readonly SourceRow[]> {
    await this.#graphs.sources.settled()
    return await this.#ports.store.graphs.listSources()
  }

  /** Returns a source. Throws `SOURCE_NOT_FOUND`. */
  async get(source: string): Promise<SourceRow> {
    textArgument(source, 'source')
    await this.#graphs.sources.settled()
    const row = await this.#ports.store.graphs.getSource(source)
    if (row !== null) return row
    const rows = await this.#ports.store.graphs.listSources()
    throw unknownSourceError(
      source,
      rows.map(({ name }) => name),
    )
  }

  /** Returns events, newest first. `after`: sequence number of the last event of the previous page, as text. */
  async events(source: string, options: PageAfterOptions = {}): Promise<readonly SourceEvent[]> {
    return await this.#ports.store.graphs.listEvents(textArgument(source, 'source'), checkedPageAfter(options))
  }

  /** Returns the polls of a polling accumulator, newest first. */
  async polls(source: string, options: PageAfterOptions = {}): Promise<readonly SourcePollRow[]> {
    return await this.#ports.store.graphs.listPolls(textArgument(source, 'source'), checkedPageAfter(options))
  }

  /** Returns the firings that an event led to, newest first. */
  async firings(source: string, sequence: number, limit = 100): Promise<readonly ReactorFiring[]> {
    const number = numberArgument(sequence, 'sequence', 1)
    const most = numberArgument(limit, 'limit', 1)
    return await this.#ports.store.graphs.firingsOf(textArgument(source, 'source'), number, most)
  }

  async #assertPushable(source: string): Promise<void> {
    const declared = this.#ports.registry.current().graphs.sources.get(source)
    const { accumulation } = declared ?? (await this.get(source))
    const kind = accumulation?.kind
    if (kind === 'polling' || kind === 'stream') {
      const origin = kind === 'polling' ? 'function' : 'stream'
      const message =
        `Cannot push to source "${source}": its events come only from its ${origin}. ` +
        'Push to a passthrough, batch or state accumulator instead.'
      throw new UsageError('SOURCE_NOT_PUSHABLE', message, { source })
    }
    // A source that was declared a moment ago is in the store then.
    await this.#graphs.sources.settled()
    this.#pushable.add(source)
  }
}
