/** How the work on a database goes, by what is stored: the answer is the same whichever process asks. Part of the engine's API. */

import { toError } from '../../errors.ts'
import type { EngineGauges } from '../../metrics/measurements.ts'
import type { TriggerRow } from '../../model/schedule.ts'
import { POLLS_WRITTEN_WITHIN_MS } from '../../model/trigger.ts'
import type { Executor } from '../executions/executor.ts'
import type { Graphs } from '../graphs/graphs.ts'
import type { Heartbeat } from '../heartbeat.ts'
import type { Clock, Store } from '../ports.ts'
import type { Scheduler } from '../triggers/scheduler.ts'

/** More than any database has. */
const ALL = 1_000_000

export interface HealthPorts {
  readonly store: Store
  readonly clock: Clock
  readonly heartbeat: Heartbeat
  readonly executor: Executor
  readonly scheduler: Scheduler
  readonly graphs: Graphs
}

export class Health {
  readonly #ports: HealthPorts
  readonly #assertOpen: () => void

  constructor(ports: HealthPorts, assertOpen: () => void) {
    this.#ports = ports
    this.#assertOpen = assertOpen
  }

  /** Reads nothing but memory. */
  gauges(): EngineGauges {
    const { executor, scheduler, graphs } = this.#ports
    const { activePolls, triggers } = scheduler
    return {
      ...executor.gauges(),
      triggers: triggers.count(),
      activePolls,
      waitingEvents: graphs.sources.waiting(),
      oldestDueMs: triggers.oldestDueMs,
    }
  }

  /** Null when the engine has begun, and the database takes a write within this time; else why not. */
  async unwritable(withinMs: number): Promise<string | null> {
    const { heartbeat, clock } = this.#ports
    const limit = Promise.withResolvers<string>()
    const timer = clock.wakeAfter(withinMs, () =>
      limit.resolve(
        `The database did not complete a write within ${withinMs} ms: another process has locked the database, or the disk does not respond.`,
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

  /**
   * Enabled triggers that have not been polled for two of their intervals: nobody polls them, or a poll takes long. Not those
   * whose polls fail, whose instants are not kept, and not those that no script declares any more.
   */
  async lateTriggers(): Promise<readonly TriggerRow[]> {
    this.#assertOpen()
    const { store, clock } = this.#ports
    const now = clock.now()
    const enabled = await store.listTriggers({ limit: ALL, offset: 0, enabledOnly: true })
    return enabled.filter(
      ({ lastPollAt, createdAt, pollIntervalMs, failuresInRow, undeclaredAt }) =>
        failuresInRow === 0 &&
        undeclaredAt === null &&
        now - (lastPollAt ?? createdAt) > 2 * pollIntervalMs + POLLS_WRITTEN_WITHIN_MS,
    )
  }
}
