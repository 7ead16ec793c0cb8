/**
 * The sources whose events are accumulated here: those that the code declares, or that only its reactors name, and that no
 * other living instance has. Kept in step with the registry, with the store and with other processes.
 */

import type { SourceDefinition } from '../../model/graphs/definitions.ts'
import type { GraphRegistry } from '../../registry/graph-registry.ts'
import type { RegistrySource } from '../../registry/live-registry.ts'
import type { Heartbeat } from '../heartbeat.ts'
import type { StartLimit } from '../ports.ts'
import type { DeclaredGraphs, SourceLease } from './graph-store.ts'
import { Passes } from './passes.ts'
import { PolledSource, type PolledSourcePorts } from './polled-source.ts'
import { SourcePump, type SourcePumpPorts } from './source-pump.ts'
import { StreamedSource, type StreamedSourcePorts } from './streams.ts'

export type HostedSourcesPorts = Omit<SourcePumpPorts & PolledSourcePorts, 'startLimit'> &
  StreamedSourcePorts & { readonly registry: RegistrySource; readonly heartbeat: Heartbeat }

/** A source that is hosted here. */
interface Hosted {
  readonly pump: SourcePump
  readonly feed: PolledSource | StreamedSource | null
  /** What `feed` was made for. */
  readonly fedBy: string
}

export class HostedSources {
  readonly #ports: HostedSourcesPorts & SourcePumpPorts & PolledSourcePorts
  /** Limit that the heartbeat had when the leases were read. After a gap, in which leases may be lost, it has another one. */
  #startLimit: StartLimit
  readonly #hosted = new Map<string, Hosted>()
  /** Those that are ending; the same source does not begin again before. */
  readonly #ending = new Set<Promise<unknown>>()
  #declared = ''
  readonly #passes: Passes
  #isStarted = false
  #isStopped = false

  constructor(ports: HostedSourcesPorts) {
    this.#ports = { ...ports, startLimit: () => this.#startLimit }
    this.#startLimit = ports.heartbeat.startLimit
    this.#passes = new Passes(ports, 'taking over sources', () => this.#syncOnce())
  }

  /** Settles when what the code declares is in the store. */
  start(): Promise<void> {
    this.#isStarted = true
    return this.sync()
  }

  /** The code, the store, or who else lives may have changed. */
  sync(): Promise<void> {
    return this.#isStarted ? this.#passes.ask() : Promise.resolve()
  }

