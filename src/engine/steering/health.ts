/** How the work on a database goes, by what is stored: the answer is the same whichever process asks. Part of the engine's API. */

import type { TriggerRow } from '../../model/schedule.ts'
import type { Clock, Store } from '../ports.ts'

/** More than any database has. */
const ALL = 1_000_000
/** Polls are written within a second. */
const WRITTEN_AFTER_MS = 1_000

export class Health {
  readonly #ports: { readonly store: Store; readonly clock: Clock }
  readonly #assertOpen: () => void

  constructor(ports: { readonly store: Store; readonly clock: Clock }, assertOpen: () => void) {
    this.#ports = ports
    this.#assertOpen = assertOpen
  }

  /** Enabled triggers that have not been polled for two of their intervals: nobody polls them, or a poll takes long. */
  async lateTriggers(): Promise<readonly TriggerRow[]> {
    this.#assertOpen()
    const { store, clock } = this.#ports
    const now = clock.now()
    const enabled = await store.listTriggers({ limit: ALL, offset: 0, enabledOnly: true })
    return enabled.filter(
      ({ lastPollAt, createdAt, pollIntervalMs }) =>
        now - (lastPollAt ?? createdAt) > 2 * pollIntervalMs + WRITTEN_AFTER_MS,
    )
  }
}
