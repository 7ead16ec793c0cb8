/** Health of this engine: gauges, and whether the database accepts writes. */

import { toError } from '../../errors.ts'
import type { EngineGauges } from '../../metrics/measurements.ts'
import type { EnginePorts } from '../engine-options.ts'
import type { Executor } from '../executions/executor.ts'
import type { Graphs } from '../graphs/hosted-graphs.ts'
import type { Scheduler } from '../triggers/scheduler.ts'
import { WaitCounts } from '../waits/wait-counts.ts'

interface HealthParts {
  readonly executor: Executor
  readonly scheduler: Scheduler
  readonly graphs: Graphs
}

export class Health {
  readonly #ports: Pick<EnginePorts, 'clock' | 'heartbeat'>
  readonly #waits: WaitCounts
  readonly #parts: HealthParts
  readonly #assertOpen: () => void

  constructor(ports: Pick<EnginePorts, 'clock' | 'heartbeat' | 'store'>, parts: HealthParts, assertOpen: () => void) {
    this.#ports = ports
    this.#waits = new WaitCounts(ports)
    this.#parts = parts
    this.#assertOpen = assertOpen
  }

  /** Reads only memory. Numbers of open waits are counted again for the next call. */
  gauges(): EngineGauges {
    const { executor, scheduler, graphs } = this.#parts
    const { activePolls, triggers } = scheduler
    const { waits: openWaits, approvals: openApprovals, limits } = this.#waits.read()
    return {
      ...executor.gauges(),
      triggers: triggers.count(),
      activePolls,
      openWaits,
      openApprovals,
      limits,
      waitingEvents: graphs.sources.waiting(),
      oldestDueMs: triggers.oldestDueMs,
      latestPollMs: triggers.latestPollMs,
    }
  }

  /** Returns null if the engine has started and the database completes a write in time, or else the reason. */
  async unwritable(withinMs: number): Promise<string | null> {
    const { heartbeat, clock } = this.#ports
    const limit = Promise.withResolvers<string>()
    const timer = clock.wakeAfter(withinMs, () =>
      limit.resolve(
        `The database did not complete a write within ${withinMs} ms: another process has locked the database, ` +
          'or the disk does not respond.',
      ),
    )
    try {
      this.#assertOpen()
      if (!heartbeat.hasBegun) return 'The runner has not started yet.'
      return await Promise.race([heartbeat.beat().then(() => null), limit.promise])
    } catch (thrown) {
      return toError(thrown).message
    } finally {
      timer.cancel()
    }
  }
}
