/**
 * Computation graphs, live: composes what takes in events, accumulates them, runs graphs and starts workflows. Made by
 * `engine.ts`, which says when to begin and to end, and of every change.
 *
 *   push, polls, streams → EventIntake → (store) → SourcePump → (store: values, firings) → GraphRunner
 *                                                                                        → Subscriptions → executions
 */

import type { ReactorFiring } from '../../model/graphs/rows.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { EngineConfig } from '../config.ts'
import type { EngineEvents } from '../events.ts'
import type { OnFired } from '../firing-context.ts'
import type { Heartbeat } from '../heartbeat.ts'
import type { Clock, ContextCodec, ScriptHost, Store } from '../ports.ts'
import { EventIntake } from './event-intake.ts'
import { GraphRunner } from './graph-runner.ts'
import { HostedSources } from './hosted-sources.ts'
import type { Predicates } from './predicates.ts'
import type { StreamBackends } from './streams.ts'
import { Subscriptions } from './subscriptions.ts'

export interface GraphsPorts {
  readonly instanceId: string
  readonly store: Store
  readonly host: ScriptHost
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly registry: RegistrySource
  readonly config: EngineConfig
  readonly events: EngineEvents
  readonly newId: () => string
  readonly streams: StreamBackends
  readonly heartbeat: Heartbeat
  readonly predicates: Predicates
}

export class Graphs {
  readonly #ports: GraphsPorts
  readonly intake: EventIntake
  readonly sources: HostedSources
  readonly #runner: GraphRunner
  readonly #subscriptions: Subscriptions
  readonly #stopping = new AbortController()
  #isHosting = false

  constructor(ports: GraphsPorts, onFired: OnFired) {
    this.#ports = ports
    const { config, registry } = ports
    const store = ports.store.graphs
    const shared = { ...ports, ...config, store, stopping: this.#stopping.signal }
    this.intake = new EventIntake(
      shared,
      (source, firstSequence, events) => this.sources.pump(source)?.accepted(firstSequence, events),
      () => registry.current().graphs.sources.keys(),
    )
    this.#runner = new GraphRunner(shared)
    this.#subscriptions = new Subscriptions(shared, onFired)
    this.sources = new HostedSources({
      ...shared,
      intake: this.intake,
      runnableGraphs: () => this.#runnable(),
      roomForRuns: () => this.#runner.room(),
      onDelivered: (source, firings, run) => this.#delivered(source, firings, run),
    })
  }

  /** `isHosting`: sources and graphs, too; else only workflows are started for firings. */
  async start(isHosting: boolean): Promise<void> {
    this.#isHosting = isHosting
    this.#subscriptions.start()
    if (!isHosting) return
    await this.sources.start()
    this.#claim()
  }

  /** The code may declare something else now. */
  registryChanged(): void {
    void this.sources.sync().then(() => this.#claim())
    this.#subscriptions.wake()
  }

  /** Another process wrote: events, firings, subscriptions; or gave up sources. */
  storeChanged(): void {
    const { sources, reactors, graphs } = this.#ports.registry.current().graphs
    if (sources.size + reactors.size + graphs.size > 0) this.registryChanged()
    else this.#subscriptions.wake()
  }

  /** Another database is open. */
  async storeFound(): Promise<void> {
    await this.sources.forget()
    this.registryChanged()
  }

  /** Others may have died, whose sources are free, or have made firings that graphs here run with. */
  renewLeases(): void {
    void this.sources.sync().then(() => this.#claim())
  }

  /** A reactor was fired by hand, or somebody has subscribed. */
  firingsMade(): void {
    this.#claim()
    this.#subscriptions.wake()
  }

  /** Nothing new is accumulated. Settles when what is under way is stored, and graphs have run. */
  async drain(): Promise<void> {
    this.#stopping.abort()
    await this.sources.drain()
    await this.#runner.drain()
    await this.#subscriptions.stop()
  }

  /** Outcomes that come later are dropped. Settles when what is known is stored. */
  async stop(): Promise<void> {
    this.intake.stop()
    this.#subscriptions.cut()
    await this.#ports.predicates.close()
    await this.#runner.stop()
  }

  #runnable() {
    return [...this.#ports.registry.current().graphs.graphs.values()].flatMap(({ name, reactor }) =>
      reactor === null ? [] : [{ graph: name, reactor }],
    )
  }

  #claim(): void {
    if (this.#isHosting) void this.#runner.claim(this.#runnable().map(({ graph }) => graph))
  }

  #delivered(source: string, firings: readonly ReactorFiring[], run: readonly string[]): void {
    this.intake.roomMade(source)
    if (firings.length === 0) return
    const { reactors } = this.#ports.events.counters
    for (const { reactor } of firings) reactors.of(reactor).firings += 1
    const graphs = this.#runnable()
    for (const name of run) {
      const reactor = graphs.find(({ graph }) => graph === name)?.reactor
      this.#runner.run(
        name,
        firings.filter((each) => each.reactor === reactor),
      )
    }
    const fired = new Set(firings.map(({ reactor }) => reactor))
    if (graphs.some(({ graph, reactor }) => fired.has(reactor) && !run.includes(graph))) this.#claim()
    this.#subscriptions.wake()
    if (!this.#ports.events.isHeard('reactorFired')) return
    for (const { reactor, id, sequence, firedAt } of firings) {
      this.#ports.events.emit('reactorFired', { reactor, firingId: id, sequence, at: firedAt })
    }
  }
}
