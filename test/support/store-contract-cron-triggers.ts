/** Store contract tests for the schedules of cron triggers. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { NewTriggerCron } from '../../src/engine/cron/cron-store.ts'
import { cronClaim, FIRST_PAGE, newCron, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export function describeCronTriggerContract(context: ContractContext): void {
  describe('schedules of cron triggers', () => {
    test('are all stored in one transaction, or none of them if one is rejected', async () => {
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

    test('keep their next run when the same code is saved again', async () => {
      const first = await save(declared())

      const again = await save(declared({ nextRunAt: START + 99, at: START + 50 }))

      expect(again).toEqual(first)
      expect(await context.store.listCrons({ ...FIRST_PAGE, enabledOnly: false })).toHaveLength(1)
    })

    test('get the new next run, and stay disabled, when their time zone changes', async () => {
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

    test('keep the expected firing and the tags of the newest code', async () => {
      const first = await save(declared({ expectFireMs: 93_600_000, tags: { team: 'data' } }))

      const changed = await save(declared({ expectFireMs: null, tags: {}, at: START + 50 }))
      const again = await save(declared({ expectFireMs: null, tags: {}, at: START + 60 }))

      expect(first).toMatchObject({ expectFireMs: 93_600_000, tags: { team: 'data' }, updatedAt: START })
      expect(changed).toEqual({ ...first, expectFireMs: null, tags: {}, updatedAt: START + 50 })
      expect(again).toEqual(changed)
    })

    test('keep their next run when only their workflow changes', async () => {
      const first = await save(declared())

      const changed = await save(declared({ workflow: 'other', nextRunAt: START + 99, at: START + 50 }))

      expect(changed).toEqual({ ...first, workflow: 'other', updatedAt: START + 50 })
    })
  })

  describe('a cron trigger with an invalid expression', () => {
    const wrong = { ...newCron({ expression: '61 * * * *' }), nextRunAt: null, triggerName: 'nightly_report' }
    const saved = async () => (await context.store.listCrons({ ...FIRST_PAGE, enabledOnly: false }))[0]

    test('is stored without a next run, and gets a next run when the expression is corrected', async () => {
      await context.store.saveTriggerCrons([wrong])
      expect(await saved()).toMatchObject({ expression: '61 * * * *', nextRunAt: null })

      await context.store.saveTriggerCrons([{ ...wrong, expression: '1 * * * *', nextRunAt: START + 99 }])

      expect(await saved()).toMatchObject({ expression: '1 * * * *', nextRunAt: START + 99 })
    })

    test('gets a next run when a later version of cloaca accepts the expression', async () => {
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

    test('have the trigger, the schedule and the firing as their origin', async () => {
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

    test('are listed, counted and charted by the name of the trigger, also after its schedule is deleted', async () => {
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

      await context.store.deleteCron(schedule.id, START)

      expect(await found()).toMatchObject(expected)
      expect(await context.store.listExecutions({ ...FIRST_PAGE, trigger: schedule.id })).toEqual([])
    })

    test('have the trigger as their origin also if they are created for a lost firing', async () => {
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
