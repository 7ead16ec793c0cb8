/** How a store and an engine over its parts are made. Used by `runner.ts`, and by `assembly.ts` for the runners of scripts. */

import type { DatabasePlace } from '../database/place.ts'
import type { OpenEngine } from '../default-runner/runners.ts'
import type { EngineConfig } from '../engine/config.ts'
import { Engine } from '../engine/engine.ts'
import type { EngineEvents } from '../engine/events.ts'
import type { StreamBackends } from '../engine/graphs/streams.ts'
import type { Clock, ScriptHost, Store } from '../engine/ports.ts'
import type { InputCheck } from '../engine/steering/input-checks.ts'
import { codec } from '../native/index.ts'
import { PredicateThread } from '../predicates/predicate-thread.ts'
import type { RegistrySource } from '../registry/live-registry.ts'
import { parseDatabaseUrl } from '../store/database-url.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Durability } from './composition.ts'

/** Opens, and where needed creates or upgrades, a database. `notice` hears what the user should know of it. */
export async function openStore(
  { url, schema }: DatabasePlace,
  durability: Durability,
  clock: Clock,
  notice: (message: string) => void,
  readOnly = false,
): Promise<Store> {
  const location = parseDatabaseUrl(url)
  if (location.kind === 'sqlite') {
    return await openSqliteStore({ path: location.path, durability, clock, notice, readOnly })
  }
  // Nobody else pays for reading its modules.
  const { openPostgresStore } = await import('../store/postgres/postgres-store.ts')
  return await openPostgresStore({ url: location.url, schema, durability, clock, notice, readOnly })
}

export interface EngineParts {
  readonly store: Store
  readonly host: ScriptHost
  readonly registry: RegistrySource
  readonly settings: Partial<EngineConfig>
  readonly streams: StreamBackends
  readonly events: EngineEvents
  readonly clock: Clock
  /** Missing for an engine without scripts of TypeScript. */
  readonly checkInput?: InputCheck
}

/** An engine over its parts, not started. */
export function makeEngine({ settings, ...parts }: EngineParts): Engine {
  return new Engine({ ...parts, codec, predicates: new PredicateThread(parts), config: settings })
}

export interface ScriptEngineOptions extends Omit<EngineParts, 'store'> {
  readonly durability: Durability
  readonly notice: (message: string) => void
  /** Whether it polls triggers and fires schedules; else it runs what it is asked for alone. */
  readonly isStarted: boolean
}

/** Opens a database and an engine on it, for a script. */
export async function openEngine(
  database: DatabasePlace,
  { durability, notice, isStarted, ...parts }: ScriptEngineOptions,
): Promise<OpenEngine> {
  const store = await openStore(database, durability, parts.clock, notice)
  const engine = makeEngine({ ...parts, store })
  await (isStarted ? engine.start() : engine.enter())
  return {
    engine,
    async close() {
      try {
        await engine.stop({ graceMs: 0 })
      } finally {
        await store.close() // also when the database refuses the engine's last words
      }
    },
  }
}
