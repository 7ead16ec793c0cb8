/** Missed instants of cron schedules: one run for all, one for each, or none. */

import { describe, expect, it } from 'vitest'
import { decideDue } from '../../../src/engine/cron/catchup.ts'
import type { Catchup } from '../../../src/model/policy.ts'
import { cronTrigger, workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
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

/** An hourly trigger of which the engine was down, and the hours that are fired from then on, for half an hour. */
async function afterDowntime({ catchup, hours, most = 100 }: Downtime) {
  const clock = new FakeClock()
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
  const [row] = await second.engine.crons.list(ALL)
  await second.engine.stop({ graceMs: 0 })
  return { fired, warnings: warnings.map(({ code, message }) => [code, message]), nextRunAt: row?.nextRunAt }
}

describe('catching up', () => {
  it('"skip" fires once for all that was missed', async () => {
    const { fired, warnings } = await afterDowntime({ catchup: 'skip', hours: 3 })

    expect(fired).toEqual(['01:00', '04:00'])
    expect(warnings).toEqual([])
  })

  it('"all" fires for each instant that was missed, oldest first', async () => {
    const { fired, warnings, nextRunAt } = await afterDowntime({ catchup: 'all', hours: 4 })

    expect(fired).toEqual(['01:00', '02:00', '03:00', '04:00', '05:00'])
    expect(warnings).toEqual([])
    expect(nextRunAt).toBe(START + 6 * HOUR_MS)
  })

  it('"all" fires for the latest of more than may be caught up, and says what it drops', async () => {
    const { fired, warnings } = await afterDowntime({ catchup: 'all', hours: 20, most: 3 })

    expect(fired).toEqual(['18:00', '19:00', '20:00', '21:00'])
    expect(warnings).toEqual([
      [
        'CRON_MISSED',
        'Cron trigger "hourly" skips the runs that it missed from 2026-01-01T01:00:00.000+00:00 until 2026-01-01T18:00:00.000+00:00, because only the latest 3 missed runs are started (cron_max_catchup_executions).',
      ],
    ])
  })

  it('"all" fires for none that was missed where none may be caught up, and goes on with the next', async () => {
    const { fired } = await afterDowntime({ catchup: 'all', hours: 4, most: 0 })

    expect(fired).toEqual(['05:00'])
  })

  it('"none" fires for nothing that was missed, says so, and goes on with the next', async () => {
    const { fired, warnings } = await afterDowntime({ catchup: 'none', hours: 3 })

    expect(fired).toEqual(['04:00'])
    expect(warnings).toEqual([
      [
        'CRON_MISSED',
        'Cron trigger "hourly" skips the runs that it missed from 2026-01-01T01:00:00.000+00:00 until 2026-01-01T04:00:00.000+00:00, because its catchup is "none".',
      ],
    ])
  })

  it('"none" fires what is late by less than a minute', () => {
    const row = { expression: '0 * * * *', timezone: 'UTC', catchup: 'none' } as const

    expect(decideDue(row, START, START + 59_000, 100)).toEqual({ kind: 'fire', nextRunAt: START + HOUR_MS })
    expect(decideDue(row, START, START + 61_000, 100)).toEqual({ kind: 'drop', nextRunAt: START + HOUR_MS })
  })

  it('finds the latest of a million missed instants', () => {
    const row = { expression: '* * * * * *', timezone: 'UTC', catchup: 'all' } as const
    const now = START + 1_000_000_000

    expect(decideDue(row, START, now, 100)).toEqual({ kind: 'drop', nextRunAt: now - 99_000 })
  })

  it('is what a person set, also after a restart', async () => {
    const clock = new FakeClock()
    const store = await openMemoryStore(clock)
    const triggers = [cronTrigger('hourly', '0 * * * *', { workflow: 'nightly' })]
    const parts = { clock, store, workflows: [nightly], triggers }
    await using first = await RunningEngine.start(parts)
    await first.engine.crons.overrideTrigger('hourly', 'all')
    await first.engine.stop({ graceMs: 0 })
    await clock.advance(2.5 * HOUR_MS)

    await using second = await RunningEngine.start(parts)
    await clock.advance(0)

    expect(await second.engine.crons.list(ALL)).toMatchObject([{ triggerName: 'hourly', catchup: 'all' }])
    expect(second.host.runs).toHaveLength(2)
    await second.engine.stop({ graceMs: 0 })
  })
})
