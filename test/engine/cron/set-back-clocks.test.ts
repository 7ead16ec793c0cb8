/** Cron schedules of several hosts whose wall clocks are set back by hours, and differ by seconds. */

import { expect, it } from 'vitest'
import { cronTrigger, workflow } from '../../support/declared.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { FIRST_PAGE } from '../../support/running-engine.ts'
import { SeparateProcesses } from '../separate-processes.ts'

const HOUR_MS = 3_600_000

it('fires a due time once if the clocks of two hosts, 30 s apart, are set back by four hours', {
  tags: ['proof'],
}, async () => {
  await using processes = new SeparateProcesses()
  const parts = {
    triggers: [cronTrigger('nightly', '0 2 * * *')],
    workflows: [workflow('demo', { work: {} })],
  }
  const startAt = Date.UTC(2026, 0, 1, 5, 59, 0)
  const behind = await processes.start({ ...parts, clock: new ManualClock(startAt) })
  const ahead = await processes.start({ ...parts, clock: new ManualClock(startAt + 30_000) })

  await ahead.clock.setWall(-4 * HOUR_MS)
  await ahead.clock.advance(30_000) // 02:00 on the host that is ahead
  await behind.clock.setWall(-4 * HOUR_MS) // 01:59 on the host that is behind
  for (const { clock } of [ahead, behind]) await clock.advance(120_000)

  const [schedule] = await ahead.engine.services.schedules.list({ ...FIRST_PAGE, enabledOnly: true })
  const firings = await ahead.engine.services.schedules.history(schedule?.id ?? '', FIRST_PAGE)
  expect(firings.map(({ scheduledAt }) => scheduledAt)).toEqual([Date.UTC(2026, 0, 1, 2)])
  expect(ahead.host.runs.length + behind.host.runs.length).toBe(1)
})