  /** Another database is open: nothing of what is known holds. */
  async forget(): Promise<void> {
    this.#declared = ''
    await Promise.all([...this.#hosted.keys()].map((name) => this.#end(name)))
  }

  /** Settles when what the code declares by now is in the store, or could not be stored. */
  settled(): Promise<void> {
    return this.#passes.settled()
  }

  pump(source: string): SourcePump | null {
    return this.#hosted.get(source)?.pump ?? null
  }

  /** Waiting events by source. */
  waiting(): ReadonlyMap<string, number> {
    return new Map([...this.#hosted].map(([name, { pump }]) => [name, pump.waiting]))
  }

  /** Nothing new begins. Settles when what is under way is stored. */
  async drain(): Promise<void> {
    this.#isStopped = true
    await this.#passes.stop()
    await Promise.all([...this.#hosted.keys()].map((name) => this.#end(name)))
    await Promise.all(this.#ending)
  }

  async #syncOnce(): Promise<void> {
    const { store, instanceId, clock, registry, heartbeat } = this.#ports
    const { graphs } = registry.current()
    const declared = declaredGraphs(graphs)
    const text = JSON.stringify(declared)
    const isEmpty = graphs.sources.size + graphs.reactors.size + graphs.graphs.size === 0
    // Who never declared any graph never asks the store about them.
    if (isEmpty && this.#declared === '') return
    if (text !== this.#declared) {
      // Ends sources before reactors. Otherwise their events would be delivered to reactors that no longer exist.
      await this.#endUndeclared(graphs)
      await store.declare(instanceId, declared, clock.now())
      this.#declared = text
      this.#count(declared)
    }
    const wanted = [...graphs.sources.keys(), ...(await this.#bareNames(graphs))]
    await this.#giveUpOthers(new Set(wanted))
    const { startLimit } = heartbeat
    const leases = await store.leaseSources(instanceId, wanted)
    this.#startLimit = startLimit
    await Promise.all(this.#ending)
    if (this.#isStopped) return
    for (const lease of leases) this.#host(lease, graphs)
    const held = new Set(leases.map(({ source }) => source))
    for (const name of this.#hosted.keys()) if (!held.has(name)) void this.#end(name)
  }

  /** What is declared and has not happened is counted as 0. */
  #count({ reactors, graphs }: DeclaredGraphs): void {
    const { counters } = this.#ports.events
    for (const { name } of reactors) counters.reactors.of(name)
    for (const { name, reactor } of graphs) if (reactor !== null) counters.graphs.of(name)
  }

  /** Sources that only reactors name, and for which no instance has a function. */
  async #bareNames({ sources, badSources, reactors, isComplete }: GraphRegistry): Promise<readonly string[]> {
    const named = new Set([...reactors.values()].flatMap((each) => each.sources))
    const bare = [...named].filter((name) => !sources.has(name) && !badSources.has(name))
    if (bare.length === 0 || !isComplete) return []
    const rows = await this.#ports.store.listSources()
    const withFunction = new Set(rows.filter(({ accumulation }) => accumulation !== null).map(({ name }) => name))
    return bare.filter((name) => !withFunction.has(name))
  }

  /** Ends sources that neither a declaration nor a reactor names any more. Their events wait in the store. */
  async #endUndeclared({ sources, reactors }: GraphRegistry): Promise<void> {
    const named = new Set([...sources.keys(), ...[...reactors.values()].flatMap((each) => each.sources)])
    await this.#giveUpOthers(named)
  }

  async #giveUpOthers(wanted: ReadonlySet<string>): Promise<void> {
    const { store, instanceId } = this.#ports
    const others = [...this.#hosted.keys()].filter((name) => !wanted.has(name))
    if (others.length === 0) return
    await Promise.all(others.map((name) => this.#end(name)))
    await store.releaseSources(instanceId, others)
  }

  #host(lease: SourceLease, graphs: GraphRegistry): void {
    const definition = graphs.sources.get(lease.source) ?? null
    const hosted = this.#hosted.get(lease.source)
    if (hosted !== undefined && hosted.pump.lease === lease.number && hosted.fedBy === feedOf(definition, graphs)) {
      hosted.pump.declared(definition)
      hosted.pump.grown(lease.lastSequence)
      if (hosted.feed instanceof PolledSource && definition !== null) hosted.feed.declared(definition)
      return
    }
    if (hosted !== undefined) {
      void this.#end(lease.source).then(() => this.sync())
      return
    }
    const pump = new SourcePump(lease, definition, this.#ports, () => {
      void this.#end(lease.source).then(() => this.sync())
    })
    this.#hosted.set(lease.source, {
      pump,
      feed: this.#feed(definition, graphs, pump),
      fedBy: feedOf(definition, graphs),
    })
    pump.wake()
  }

  #feed(definition: SourceDefinition | null, graphs: GraphRegistry, pump: SourcePump): Hosted['feed'] {
    if (definition?.accumulation.kind === 'polling') {
      return new PolledSource(definition, this.#ports, () => pump.waiting)
    }
    if (definition?.accumulation.kind === 'stream') {
      return new StreamedSource(definition, groupOf(definition, graphs), this.#ports)
    }
    return null
  }

  #end(name: string): Promise<void> {
    const hosted = this.#hosted.get(name)
    if (hosted === undefined) return Promise.resolve()
    this.#hosted.delete(name)
    const ended = Promise.all([hosted.feed?.stop(), hosted.pump.stop()]).then(() => {
      this.#ending.delete(ended)
    })
    this.#ending.add(ended)
    return ended
  }
}

function declaredGraphs({ sources, reactors, graphs }: GraphRegistry): DeclaredGraphs {
  return { sources: [...sources.values()], reactors: [...reactors.values()], graphs: [...graphs.values()] }
}

/** Another text: the feed has to be made anew. The interval of a poll is not in it. */
function feedOf(definition: SourceDefinition | null, graphs: GraphRegistry): string {
  const accumulation = definition?.accumulation
  if (definition === null || accumulation === undefined) return 'nothing'
  if (accumulation.kind === 'stream') return JSON.stringify([accumulation, groupOf(definition, graphs)])
  return accumulation.kind
}

/** That which is declared, or the name of the graph that uses the source. */
function groupOf({ name, accumulation }: SourceDefinition, { reactors, graphs }: GraphRegistry): string {
  if (accumulation.kind === 'stream' && accumulation.group !== null) return accumulation.group
  const reactor = [...reactors.values()].find(({ sources }) => sources.includes(name))
  const graph = [...graphs.values()].find((each) => each.reactor === reactor?.name)
  return graph?.name ?? reactor?.name ?? name
}
