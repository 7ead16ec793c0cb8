/** Periodic work of the engine, and changes of the wall clock. Each function returns functions that end it. */

import { recoverLostCrons } from '../cron/cron-recovery.ts'
import type { CronScheduler } from '../cron/cron-scheduler.ts'
import type { EnginePorts } from '../engine-options.ts'
import { HEARTBEAT_MS } from '../heartbeat.ts'
import { runPeriodically } from '../periodic.ts'
import { startPruning } from './pruning.ts'
import { followWallJumps } from './wall-jumps.ts'

type Ends = readonly (() => void)[]

/** Runs while the instance is registered. */
export function keepAlive(
  ports: EnginePorts,
  calls: { readonly renewLeases: () => void; readonly recover: () => void },
): Ends {
  const beat = async (): Promise<void> => {
    const beaten = ports.heartbeat.beat()
    // In the same step: executions of a dead instance are taken over as soon as its triggers.
    calls.recover()
    await beaten
    calls.renewLeases()
  }
  return [runPeriodically({ during: 'sending a heartbeat', everyMs: HEARTBEAT_MS, run: beat }, ports)]
}

/** Runs while the instance serves. `onRecovered`: called after lost cron runs are passed to the store. */
export function startUpkeep(ports: EnginePorts, cronScheduler: CronScheduler, onRecovered: () => void): Ends {
  const { config } = ports
  const crons = config.cronEnabled ? cronScheduler : null
  const ends = [followWallJumps(ports, crons), startPruning(ports, config.retention)]
  if (!config.cronEnabled || !config.cronRecoveryEnabled) return ends
  const everyMs = Math.max(1_000, config.cronRecoveryIntervalMs)
  const run = (): Promise<void> => recoverLostCrons(ports, onRecovered)
  return [...ends, runPeriodically({ during: 'recovering cron firings', everyMs, run }, ports)]
}
