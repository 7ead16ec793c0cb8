/** Parts and settings that an engine is made of, and the options of its calls. */

import type { RegistrySource } from '../registry/live-registry.ts'
import type { EngineConfig } from './config.ts'
import type { EngineEvents } from './events.ts'
import type { GraphsPorts } from './graphs/graphs.ts'
import type { StreamBackends } from './graphs/streams.ts'
import type { Clock, ContextCodec, ScriptHost, Store, TaskSlot } from './ports.ts'
import type { InputCheck } from './steering/input-checks.ts'

export interface EngineOptions extends Pick<GraphsPorts, 'predicates'> {
  readonly store: Store
  readonly host: ScriptHost
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly registry: RegistrySource
  readonly config?: Partial<EngineConfig>
  /** Calls the input schemas of workflows in this process. Default: it has none. */
  readonly checkInput?: InputCheck
  readonly events?: EngineEvents
  /** UUID of this runner; a new one by default. */
  readonly instanceId?: string
  readonly newId?: () => string
  /** In [0, 1), for jitter. */
  readonly random?: () => number
  /** What streams are read with, by type. Default: nothing. */
  readonly streams?: StreamBackends
}

/** Options of `runner.execute`. */
export interface ExecuteOptions {
  /** Maximum wait in milliseconds, or null for no limit. Default: `workflowTimeoutMs` of the engine. */
  readonly timeoutMs?: number | null
  /** Slot of the calling task, which other tasks can use while it waits. Prevents a deadlock of both executions. */
  readonly callerSlot?: TaskSlot
}
