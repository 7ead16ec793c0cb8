/**
 * Computation graphs of an engine: connects the parts that store and accumulate events, run graphs and start workflows.
 * Created by `engine.ts`, which starts, stops and notifies it.
 *
 *   push, polls, streams → EventIntake → (store) → SourcePump → (store: values, firings) → GraphRunner
 *                                                                                        → Subscriptions → executions
 */

import type { ReactorFiring } from '../../model/graphs/graph-model-rows.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { OnFired } from '../starts/firing-context.ts'
import { EventIntake } from './event-intake.ts'
import { GraphRunner } from './graph-runner.ts'
import { HostedSources } from './hosted-sources.ts'
import { Subscriptions } from './hosted-subscriptions.ts'

export class Graphs {
  readonly #ports: EnginePorts
  readonly intake: EventIntake
  readonly sources: HostedSources
  readonly #runner: GraphRunner
  readonly #subscriptions: Subscriptions
  readonly #stopping = new AbortController()
  #isHosting = false

  constructor(ports: EnginePorts, onFired: OnFired) {
    this.#ports = ports
    const { registry } = ports
    const stopping = this.#stopping.signal
    this.intake = new EventIntake(
      ports,
      (source, firstSequence, events) => this.sources.pump(source)?.accepted(firstSequence, events),
      () => registry.current().graphs.sources.keys(),
    )
    this.#runner = new GraphRunner(ports, stopping)
    this.#subscriptions = new Subscriptions(ports, onFired)
    this.sources = new HostedSources(ports, {
      stopping,
      intake: this.intake,
      runnableGraphs: () => this.#runnable(),
      roomForRuns: () => this.#runner.room(),
      onDelivered: (source, firings, run) => this.#delivered(source, firings, run),
    })
  }

  /** `isHosting`: whether to serve sources and graphs. Otherwise, firings only start workflows. */
  async start(isHosting: boolean): Promise<void> {
    this.#isHosting = isHosting
    this.#subscriptions.start()
    if (!isHosting) return
    await this.sources.start()
    this.#claim()
  }

  registryChanged(): void {
    void this.sources.sync().then(() => this.#claim())
    this.#subscriptions.wake()
  }

  /** Another process wrote events, firings or subscriptions, or released sources. */
  storeChanged(): void {
    const { sources, reactors, graphs } = this.#ports.registry.current().graphs
    if (sources.size + reactors.size + graphs.size > 0) this.registryChanged()
    else this.#subscriptions.wake()
  }

  async storeFound(): Promise<void> {
    await this.sources.forget()
    this.registryChanged()
  }

  /** Takes over sources of dead engines, and runs graphs with firings that other engines made. */
  renewLeases(): void {
    void this.sources.sync().then(() => this.#claim())
  }

  /** Call this after a reactor was fired by hand, or a subscription has changed. */
  firingsMade(): void {
    this.#claim()
    this.#subscriptions.wake()
  }

  /**
   * Stops accumulating. Resolves when running deliveries are stored and graphs have run. Waits for running polls of
   * sources only for `pollWaitMs`.
   */
  async drain(pollWaitMs: number): Promise<void> {
    this.#stopping.abort()
    await this.sources.drain(pollWaitMs)
    await this.#runner.drain()
    await this.#subscriptions.stop()
  }

  /** Drops outcomes that arrive later. Resolves when earlier ones are stored. */
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
