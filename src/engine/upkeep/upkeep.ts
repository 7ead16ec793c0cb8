/** What the engine does periodically, and when the wall clock is set. Begun by `engine.ts`; each function returns the ends of it. */

import type { RegistrySource } from '../../registry/live-registry.ts'
import type { EngineConfig } from '../config.ts'
import { recoverLostCrons } from '../cron/cron-recovery.ts'
import type { CronScheduler } from '../cron/cron-scheduler.ts'
import type { EngineEvents } from '../events.ts'
import { HEARTBEAT_MS, type Heartbeat } from '../heartbeat.ts'
import { runPeriodically } from '../periodic.ts'
import type { Clock, ContextCodec, Store } from '../ports.ts'
import { startPruning } from './pruning.ts'
import { followWallJumps } from './wall-jumps.ts'

export interface UpkeepPorts {
  readonly store: Store
  readonly clock: Clock
  readonly codec: ContextCodec
  readonly registry: RegistrySource
  readonly config: EngineConfig
  readonly events: EngineEvents
  readonly newId: () => string
}

type Ends = readonly (() => void)[]

/** Of an instance that is entered. */
export function keepAlive(
  ports: UpkeepPorts,
  heartbeat: Heartbeat,
  calls: { readonly renewLeases: () => void; readonly recover: () => void },
): Ends {
  const beat = async (): Promise<void> => {
    const beaten = heartbeat.beat()
    // In the same step: the executions of an instance that has died wait no longer than its triggers.
    calls.recover()
    await beaten
    calls.renewLeases()
  }
  return [runPeriodically({ during: 'sending a heartbeat', everyMs: HEARTBEAT_MS, run: beat }, ports)]
}

/** Of an instance that serves. `onRecovered`: there is work for the executor. */
export function startUpkeep(
  ports: UpkeepPorts,
  heartbeat: Heartbeat,
  cronScheduler: CronScheduler,
  onRecovered: () => void,
): Ends {
  const { clock, events, config } = ports
  const crons = config.cronEnabled ? cronScheduler : null
  const ends = [followWallJumps({ clock, events, heartbeat, crons }), startPruning(ports, config.retention)]
  if (!config.cronEnabled || !config.cronRecoveryEnabled) return ends
  const everyMs = Math.max(1_000, config.cronRecoveryIntervalMs)
  const run = (): Promise<void> => recoverLostCrons(ports, onRecovered)
  return [...ends, runPeriodically({ during: 'recovering cron firings', everyMs, run }, ports)]
}
