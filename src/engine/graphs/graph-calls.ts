/** What callers may ask about sources, reactors, graphs and subscriptions, and do to them. Part of the engine's API. */

import { UsageError } from '../../errors.ts'
import type { ActionKind, Actor } from '../../model/action.ts'
import type {
  GraphRow,
  ReactorFiring,
  ReactorRow,
  SourceEvent,
  SourceRow,
  Subscription,
  ValueText,
} from '../../model/graphs/rows.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import { didYouMean } from '../../registry/nearest.ts'
import { recordDone } from '../actions/recorded-actions.ts'
import type { EngineEvents } from '../events.ts'
import type { Clock, ContextCodec, PageAfter, Store } from '../ports.ts'
import { unknownSource } from './event-intake.ts'
import type { FiringDetail, SourcePollRow } from './graph-store.ts'
import type { Graphs } from './graphs.ts'
import type { Predicates } from './predicates.ts'

export const DEFAULT_TENANT = 'public'
export const DEFAULT_PUSH_TIMEOUT_MS = 30_000

export interface GraphCallsPorts {
  readonly store: Store
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly registry: RegistrySource
  readonly events: EngineEvents
  readonly newId: () => string
  readonly predicates: Predicates
}

/** Which workflow for which reactor. */
export interface SubscriptionNames {
  readonly reactor: string
  readonly workflow: string
  readonly tenant: string
}

export class GraphCalls {
  readonly #ports: GraphCallsPorts
  readonly #graphs: Graphs
  readonly #assertOpen: () => void
  /** Sources that take pushed events; asked once, since a push reads nothing. */
  readonly #pushable = new Set<string>()

  constructor(ports: GraphCallsPorts, graphs: Graphs, assertOpen: () => void) {
    this.#ports = ports
    this.#graphs = graphs
    this.#assertOpen = assertOpen
  }

  // -- sources

