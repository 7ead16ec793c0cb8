/**
 * What a wall clock that is set means for cron schedules. Used by the cron scheduler and by the calls about schedules.
 *
 *   set forward             what is due by now is looked at; of all that was jumped over, the stored instant fires once
 *   set back, less than 3 h cron waits until the clock has caught up, so that no instant fires twice
 *   set back by more        it was wrong before: next instants are computed anew, from now
 *
 * A process that was not there when it happened sees it by the rows: one that was changed at an instant yet to come.
 */

import type { CronRow } from '../../model/schedule.ts'
import type { Clock, WallJump } from '../ports.ts'

/** As cron daemons have it: more than any change to or from summer time. */
const WAITED_FOR_MS = 3 * 3_600_000

export type CronJump =
  | { readonly kind: 'forward' }
  | { readonly kind: 'waits'; readonly untilAt: number }
  | { readonly kind: 'anew' }

export class CronTime {
  readonly #clock: Pick<Clock, 'now'>
  /** The latest that the wall clock has shown, while it goes over the same hours again. */
  #caughtUpAt = Number.NEGATIVE_INFINITY

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** The wall clock was set. */
  jumped({ expectedAt, at }: WallJump): CronJump {
    if (at > expectedAt) return { kind: 'forward' }
    this.#caughtUpAt = Math.max(this.#caughtUpAt, expectedAt)
    if (this.#caughtUpAt - at < WAITED_FOR_MS) return { kind: 'waits', untilAt: this.#caughtUpAt }
    this.#caughtUpAt = Number.NEGATIVE_INFINITY
    return { kind: 'anew' }
  }

  /** After which instant the next one of a schedule is looked for; `row` is null for a new one. */
  countsFrom(row: CronRow | null): number {
    const now = this.#clock.now()
    const changedAt = row === null || this.isFromAhead(row) ? now : row.updatedAt
    return Math.max(now, this.#caughtUpAt, changedAt)
  }

  /** Whether its next instant was computed by a clock that was far ahead. */
  isFromAhead(row: CronRow): boolean {
    return row.updatedAt - this.#clock.now() >= WAITED_FOR_MS
  }
}
