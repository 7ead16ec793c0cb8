/**
 * Effects of setting the wall clock on cron schedules. Used by the cron scheduler and by calls about schedules.
 *
 *   set forward             due schedules are checked; for all times that were jumped over, the stored one fires once
 *   set back, less than 3 h cron waits until the clock has caught up, so that no time fires twice
 *   set back by more        it was wrong before: next times are computed again, from now
 *
 * A process that did not run at that time recognizes it by rows that were changed in the future.
 */

import type { CronRow } from '../../model/schedule-rows.ts'
import type { Clock, WallJump } from '../clock-port.ts'

/** Limit of cron daemons, longer than any change to or from summer time. */
const WAITED_FOR_MS = 3 * 3_600_000

export type CronJump =
  | { readonly kind: 'forward' }
  | { readonly kind: 'waits'; readonly untilAt: number }
  | { readonly kind: 'anew' }

export class CronTime {
  readonly #clock: Pick<Clock, 'now'>
  /** Latest time that the wall clock has shown, until it reaches that time again. */
  #caughtUpAt = Number.NEGATIVE_INFINITY

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  jumped({ expectedAt, at }: WallJump): CronJump {
    if (at > expectedAt) return { kind: 'forward' }
    this.#caughtUpAt = Math.max(this.#caughtUpAt, expectedAt)
    if (this.#caughtUpAt - at < WAITED_FOR_MS) return { kind: 'waits', untilAt: this.#caughtUpAt }
    this.#caughtUpAt = Number.NEGATIVE_INFINITY
    return { kind: 'anew' }
  }

  /** Returns the time after which the next run is searched. `row`: null for a new schedule. */
  countsFrom(row: CronRow | null): number {
    const now = this.#clock.now()
    const changedAt = row === null || this.isFromAhead(row) ? now : row.updatedAt
    return Math.max(now, this.#caughtUpAt, changedAt)
  }

  /** Returns whether the next time was computed by a clock that was far ahead. */
  isFromAhead(row: CronRow): boolean {
    return row.updatedAt - this.#clock.now() >= WAITED_FOR_MS
  }
}
