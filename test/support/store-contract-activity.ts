/**
 * Store contract tests for the activity of triggers: last ticks, numbers of polls, and a tick with its log.
 * Called by `describeStoreContract`.
 */

import { describe, expect, test } from 'vitest'
import { declaration, failedTick, firedTick, START, skippedTick } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const MINUTE = 60_000

export function describeActivityContract(context: ContractContext): void {
  const barsOf = async (bars: number, untilAt: number) =>
    (await context.store.activity.bars({ trigger: 'inbox', sinceAt: START, untilAt, bars })).map(({ counts }) => counts)

  describe('numbers of polls in the bars of a chart', () => {
    test('are counted by outcome, and a run of skips is spread over the bars of its duration', async () => {
      await context.store.saveTriggers([declaration()], START)
      for (let second = 0; second <= 180; second += 10) {
        context.store.noteSkip(skippedTick({ at: START + second * 1_000 }))
      }
      await context.store.recordFired(firedTick({ at: START + 3 * MINUTE + 10 }))
      await context.store.recordFailed(failedTick({ at: START + 3 * MINUTE + 20 }))
      context.store.noteSkip(skippedTick({ at: START + 4.5 * MINUTE }))
      await context.store.listTicks('inbox', { limit: 1, offset: 0 })

      const counts = await barsOf(5, START + 5 * MINUTE)

      expect(counts.map(({ skipped }) => skipped)).toEqual([6, 6, 6, undefined, 1])
      expect(counts[3]).toEqual({ fired: 1, failed: 1 })
      expect(counts[0]).toEqual({ skipped: 6 })
    })

    test('are estimated for a bar with 600 polls', async () => {
      await context.store.saveTriggers([declaration()], START)
      for (let tick = 0; tick < 600; tick++) await context.store.recordFailed(failedTick({ at: START + tick * 100 }))

      const [bar] = await context.store.activity.bars({
        trigger: 'inbox',
        sinceAt: START,
        untilAt: START + MINUTE,
        bars: 1,
      })

      expect(bar?.isEstimate).toBe(true)
      expect(bar?.counts.failed).toBeGreaterThan(590)
      expect(bar?.counts.failed).toBeLessThan(610)
    })

    test('have the same sum in 1 bar and in 10 bars, for runs of skips of any length', async () => {
      await context.store.saveTriggers([declaration()], START)
      const ticks = [0, 5, 5, 61, 62, 130, 131, 199, 260, 261, 262, 420, 500, 501, 599]
      for (const [index, second] of ticks.entries()) {
        const at = START + second * 1_000
        if (index % 5 === 4) await context.store.recordFailed(failedTick({ at }))
        else context.store.noteSkip(skippedTick({ at }))
      }
      await context.store.listTicks('inbox', { limit: 1, offset: 0 })

      const sums = async (bars: number) => {
        const counts = await barsOf(bars, START + 600_000)
        const sum = (of: (each: (typeof counts)[number]) => number | undefined) =>
          counts.reduce((total, each) => total + (of(each) ?? 0), 0)
        return [counts.length, sum(({ skipped }) => skipped), sum(({ failed }) => failed)]
      }

      expect(await sums(1)).toEqual([1, 12, 3])
      expect(await sums(10)).toEqual([10, 12, 3])
    })

    test('are empty for an unknown trigger', async () => {
      expect(await barsOf(2, START + MINUTE)).toEqual([{}, {}])
    })
  })

  test('returns the last tick and the last firing of each trigger', async () => {
    await context.store.saveTriggers([declaration(), declaration({ name: 'idle' })], START)
    await context.store.recordFired(firedTick({ at: START + 10, firingId: '11111111-1111-4111-8111-111111111111' }))
    await context.store.recordFailed(failedTick({ at: START + 20 }))

    const found = await context.store.activity.lastTicks(['inbox', 'idle', 'unknown'])

    expect([...found.keys()]).toEqual(['inbox'])
    expect(found.get('inbox')?.last.outcome).toBe('failed')
    expect(found.get('inbox')?.lastFired?.firingId).toBe('11111111-1111-4111-8111-111111111111')
  })

  test('returns a tick with its error and log, by its id and its current or an earlier lastAt', async () => {
    await context.store.saveTriggers([declaration()], START)
    await context.store.recordFailed(failedTick({ at: START + 10, log: '{"at":1,"stream":"stdout","message":"x"}\n' }))
    for (const offset of [20, 30]) context.store.noteSkip(skippedTick({ at: START + offset }))
    const [open, failed] = await context.store.listTicks('inbox', { limit: 2, offset: 0 })
    context.store.noteSkip(skippedTick({ at: START + 40 }))
    await context.store.recordFired(firedTick({ at: START + 50 }))

    const found = await context.store.activity.tick('inbox', failed?.id ?? '', START + 10)
    const closed = await context.store.activity.tick('inbox', open?.id ?? '', open?.lastAt ?? 0)

    expect(found?.logText).toContain('"message":"x"')
    expect(found?.error).toEqual(failedTick().error)
    expect(closed?.tick).toMatchObject({ count: 3, lastAt: START + 40 })
    expect(await context.store.activity.tick('inbox', failed?.id ?? '', START + 11)).toBeNull()
    expect(await context.store.activity.tick('unknown', failed?.id ?? '', START)).toBeNull()
  })
}
