/** Hosts the declared sources, and those that only reactors name, if no other living engine has them. */

import type { SourceDefinition } from '../../model/graphs/definitions.ts'
import type { GraphRegistry } from '../../registry/registry.ts'
import { Reconciler } from '../backoff/reconciler.ts'
import type { StartLimit } from '../clock-port.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { EventIntake } from './event-intake.ts'
import type { DeclaredGraphs, SourceLease } from './graph-store.ts'
import { PolledSource } from './polled-source.ts'
import { type PumpParts, SourcePump } from './source-pump.ts'
import { StreamedSource } from './streams.ts'

type SourceParts = Omit<PumpParts, 'startLimit' | 'onLost'> & { readonly intake: EventIntake }

interface Hosted {
  readonly pump: SourcePump
  readonly feed: PolledSource | StreamedSource | null
  /** Key of the declaration that `feed` was made for. */
  readonly fedBy: string
}

export class HostedSources {
  readonly #ports: EnginePorts
  readonly #parts: SourceParts
  /** Start limit of the heartbeat when the leases were read. It changes after a gap, in which leases may be lost. */
  #startLimit: StartLimit
  readonly #hosted = new Map<string, Hosted>()
  /** Sources that are ending. A source does not start again before its end. */
  readonly #ending = new Set<Promise<unknown>>()
  #declared = ''
  readonly #passes: Reconciler

  constructor(ports: EnginePorts, parts: SourceParts) {
    this.#ports = ports
    this.#parts = parts
    this.#startLimit = ports.heartbeat.startLimit
    this.#passes = new Reconciler(ports, 'taking over sources', () => this.#syncOnce())
  }

  /** Resolves when the declarations are stored. */
  start(): Promise<void> {
    return this.#passes.start()
  }

  /** Follows changes of the code, of the store, or of the set of living engines. */
  sync(): Promise<void> {
    return this.#passes.request()
  }

  /** Ends all sources, because another database is open. */
  async forget(): Promise<void> {
    this.#declared = ''
    await Promise.all([...this.#hosted.keys()].map((name) => this.#end(name)))
  }

  /** Resolves when the current declarations are stored, or could not be stored. */
  settled(): Promise<void> {
    return this.#passes.settled()
  }

  pump(source: string): SourcePump | null {
    return this.#hosted.get(source)?.pump ?? null
  }

  /** Number of queued events by source. */
  waiting(): ReadonlyMap<string, number> {
    return new Map([...this.#hosted].map(([name, { pump }]) => [name, pump.waiting]))
  }

  /** Starts nothing new. Resolves when running deliveries are stored. Waits for running polls only for `pollWaitMs`. */
  async drain(pollWaitMs: number): Promise<void> {
    await this.#passes.stop()
    await Promise.all([...this.#hosted.keys()].map((name) => this.#end(name, pollWaitMs)))
    await Promise.all(this.#ending)
  }

  async #syncOnce(): Promise<void> {
    const { store, instanceId, clock, registry, heartbeat } = this.#ports
    const { graphs } = registry.current()
    const declared = declaredGraphs(graphs)
    const text = JSON.stringify(declared)
    const isEmpty = graphs.sources.size + graphs.reactors.size + graphs.graphs.size === 0
    if (isEmpty && this.#declared === '') return
    if (text !== this.#declared) {
      // Ends sources before reactors. Otherwise their events would be delivered to reactors that no longer exist.
      await this.#endUndeclared(graphs)
      await store.graphs.declare(instanceId, declared, clock.now())
      this.#declared = text
      this.#count(declared)
    }
    const wanted = [...graphs.sources.keys(), ...(await this.#bareNames(graphs))]
    await this.#giveUpOthers(new Set(wanted))
    const { startLimit } = heartbeat
    const leases = await store.graphs.leaseSources(instanceId, wanted)
    this.#startLimit = startLimit
    await Promise.all(this.#ending)
    if (this.#passes.isStopped) return
    for (const lease of leases) this.#host(lease, graphs)
    const held = new Set(leases.map(({ source }) => source))
    for (const name of this.#hosted.keys()) if (!held.has(name)) void this.#end(name)
  }

  /** Creates the counters with 0. */
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
    const rows = await this.#ports.store.graphs.listSources()
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
    await store.graphs.releaseSources(instanceId, others)
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
    const pump = new SourcePump(lease, definition, this.#ports, {
      ...this.#parts,
      startLimit: () => this.#startLimit,
      onLost: () => void this.#end(lease.source).then(() => this.sync()),
    })
    this.#hosted.set(lease.source, {
      pump,
      feed: this.#feed(definition, graphs, pump),
      fedBy: feedOf(definition, graphs),
    })
    pump.start()
  }

  #feed(definition: SourceDefinition | null, graphs: GraphRegistry, pump: SourcePump): Hosted['feed'] {
    if (definition?.accumulation.kind === 'polling') {
      return new PolledSource(definition, this.#ports, {
        ...this.#parts,
        startLimit: () => this.#startLimit,
        waiting: () => pump.waiting,
      })
    }
    if (definition?.accumulation.kind === 'stream') {
      return new StreamedSource(definition, groupOf(definition, graphs), this.#ports, this.#parts.intake)
    }
    return null
  }

  /** `pollWaitMs`: maximum wait for a running poll. */
  #end(name: string, pollWaitMs = Number.POSITIVE_INFINITY): Promise<void> {
    const hosted = this.#hosted.get(name)
    if (hosted === undefined) return Promise.resolve()
    this.#hosted.delete(name)
    const ended = Promise.all([hosted.feed?.stop(pollWaitMs), hosted.pump.stop()]).then(() => {
      this.#ending.delete(ended)
    })
    this.#ending.add(ended)
    return ended
  }
}

function declaredGraphs({ sources, reactors, graphs }: GraphRegistry): DeclaredGraphs {
  return { sources: [...sources.values()], reactors: [...reactors.values()], graphs: [...graphs.values()] }
}

/** Returns a key of the feed. With another key, the feed is created again. The interval of a poll is not part of it. */
function feedOf(definition: SourceDefinition | null, graphs: GraphRegistry): string {
  const accumulation = definition?.accumulation
  if (definition === null || accumulation === undefined) return 'nothing'
  if (accumulation.kind === 'stream') return JSON.stringify([accumulation, groupOf(definition, graphs)])
  return accumulation.kind
}

/** Returns the declared consumer group, or else the name of the graph that uses the source. */
function groupOf({ name, accumulation }: SourceDefinition, { reactors, graphs }: GraphRegistry): string {
  if (accumulation.kind === 'stream' && accumulation.group !== null) return accumulation.group
  const reactor = [...reactors.values()].find(({ sources }) => sources.includes(name))
  const graph = [...graphs.values()].find((each) => each.reactor === reactor?.name)
  return graph?.name ?? reactor?.name ?? name
}
