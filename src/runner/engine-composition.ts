/** Creates stores and engines. Used by `runner.ts`, and by `assembly.ts` for the runners of scripts. */

import type { EngineAlerts } from '../alerts/engine-alerts.ts'
import type { DatabasePlace } from '../database/database-place.ts'
import { parseDatabaseUrl } from '../database/url.ts'
import type { OpenEngine } from '../default-runner/runners.ts'
import type { Clock } from '../engine/clock-port.ts'
import { Engine } from '../engine/engine.ts'
import type { EngineConfig } from '../engine/engine-config.ts'
import type { EngineEvents } from '../engine/engine-events.ts'
import type { StreamBackends } from '../engine/graphs/stream-port.ts'
import type { IncidentPolicy } from '../engine/incidents/incident-policy.ts'
import type { InputCheck, ScriptHost } from '../engine/ports.ts'
import type { Store } from '../engine/store.ts'
import type { LimitOverrides } from '../model/limits/limits.ts'
import { codec } from '../native/index.ts'
import { PredicateThread } from '../predicates/predicate-thread.ts'
import type { RegistrySource } from '../registry/live-registry.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { Durability } from './start/database-choice.ts'

/** Maximum time in which an engine of a script that closes sends the last alerts. */
const ALERTS_WITHIN_MS = 5_000

/** Opens a database; creates or upgrades it if necessary. `notice` receives messages for the user. */
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
  // Imported here, so that only users of PostgreSQL load its modules.
  const { openPostgresStore } = await import('../store/postgres/postgres-store.ts')
  return await openPostgresStore({ url: location.url, schema, durability, clock, notice, readOnly })
}

export interface EngineParts {
  readonly store: Store
  readonly host: ScriptHost
  readonly registry: RegistrySource
  /** Default: `registry`. */
  readonly loaded?: RegistrySource
  readonly hold?: () => Disposable
  readonly settings: Partial<EngineConfig>
  readonly streams: StreamBackends
  readonly events: EngineEvents
  readonly clock: Clock
  readonly checkInput?: InputCheck
  /** Values of limits that replace those of the code. Default: none. */
  readonly limits?: Readonly<Record<string, LimitOverrides>>
  /** Default: none are reported. */
  readonly incidents?: IncidentPolicy | null
}

/** Creates an engine, not started. */
export function makeEngine({ settings, ...parts }: EngineParts): Engine {
  return new Engine({ ...parts, codec, predicates: new PredicateThread(parts), config: settings })
}

/** Creates the alerts of an engine. */
export type AlertsFor = (store: Store, events: EngineEvents, clock: Clock) => EngineAlerts

export interface ScriptEngineOptions extends Omit<EngineParts, 'store' | 'incidents'> {
  readonly durability: Durability
  readonly notice: (message: string) => void
  /** Default: none. */
  readonly alertsFor?: AlertsFor | undefined
  /** Whether it polls triggers and fires schedules. Otherwise it runs only requested workflows. */
  readonly isStarted: boolean
}

export async function openEngine(
  database: DatabasePlace,
  { durability, notice, alertsFor, isStarted, ...parts }: ScriptEngineOptions,
): Promise<OpenEngine> {
  const store = await openStore(database, durability, parts.clock, notice)
  const alerts = alertsFor?.(store, parts.events, parts.clock) ?? null
  const engine = makeEngine({ ...parts, store, incidents: alerts?.policy ?? null })
  try {
    await (isStarted ? engine.start() : engine.enter())
  } catch (thrown) {
    await alerts?.close(0)
    throw thrown
  }
  return {
    engine,
    async close() {
      try {
        await engine.stop({ graceMs: 0 })
      } finally {
        await alerts?.close(ALERTS_WITHIN_MS)
        await store.close() // also when the database refuses the engine's last words
      }
    },
  }
}
