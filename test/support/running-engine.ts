/** Engine with the real store in memory, a fake script host, and a clock that the test advances. */

import { Engine } from '../../src/engine/engine.ts'
import type { EngineConfig } from '../../src/engine/engine-config.ts'
import { type EngineEventMap, type EngineEventName, EngineEvents } from '../../src/engine/engine-events.ts'
import type { EngineOptions } from '../../src/engine/engine-options.ts'
import type { Predicates } from '../../src/engine/graphs/predicates.ts'
import type { StreamBackends } from '../../src/engine/graphs/stream-port.ts'
import type { IncidentPolicy } from '../../src/engine/incidents/incident-policy.ts'
import type { InputCheck } from '../../src/engine/ports.ts'
import type { Store } from '../../src/engine/store.ts'
import type { Declarations, GraphDeclarations } from '../../src/model/declarations.ts'
import { codec } from '../../src/native/index.ts'
import { LiveRegistry } from '../../src/registry/live-registry.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { FakeHost } from './fake-host.ts'
import { ManualClock } from './manual-clock.ts'
import { predicatesHere } from './predicates-here.ts'

export interface EngineParts {
  readonly triggers?: Declarations['triggers']
  readonly workflows?: Declarations['workflows']
  readonly limits?: Declarations['limits']
  /** Values of limits that the settings give instead of the code. */
  readonly limitSettings?: EngineOptions['limits']
  readonly graphs?: GraphDeclarations
  readonly streams?: StreamBackends
  /** Evaluator of predicates; by default in the thread of the test. */
  readonly predicates?: Predicates
  readonly config?: Partial<EngineConfig>
  /** Sets the functions of the fake script host, before the first poll. */
  readonly python?: (host: FakeHost) => void
  readonly random?: () => number
  /** Default: no workflow checks its input. */
  readonly checkInput?: InputCheck
  /** Store that stays open after the engine; by default the engine's own. */
  readonly store?: Store
  readonly clock?: ManualClock
  /** Default: the engine reports no incidents. */
  readonly incidents?: IncidentPolicy
  readonly events?: EngineEvents
  /** Receives errors of event listeners; by default they fail the test. */
  readonly reportListenerError?: (error: Error) => void
  /** Whether the test starts the engine itself. */
  readonly isIdle?: boolean
}

type Made = Pick<RunningEngine, 'engine' | 'host' | 'clock' | 'store' | 'registry' | 'events'> & {
  readonly ownsStore: boolean
}

export class RunningEngine implements AsyncDisposable {
  readonly engine: Engine
  readonly host: FakeHost
  readonly clock: ManualClock
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
    const clock = parts.clock ?? new ManualClock()
    const host = new FakeHost(clock)
    parts.python?.(host)
    const store = parts.store ?? (await openMemoryStore(clock))
    const registry = new LiveRegistry()
    registry.declare({
      triggers: parts.triggers ?? [],
      workflows: parts.workflows ?? [],
      limits: parts.limits ?? [],
      ...(parts.graphs !== undefined && { graphs: parts.graphs }),
    })
    const events = parts.events ?? new EngineEvents(parts.reportListenerError ?? rethrow)
    const engine = new Engine({
      store,
      host,
      clock,
      codec,
      registry,
      events,
      config: parts.config ?? {},
      random: parts.random ?? (() => 0.5),
      checkInput: parts.checkInput ?? (async () => null),
      streams: parts.streams ?? {},
      limits: parts.limitSettings ?? {},
      incidents: parts.incidents ?? null,
      predicates: parts.predicates ?? predicatesHere(),
    })
    if (parts.isIdle !== true) await engine.start()
    return new RunningEngine({ engine, host, clock, store, registry, events, ownsStore: parts.store === undefined })
  }

  /** Returns an array that collects events with the name from now on. */
  record<Name extends EngineEventName>(name: Name): EngineEventMap[Name][] {
    const events: EngineEventMap[Name][] = []
    this.events.on(name, (event) => void events.push(event))
    return events
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.engine.stop({ graceMs: 0 })
    } finally {
      if (this.#ownsStore) await this.store.close()
    }
  }
}

function rethrow(error: Error): void {
  throw error
}

export function openMemoryStore(clock: ManualClock): Promise<Store> {
  return openSqliteStore({ path: ':memory:', durability: 'normal', clock })
}

export const FIRST_PAGE = { limit: 100, offset: 0 }
