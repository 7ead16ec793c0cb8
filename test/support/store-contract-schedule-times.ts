/** Store contract tests for the fired times of schedules. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, newBackfill } from './batch-builders.ts'
import { cronClaim, FIRST_PAGE, newAction, newCron, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'
import { storedBatches } from './stored-batches.ts'

export function describeScheduleTimeContract(context: ContractContext): void {
  const { only, schedule, backfill, advance } = storedBatches(context)
  const [first, second, third] = [START - 3 * HOUR_MS, START - 2 * HOUR_MS, START - HOUR_MS] as const

  describe('the times of a schedule', () => {
    const fired = async (scheduleId: string) => await context.store.batches.firedTimes(scheduleId, 0, START * 2, 100)

    test('are stored by live firings and by backfills, also if the execution cannot be started', async () => {
      const made = await backfill()
      const cron = await context.store.getCron(made.scheduleId)
      const dueAt = cron?.nextRunAt ?? 0

      await context.store.claimCron(
        cronClaim({ ...newCron(), id: made.scheduleId, nextRunAt: dueAt }, { execution: null }),
      )
      await advance(made, [first, second])

      expect(await fired(made.scheduleId)).toEqual({ knownFromAt: null, times: [first, second, dueAt] })
      expect(await context.store.batches.firedTimes(made.scheduleId, second, dueAt, 100)).toMatchObject({
        times: [second],
      })
      expect(await context.store.batches.firedTimes(made.scheduleId, 0, START * 2, 1)).toMatchObject({ times: [first] })
    })

    test('that were backfilled are not fired by the schedule, which continues with its next time', async () => {
      const cron = await schedule({ nextRunAt: second })
      const made = newBackfill(cron.id)
      await context.store.batches.create(made, newAction())
      await advance(made, [second])

      expect(await context.store.claimCron(cronClaim(cron, { nextRunAt: third + DAY_MS, followingRunAt: third }))).toBe(
        'lost',
      )
      expect(await context.store.getCron(cron.id)).toMatchObject({ nextRunAt: third })
      expect(await context.store.listCronFirings(cron.id, FIRST_PAGE)).toEqual([])
      expect(await context.store.claimCron(cronClaim({ ...cron, nextRunAt: third }))).toBe('claimed')

      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(2)
    })

    test('that have a firing are left out by a backfill, unless it starts them again', async () => {
      const cron = await schedule({ nextRunAt: second })
      const [made, again] = [newBackfill(cron.id), newBackfill(cron.id, { again: true })]
      for (const batch of [made, again]) await context.store.batches.create(batch, newAction())
      await context.store.claimCron(cronClaim(cron))

      expect(await advance(made, [first, second])).toHaveLength(1)
      expect(await advance(again, [first, second])).toHaveLength(2)

      expect(await only('backfill', made.id)).toMatchObject({ started: 1, leftOut: 1, active: 1 })
      expect(await only('backfill', again.id)).toMatchObject({ started: 2, leftOut: 0, active: 2 })
      expect((await fired(cron.id)).times).toEqual([first, second])
    })

    context.sharedTest('are started once by a live firing and a backfill at the same time', async () => {
      const another = await context.openAnother()
      for (let round = 0; round < 5; round++) {
        const cron = await schedule({ nextRunAt: second })
        const made = newBackfill(cron.id)
        await context.store.batches.create(made, newAction())

        const [started, fired] = await Promise.all([advance(made, [second]), another.claimCron(cronClaim(cron))])

        expect((started?.length ?? 0) + Number(fired === 'claimed')).toBe(1)
      }
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(5)
    })

    test('can be fired again after a clock that was far ahead is set back', async () => {
      const cron = await schedule()
      await context.store.claimCron(cronClaim(cron, { nextRunAt: START + 100 * DAY_MS }))
      const later = { ...cron, nextRunAt: START + 100 * DAY_MS }
      await context.store.claimCron(cronClaim(later, { nextRunAt: START + 101 * DAY_MS }))

      const move = { scheduleId: cron.id, seenRunAt: START + 101 * DAY_MS, nextRunAt: START + DAY_MS }
      await context.store.rescheduleCrons([move], START)

      expect((await fired(cron.id)).times).toEqual([cron.nextRunAt])
    })

    test('are removed some time after they were written; the schedule stores from when they are known', async () => {
      const made = await backfill({ maxActive: 10 })
      await advance(made, [first, second])
      const other = await schedule()
      await context.store.claimCron(cronClaim(other, { at: START + 3 * DAY_MS }))
      const prune = async (at: number) => {
        while ((await context.store.prune({ scheduleTimesMs: 2 * DAY_MS }, at)) > 0);
      }

      await prune(START + 2 * DAY_MS)
      expect((await fired(made.scheduleId)).times).toEqual([first, second])
      await prune(START + 2 * DAY_MS + 2)

      expect(await fired(made.scheduleId)).toEqual({ knownFromAt: second + 1, times: [] })
      expect(await fired(other.id)).toEqual({ knownFromAt: null, times: [other.nextRunAt] })
    })
  })
}
