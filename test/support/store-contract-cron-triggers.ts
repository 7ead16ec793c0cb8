/** The store contract's cases about schedules that cron triggers declare. Run through `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { NewTriggerCron } from '../../src/engine/ports.ts'
import { cronClaim, FIRST_PAGE, newCron, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export function describeCronTriggerContract(context: ContractContext): void {
  describe('schedules of cron triggers', () => {
    test('are stored all together, in one step, or not at all', async () => {
      const good = { ...newCron(), triggerName: 'good' }
      const sameId = { ...newCron({ id: good.id }), triggerName: 'bad' }

      const refusal = context.store.saveTriggerCrons([good, sameId])

      await expect(refusal).rejects.toThrow()
      expect(await context.store.listCrons({ ...FIRST_PAGE, enabledOnly: false })).toEqual([])
    })

    const save = async (schedule: NewTriggerCron) => {
      const [row] = await context.store.saveTriggerCrons([schedule])
      if (row === undefined) throw new Error('nothing was stored')
      return row
    }
    const declared = (given: Parameters<typeof newCron>[0] = {}) => ({
      ...newCron(given),
      triggerName: 'nightly_report',
    })

    test('starting again with the same code keeps the schedule and its next instant', async () => {
      const first = await save(declared())

      const again = await save(declared({ nextRunAt: START + 99, at: START + 50 }))

      expect(again).toEqual(first)
      expect(await context.store.listCrons({ ...FIRST_PAGE, enabledOnly: false })).toHaveLength(1)
    })

    test('a changed expression or zone gives the schedule the new next instant', async () => {
      const first = await save(declared())
      await context.store.setCronEnabled(first.id, false, START + 1)

      const changed = await save(declared({ timezone: 'Europe/Paris', nextRunAt: START + 99, at: START + 50 }))

      expect(changed).toEqual({
        ...first,
        timezone: 'Europe/Paris',
        isEnabled: false,
        nextRunAt: START + 99,
        updatedAt: START + 50,
      })
    })

    test('a changed target alone keeps the next instant', async () => {
      const first = await save(declared())

      const changed = await save(declared({ workflow: 'other', nextRunAt: START + 99, at: START + 50 }))

      expect(changed).toEqual({ ...first, workflow: 'other', updatedAt: START + 50 })
    })
  })

  describe('a cron trigger whose expression is wrong', () => {
    const wrong = { ...newCron({ expression: '61 * * * *' }), nextRunAt: null, triggerName: 'nightly_report' }
    const saved = async () => (await context.store.listCrons({ ...FIRST_PAGE, enabledOnly: false }))[0]

    test('is stored without a next run, and has one again when the expression is mended', async () => {
      await context.store.saveTriggerCrons([wrong])
      expect(await saved()).toMatchObject({ expression: '61 * * * *', nextRunAt: null })

      await context.store.saveTriggerCrons([{ ...wrong, expression: '1 * * * *', nextRunAt: START + 99 }])

      expect(await saved()).toMatchObject({ expression: '1 * * * *', nextRunAt: START + 99 })
    })

    test('has a next run when a later version accepts the same expression', async () => {
      await context.store.saveTriggerCrons([wrong])

      await context.store.saveTriggerCrons([{ ...wrong, nextRunAt: START + 99 }])

      expect(await saved()).toMatchObject({ expression: '61 * * * *', nextRunAt: START + 99 })
    })
  })

  describe('executions of a cron trigger', () => {
    const started = async () => {
      const schedule = { ...newCron(), triggerName: 'nightly_report' }
      await context.store.saveTriggerCrons([schedule])
      const claim = cronClaim(schedule)
      await context.store.claimCron(claim)
      await context.store.createExecution(newExecution(), { kind: 'call' }, START)
      return { schedule, claim, id: claim.execution?.id ?? '' }
    }

    test('have the names of the trigger and the schedule as their origin', async () => {
      const { schedule, claim, id } = await started()

      const origin = {
        kind: 'cron',
        scheduleId: schedule.id,
        trigger: 'nightly_report',
        firingId: claim.firingId,
      }
      expect(await context.store.getExecution(id)).toMatchObject({ origin })
      expect(await context.store.history.overview(id)).toMatchObject({ origin })
      expect(await context.store.listExecutions({ ...FIRST_PAGE, workflow: 'nightly' })).toMatchObject([{ origin }])
    })

    test('are listed, counted and charted by the name of the trigger, also after it is removed', async () => {
      const { schedule, claim, id } = await started()
      const since = { sinceAt: START, untilAt: claim.at + 1 }
      const found = async () => ({
        listed: (await context.store.listExecutions({ ...FIRST_PAGE, trigger: 'nightly_report' })).map((row) => row.id),
        pending: await context.store.listExecutions({ ...FIRST_PAGE, trigger: 'nightly_report', status: 'Pending' }),
        counted: await context.store.history.counts({ trigger: 'nightly_report' }),
        charted: await context.store.history.trend({ trigger: 'nightly_report', bars: 1, ...since }),
      })
      const expected = {
        listed: [id],
        pending: [{ id }],
        counted: { Pending: { count: 1 } },
        charted: [{ counts: { Pending: 1 } }],
      }
      expect(await found()).toMatchObject(expected)

      await context.store.deleteCron(schedule.id)

      expect(await found()).toMatchObject(expected)
      expect(await context.store.listExecutions({ ...FIRST_PAGE, trigger: schedule.id })).toEqual([])
    })

    test('that are recovered have the name of the trigger, too', async () => {
      const schedule = { ...newCron(), triggerName: 'nightly_report' }
      await context.store.saveTriggerCrons([schedule])
      const claim = cronClaim(schedule, { execution: null })
      await context.store.claimCron(claim)
      const execution = newExecution({ workflow: 'nightly' })

      await context.store.recoverCronFiring(claim.firingId, execution, claim.at + 1)

      expect(await context.store.listExecutions({ ...FIRST_PAGE, trigger: 'nightly_report' })).toMatchObject([
        { id: execution.id, origin: { kind: 'cron', scheduleId: schedule.id, trigger: 'nightly_report' } },
      ])
    })
  })
}