  /**
   * Hands an event to a source. Settles with its sequence when it is stored. Where too many wait it waits for `timeoutMs`;
   * rejects with `SOURCE_FULL`, `SOURCE_NOT_FOUND`, `SOURCE_NOT_PUSHABLE`, and `INVALID_CONTEXT` for what is not JSON.
   */
  async push(source: string, eventText: ValueText, timeoutMs = DEFAULT_PUSH_TIMEOUT_MS): Promise<number> {
    this.#assertOpen()
    this.#ports.codec.canonicalize(eventText)
    if (!this.#pushable.has(source)) await this.#assertPushable(source)
    const sequence = await this.#graphs.intake.push(source, { eventText }, timeoutMs)
    return sequence ?? 0
  }

  async listSources(): Promise<readonly SourceRow[]> {
    await this.#ready()
    return this.#ports.store.graphs.listSources()
  }

  /** Rejects with `SOURCE_NOT_FOUND`. */
  async source(name: string): Promise<SourceRow> {
    await this.#ready()
    const row = await this.#ports.store.graphs.getSource(name)
    if (row !== null) return row
    throw unknownSource(
      name,
      (await this.#ports.store.graphs.listSources()).map((each) => each.name),
    )
  }

  /** Newest first. */
  async events(source: string, page: PageAfter): Promise<readonly SourceEvent[]> {
    this.#assertOpen()
    return this.#ports.store.graphs.listEvents(source, page)
  }

  /** Of a polling accumulator, newest first. */
  async polls(source: string, page: PageAfter): Promise<readonly SourcePollRow[]> {
    this.#assertOpen()
    return this.#ports.store.graphs.listPolls(source, page)
  }

  /** What an event led to, newest first. */
  async firingsOf(source: string, sequence: number, limit: number): Promise<readonly ReactorFiring[]> {
    this.#assertOpen()
    return this.#ports.store.graphs.firingsOf(source, sequence, limit)
  }

  // -- reactors

  async listReactors(): Promise<readonly ReactorRow[]> {
    await this.#ready()
    return this.#ports.store.graphs.listReactors()
  }

  /** Rejects with `REACTOR_NOT_FOUND`. */
  async reactor(name: string): Promise<ReactorRow> {
    await this.#ready()
    const row = await this.#ports.store.graphs.getReactor(name)
    if (row !== null) return row
    throw unknownReactor(
      name,
      (await this.#ports.store.graphs.listReactors()).map((each) => each.name),
    )
  }

  /** Newest first. */
  async firings(reactor: string, page: PageAfter): Promise<readonly ReactorFiring[]> {
    this.#assertOpen()
    return this.#ports.store.graphs.listReactorFirings(reactor, page)
  }

  async firing(id: string): Promise<FiringDetail | null> {
    this.#assertOpen()
    return this.#ports.store.graphs.getFiring(id)
  }

  /** Fires it by hand: with its newest values, over which those of a JSON object are laid. Rejects with `REACTOR_NOT_FOUND`. */
  async fire(reactor: string, payloadText: ValueText | null, actor: Actor): Promise<ReactorFiring> {
    const row = await this.reactor(reactor)
    if (payloadText !== null) this.#assertPayload(row, payloadText)
    const { store, clock } = this.#ports
    const by = actor.note === null ? actor.source : `${actor.source}: ${actor.note}`
    const firing = await store.graphs.fire(reactor, payloadText, by, clock.now())
    if (firing === null) throw unknownReactor(reactor, [])
    this.#ports.events.counters.reactors.of(reactor).firings += 1
    await this.#record('fire', `reactor ${reactor}`, actor, { firingId: firing.id })
    this.#graphs.firingsMade()
    return firing
  }

  // -- subscriptions

  /** Returns its id. Throws `INVALID_PREDICATE`. */
  async subscribe(names: SubscriptionNames, predicate: string | null, actor: Actor): Promise<string> {
    this.#assertOpen()
    const { store, clock, newId, predicates } = this.#ports
    if (predicate !== null) await predicates.check(predicate)
    const id = await store.graphs.subscribe({ id: newId(), ...names, predicate, at: clock.now() })
    await this.#record('subscribe', id, actor, { ...names, predicate })
    this.#graphs.firingsMade()
    return id
  }

  async unsubscribe({ reactor, workflow, tenant }: SubscriptionNames, actor: Actor): Promise<boolean> {
    this.#assertOpen()
    const isRemoved = await this.#ports.store.graphs.unsubscribe(reactor, workflow, tenant)
    if (isRemoved) await this.#record('unsubscribe', `reactor ${reactor}`, actor, { workflow, tenant })
    return isRemoved
  }

  async listSubscriptions(filter: {
    readonly tenant?: string
    readonly reactor?: string
    readonly enabledOnly: boolean
  }): Promise<readonly Subscription[]> {
    this.#assertOpen()
    return this.#ports.store.graphs.listSubscriptions(filter)
  }

  /** Rejects with `SUBSCRIPTION_NOT_FOUND`. */
  async subscription(id: string): Promise<Subscription> {
    this.#assertOpen()
    const row = await this.#ports.store.graphs.getSubscription(id)
    if (row === null) throw unknownSubscription(id)
    return row
  }

  /** Paused, it starts nothing, and loses nothing while its firings are kept. Rejects with `SUBSCRIPTION_NOT_FOUND`. */
  async setSubscriptionEnabled(id: string, isEnabled: boolean, actor: Actor): Promise<void> {
    this.#assertOpen()
    const { store, clock } = this.#ports
    if (!(await store.graphs.setSubscriptionEnabled(id, isEnabled, clock.now()))) throw unknownSubscription(id)
    await this.#record(isEnabled ? 'resume' : 'pause', id, actor)
    this.#graphs.firingsMade()
  }

  /** Passes the firings from a sequence on once more. Returns the first that is still kept. Rejects with `SUBSCRIPTION_NOT_FOUND`. */
  async replay(id: string, fromSequence: number, actor: Actor): Promise<number> {
    this.#assertOpen()
    const { store, clock } = this.#ports
    const first = await store.graphs.replay(id, fromSequence, clock.now())
    if (first === null) throw unknownSubscription(id)
    await this.#record('replay', id, actor, { fromSequence, first })
    this.#graphs.firingsMade()
    return first
  }

  // -- graphs

  async listGraphs(): Promise<readonly GraphRow[]> {
    await this.#ready()
    return this.#ports.store.graphs.listGraphs()
  }

  /** Rejects with `GRAPH_NOT_FOUND`. */
  async graph(name: string): Promise<GraphRow> {
    await this.#ready()
    const row = await this.#ports.store.graphs.getGraph(name)
    if (row !== null) return row
    const names = (await this.#ports.store.graphs.listGraphs()).map(({ definition }) => definition.name)
    throw new UsageError('GRAPH_NOT_FOUND', `Graph "${name}" not found in this database.${didYouMean(name, names)}`, {
      graph: name,
    })
  }

  async #assertPushable(source: string): Promise<void> {
    const { registry } = this.#ports
    const declared = registry.current().graphs.sources.get(source)
    const { accumulation } = declared ?? (await this.source(source))
    const kind = accumulation?.kind
    if (kind === 'polling' || kind === 'stream') {
      const how = kind === 'polling' ? 'its events come only from its function' : 'its events come only from its stream'
      const message = `Cannot push to source "${source}": ${how}. Push to a passthrough, batch or state accumulator instead.`
      throw new UsageError('SOURCE_NOT_PUSHABLE', message, { source })
    }
    // A source that was declared a moment ago has its row.
    await this.#ready()
    this.#pushable.add(source)
  }

  #assertPayload({ name, inputs }: ReactorRow, payloadText: ValueText): void {
    const payload: unknown = JSON.parse(this.#ports.codec.canonicalize(payloadText))
    const sources = inputs.map(({ source }) => source)
    if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
      const message = `The payload for reactor "${name}" must be a JSON object that maps names of sources to values. Sources of this reactor: ${sources.join(', ')}.`
      throw new UsageError('INVALID_ARGUMENT', message, { path: 'payload', reactor: name })
    }
    const other = Object.keys(payload).find((key) => !sources.includes(key))
    if (other === undefined) return
    const message = `Reactor "${name}" has no source "${other}".${didYouMean(other, sources)} Its sources: ${sources.join(', ')}.`
    throw new UsageError('INVALID_ARGUMENT', message, { path: `payload.${other}`, reactor: name })
  }

  /** What was declared a moment ago is there. */
  async #ready(): Promise<void> {
    this.#assertOpen()
    await this.#graphs.sources.settled()
  }

  async #record(kind: ActionKind, target: string, { source, note }: Actor, given: object | null = null): Promise<void> {
    const { store, clock, newId, events } = this.#ports
    const argumentsText = given === null ? null : JSON.stringify(given)
    const action = { id: newId(), kind, target, source, note, argumentsText, at: clock.now() }
    await recordDone({ store, events }, action)
  }
}

function unknownReactor(reactor: string, names: readonly string[]): UsageError {
  const message = `Reactor "${reactor}" not found in this database.${didYouMean(reactor, names)}`
  return new UsageError('REACTOR_NOT_FOUND', message, { reactor })
}

function unknownSubscription(id: string): UsageError {
  return new UsageError('SUBSCRIPTION_NOT_FOUND', `Subscription "${id}" not found in this database.`, {
    subscriptionId: id,
  })
}
