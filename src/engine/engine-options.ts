/** Parts and options of an engine, and options of its calls. */

import type { LimitOverrides } from '../model/limits/limits.ts'
import type { RegistrySource } from '../registry/live-registry.ts'
import type { Clock } from './clock-port.ts'
import type { EngineConfig } from './engine-config.ts'
import type { EngineEvents } from './engine-events.ts'
import type { Predicates } from './graphs/predicates.ts'
import type { StreamBackends } from './graphs/stream-port.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { IncidentPolicy } from './incidents/incident-policy.ts'
import type { ContextCodec, InputCheck, ScriptHost, TaskSlot } from './ports.ts'
import type { Store } from './store.ts'

/** Parts and settings that an engine is made of. A class takes them all, or a `Pick` of at most five members. */
export interface EnginePorts {
  readonly store: Store
  readonly host: ScriptHost
  readonly clock: Clock
  readonly codec: ContextCodec
  /** Declarations that this engine serves. */
  readonly registry: RegistrySource
  /** Declarations of all loaded scripts. */
  readonly loaded: RegistrySource
  readonly config: EngineConfig
  readonly events: EngineEvents
  readonly heartbeat: Heartbeat
  readonly predicates: Predicates
  /** Clients of streams, by type. */
  readonly streams: StreamBackends
  readonly checkInput: InputCheck
  /** Null: the engine reports no incidents. */
  readonly incidents: IncidentPolicy | null
  /** Values of limits that the settings give instead of the code, by name. */
  readonly limits: Readonly<Record<string, LimitOverrides>>
  readonly instanceId: string
  readonly newId: () => string
  /** Returns a number in [0, 1), for jitter. */
  readonly random: () => number
}

/** Defaults: `loaded` is `registry`; no streams, checks, incidents or limits; random ids, and `Math.random`. */
export interface EngineOptions
  extends Pick<EnginePorts, RequiredPorts>,
    Partial<Omit<EnginePorts, RequiredPorts | 'config' | 'heartbeat'>> {
  readonly config?: Partial<EngineConfig>
  /** Keeps the process alive until the result is disposed of. Called for each call of a service. Default: none. */
  readonly hold?: () => Disposable
}

type RequiredPorts = 'store' | 'host' | 'clock' | 'codec' | 'registry' | 'predicates'

/** Options of `runner.execute`. */
export interface ExecuteOptions {
  /** Maximum wait in milliseconds; the execution continues. Null: no limit. Default: `workflowTimeoutMs`. */
  readonly timeoutMs?: number | null
  /**
   * Key with which the workflow starts once: 1 to 512 bytes of UTF-8, remembered for the setting `retention.keys`. A
   * call with a known key and an equal context waits for the first execution and returns its result.
   */
  readonly key?: string
  /**
   * Whole number from -100 to 100. Executions with a higher priority begin first. No effect if the key is known.
   * Default: the priority of the workflow.
   */
  readonly priority?: number
}

/** Options of the start of an execution. */
export type ExecutionStart = Pick<ExecuteOptions, 'key' | 'priority'>

export interface EngineExecuteOptions extends ExecuteOptions {
  /** Slot of the calling task, which other tasks can use while it waits. Prevents a deadlock of both executions. */
  readonly callerSlot?: TaskSlot
}
