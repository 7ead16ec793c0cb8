/** Reaction of the engine to changes of the wall clock, with one log line. Active from its start to its end. */

import { formatInstant } from '../../model/time/instant.ts'
import type { WallJump } from '../clock-port.ts'
import type { CronScheduler } from '../cron/cron-scheduler.ts'
import type { CronJump } from '../cron/cron-time.ts'
import type { EnginePorts } from '../engine-options.ts'

/** Returns a function that ends it. `crons`: null if cron schedules are disabled. */
export function followWallJumps(
  { clock, events, heartbeat }: Pick<EnginePorts, 'clock' | 'events' | 'heartbeat'>,
  crons: CronScheduler | null,
): () => void {
  return clock.onWallJump((jump) => {
    // A sleep of the machine looks the same, and sends no heartbeat.
    if (jump.at > jump.expectedAt) heartbeat.doubt()
    const cronJump = crons?.wallJumped(jump) ?? null
    events.emit('warning', { code: 'CLOCK_SET', message: messageOf(jump, cronJump) })
  })
}

function messageOf({ expectedAt, at }: WallJump, crons: CronJump | null): string {
  const moved = `${spanText(Math.abs(at - expectedAt))}, to ${formatInstant(at)}`
  const set =
    at > expectedAt
      ? `The wall clock was set forward by ${moved}, or the machine was suspended`
      : `The wall clock was set back by ${moved}`
  switch (crons?.kind) {
    case 'waits':
      return `${set}. Cron schedules wait until the clock reaches ${formatInstant(crons.untilAt)}.`
    case 'anew':
      return `${set}. The next times of cron schedules are recomputed.`
    case 'forward':
      return `${set}. Each cron schedule that is due now fires once.`
    default:
      return `${set}.`
  }
}

const UNITS = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const

/** Uses the largest unit with a value of at least two. */
function spanText(ms: number): string {
  for (const [unit, unitMs] of UNITS) {
    if (ms < 2 * unitMs) continue
    return `${Number((ms / unitMs).toFixed(1))} ${unit === 'day' ? 'days' : unit}`
  }
  return `${Number((ms / 1_000).toFixed(1))} s`
}
