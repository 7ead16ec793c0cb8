/** Catch-up of missed cron times: one run for all of them, one run for each, or no run. */

import { describe, expect, it } from 'vitest'
import { decideDue } from '../../../src/engine/cron/catchup.ts'
import type { Catchup } from '../../../src/model/policy.ts'
import { cronTrigger, workflow } from '../../support/declared.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { FIRST_PAGE, openMemoryStore, RunningEngine } from '../../support/running-engine.ts'

const nightly = workflow('nightly', { work: {} })
const START = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const ALL = { ...FIRST_PAGE, enabledOnly: false }

interface Downtime {
  readonly catchup: Catchup
  readonly hours: number
  readonly most?: number
}

/** Stops the engine of an hourly trigger for `hours` + 0.5 h. Returns the times fired in the half hour after that. */
async function afterDowntime({ catchup, hours, most = 100 }: Downtime) {
  const clock = new ManualClock()
  const store = await openMemoryStore(clock)
  const parts = {
    clock,
    store,
    workflows: [nightly],
    triggers: [cronTrigger('hourly', '0 * * * *', { workflow: 'nightly', catchup })],
    config: { cronMaxCatchupExecutions: most },
  }
  await using first = await RunningEngine.start(parts)
  await first.engine.stop({ graceMs: 0 })
  await clock.advance((hours + 0.5) * HOUR_MS)
  await using second = await RunningEngine.start({ ...parts, isIdle: true })
  const warnings = second.record('warning')
  await second.engine.start()
  await clock.advance(HOUR_MS / 2)
  const fired = second.host.runs.map((run) => JSON.parse(run.inputText).scheduled_time.slice(11, 16))
  const [row] = await second.engine.services.schedules.list(ALL)
  await second.engine.stop({ graceMs: 0 })
  return { fired, warnings: warnings.map(({ code, message }) => [code, message]), nextRunAt: row?.nextRunAt }
}

describe('the catchup policy of a cron schedule', () => {
  it('"skip" fires once for all missed times', async () => {
    const { fired, warnings } = await afterDowntime({ catchup: 'skip', hours: 3 })

    expect(fired).toEqual(['01:00', '04:00'])
    expect(warnings).toEqual([])
  })

  it('"all" fires once for each missed time, oldest first', async () => {
    const { fired, warnings, nextRunAt } = await afterDowntime({ catchup: 'all', hours: 4 })

    expect(fired).toEqual(['01:00', '02:00', '03:00', '04:00', '05:00'])
    expect(warnings).toEqual([])
    expect(nextRunAt).toBe(START + 6 * HOUR_MS)
  })

  it('"all" fires for the latest missed times up to the limit, and warns about the skipped ones', async () => {
    const { fired, warnings } = await afterDowntime({ catchup: 'all', hours: 20, most: 3 })

    expect(fired).toEqual(['18:00', '19:00', '20:00', '21:00'])
    expect(warnings).toEqual([
      [
        'CRON_MISSED',
        'Cron trigger "hourly" skips the runs that it missed from 2026-01-01T01:00:00.000+00:00 ' +
          'until 2026-01-01T18:00:00.000+00:00, because only the latest 3 missed runs are started ' +
          '(limits.catchup).',
      ],
    ])
  })

  it('"all" with a limit of 0 fires for no missed time, but for the next due time', async () => {
    const { fired } = await afterDowntime({ catchup: 'all', hours: 4, most: 0 })

    expect(fired).toEqual(['05:00'])
  })

  it('"none" warns about the missed times, and fires only at the next due time', async () => {
    const { fired, warnings } = await afterDowntime({ catchup: 'none', hours: 3 })

    expect(fired).toEqual(['04:00'])
    expect(warnings).toEqual([
      [
        'CRON_MISSED',
        'Cron trigger "hourly" skips the runs that it missed from 2026-01-01T01:00:00.000+00:00 ' +
          'until 2026-01-01T04:00:00.000+00:00, because its catchup is "none".',
      ],
    ])
  })

  it('"none" still fires for a time that is less than a minute late', () => {
    const row = { expression: '0 * * * *', timezone: 'UTC', catchup: 'none' } as const

    expect(decideDue(row, START, START + 59_000, 100)).toMatchObject({ kind: 'fire', nextRunAt: START + HOUR_MS })
    expect(decideDue(row, START, START + 61_000, 100)).toEqual({ kind: 'drop', nextRunAt: START + HOUR_MS })
  })

  it('skips all but the latest 100 of a million missed times', () => {
    const row = { expression: '* * * * * *', timezone: 'UTC', catchup: 'all' } as const
    const now = START + 1_000_000_000

    expect(decideDue(row, START, now, 100)).toEqual({ kind: 'drop', nextRunAt: now - 99_000 })
  })

  it('keeps the policy that was set by hand, even after a restart', async () => {
    const clock = new ManualClock()
    const store = await openMemoryStore(clock)
    const triggers = [cronTrigger('hourly', '0 * * * *', { workflow: 'nightly' })]
    const parts = { clock, store, workflows: [nightly], triggers }
    await using first = await RunningEngine.start(parts)
    await first.engine.services.schedules.setCatchup('hourly', 'all')
    await first.engine.stop({ graceMs: 0 })
    await clock.advance(2.5 * HOUR_MS)

    await using second = await RunningEngine.start(parts)
    await clock.advance(0)

    expect(await second.engine.services.schedules.list(ALL)).toMatchObject([{ triggerName: 'hourly', catchup: 'all' }])
    expect(second.host.runs).toHaveLength(2)
    await second.engine.stop({ graceMs: 0 })
  })
})
