/** Ends of interpreters that are caused by attempts with limits, also shortly after the attempts. */

import { describe, expect, it } from 'vitest'
import type { RunLimit } from '../../src/engine/clock-port.ts'
import { RunLimits } from '../../src/host/process/supervision/run-limits.ts'
import { ManualClock } from '../support/manual-clock.ts'

const TOKEN = 7
const UNTIL_MS = 9_000

describe('an interpreter that ends itself because a lease ended', () => {
  it.each([
    ['while the attempt is open', 0, true],
    ['shortly after the attempt has ended', 500, true],
    ['for another reason later', 1_001, false],
  ])('%s', async (_, afterMs, isExpected) => {
    const clock = new ManualClock()
    const limits = new RunLimits(clock, null, { stop: () => undefined, kill: () => undefined })
    const limit: RunLimit = { until: clock.monotonic() + UNTIL_MS, onMoved: () => () => undefined }
    limits.begin(TOKEN, limit)
    await clock.advance(UNTIL_MS)
    if (afterMs > 0) expect(limits.ended(TOKEN)).toBe(true)

    await clock.advance(afterMs)

    expect(limits.isOver).toBe(isExpected)
  })

  it('has another reason if the attempt ended in time', () => {
    const clock = new ManualClock()
    const limits = new RunLimits(clock, null, { stop: () => undefined, kill: () => undefined })
    limits.begin(TOKEN, { until: clock.monotonic() + UNTIL_MS, onMoved: () => () => undefined })

    expect(limits.ended(TOKEN)).toBe(false)

    expect(limits.isOver).toBe(false)
  })
})
