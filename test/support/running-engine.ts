/** An engine on the real store in memory, with scripted Python and a clock that the test moves. */

import type { EngineConfig } from '../../src/engine/config.ts'
import { Engine } from '../../src/engine/engine.ts'
import { type EngineEventMap, type EngineEventName, EngineEvents } from '../../src/engine/events.ts'
import type { Predicates } from '../../src/engine/graphs/predicates.ts'
import type { StreamBackends } from '../../src/engine/graphs/streams.ts'
import type { Store } from '../../src/engine/ports.ts'
import type { Declarations, GraphDeclarations } from '../../src/model/declarations.ts'
import { codec } from '../../src/native/index.ts'
import { LiveRegistry } from '../../src/registry/live-registry.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { FakeClock } from './fake-clock.ts'
import { FakeHost } from './fake-host.ts'
import { predicatesHere } from './predicates-here.ts'

export interface EngineParts {
  readonly triggers?: Declarations['triggers']
  readonly workflows?: Declarations['workflows']
  readonly graphs?: GraphDeclarations
  readonly streams?: StreamBackends
  /** By default they are evaluated in the thread of the test. */
  readonly predicates?: Predicates
  readonly config?: Partial<EngineConfig>
  /** Python's answers, set before the first poll. */
  readonly python?: (host: FakeHost) => void
  readonly random?: () => number
  /** A database that outlives the engine. */
  readonly store?: Store
  readonly clock?: FakeClock
  /** Hears of listeners that throw; by default they fail the test. */
  readonly reportListenerError?: (error: Error) => void
  /** True: the test starts it. */
  readonly isIdle?: boolean
}

type Made = Pick<RunningEngine, 'engine' | 'host' | 'clock' | 'store' | 'registry' | 'events'> & {
  readonly ownsStore: boolean
}

export class RunningEngine implements AsyncDisposable {
  readonly engine: Engine
  readonly host: FakeHost
  readonly clock: FakeClock
  readonly store: Store
  readonly registry: LiveRegistry
  readonly events: EngineEvents
  readonly #ownsStore: boolean

  private constructor(parts: Made) {
    this.engine = parts.engine
    this.host = parts.host
    this.clock = parts.clock
    this.store = parts.store
    this.registry = parts.registry
    this.events = parts.events
    this.#ownsStore = parts.ownsStore
  }

  static async start(parts: EngineParts = {}): Promise<RunningEngine> {
    const clock = parts.clock ?? new FakeClock()
    const host = new FakeHost(clock)
    parts.python?.(host)
    const store = parts.store ?? (await openMemoryStore(clock))
    const registry = new LiveRegistry()
    registry.declare({
      triggers: parts.triggers ?? [],
      workflows: parts.workflows ?? [],
      ...(parts.graphs !== undefined && { graphs: parts.graphs }),
    })
    const events = new EngineEvents(parts.reportListenerError ?? rethrow)
    const engine = new Engine({
      store,
      host,
      clock,
      codec,
      registry,
      events,
      config: parts.config ?? {},
      random: parts.random ?? (() => 0.5),
      streams: parts.streams ?? {},
      predicates: parts.predicates ?? predicatesHere(),
    })
    if (parts.isIdle !== true) await engine.start()
    return new RunningEngine({ engine, host, clock, store, registry, events, ownsStore: parts.store === undefined })
  }

  /** Collects events of a kind from now on. */
  record<Name extends EngineEventName>(name: Name): EngineEventMap[Name][] {
    const events: EngineEventMap[Name][] = []
    this.events.on(name, (event) => void events.push(event))
    return events
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop({ graceMs: 0 })
    if (this.#ownsStore) await this.store.close()
  }
}

function rethrow(error: Error): void {
  throw error
}

export function openMemoryStore(clock: FakeClock): Promise<Store> {
  return openSqliteStore({ path: ':memory:', durability: 'normal', clock })
}

export const FIRST_PAGE = { limit: 100, offset: 0 }
