/** Cron schedules of several hosts whose wall clocks are set back far, and differ by seconds. */

import { expect, it } from 'vitest'
import { cronTrigger, workflow } from '../../support/declared.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FIRST_PAGE } from '../../support/running-engine.ts'
import { SeparateProcesses } from '../separate-processes.ts'

const HOUR_MS = 3_600_000

it('fires a time once, if both clocks are set back by four hours and one is 30 s ahead', async () => {
  await using processes = new SeparateProcesses()
  const parts = {
    triggers: [cronTrigger('nightly', '0 2 * * *')],
    workflows: [workflow('demo', { work: {} })],
  }
  const startAt = Date.UTC(2026, 0, 1, 5, 59, 0)
  const behind = await processes.start({ ...parts, clock: new FakeClock(startAt) })
  const ahead = await processes.start({ ...parts, clock: new FakeClock(startAt + 30_000) })

  await ahead.clock.setWall(-4 * HOUR_MS)
  await ahead.clock.advance(30_000) // 02:00 at this host
  await behind.clock.setWall(-4 * HOUR_MS) // 01:59 at this one
  for (const { clock } of [ahead, behind]) await clock.advance(120_000)

  const [schedule] = await ahead.engine.crons.list({ ...FIRST_PAGE, enabledOnly: true })
  const firings = await ahead.engine.crons.history(schedule?.id ?? '', FIRST_PAGE)
  expect(firings.map(({ scheduledAt }) => scheduledAt)).toEqual([Date.UTC(2026, 0, 1, 2)])
  expect(ahead.host.runs.length + behind.host.runs.length).toBe(1)
})
