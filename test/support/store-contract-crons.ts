/** The store contract's cases about cron schedules and their firings. Run through `describeStoreContract`. */

import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { cronClaim, FIRST_PAGE, newCron, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const MINUTE_MS = 60_000

export function describeCronContract(context: ContractContext): void {
  /** The stored row of a schedule that must exist. */
  const row = async (id: string) => {
    const cron = await context.store.getCron(id)
    if (cron === null) throw new Error(`no schedule ${id}`)
    return cron
  }

  describe('cron schedules', () => {
    test('a new schedule is enabled and has not run', async () => {
      const schedule = newCron({ instanceName: 'eu', paramsText: '{"region": "eu"}' })

      await context.store.createCron(schedule)

      expect(await context.store.getCron(schedule.id)).toEqual({
        id: schedule.id,
        workflow: 'nightly',
        expression: '0 2 * * *',
        timezone: 'UTC',
        catchup: 'skip',
        isEnabled: true,
        nextRunAt: schedule.nextRunAt,
        lastRunAt: null,
        lastScheduledAt: null,
        createdAt: START,
        updatedAt: START,
        triggerName: null,
        undeclaredAt: null,
        instanceName: 'eu',
        paramsText: '{"region": "eu"}',
      })
    })

    test('equal schedules are schedules of their own', async () => {
      await context.store.createCron(newCron())
      await context.store.createCron(newCron())

      expect(await context.store.listCrons({ ...FIRST_PAGE, enabledOnly: false })).toHaveLength(2)
    })

    test('a workflow has one instance of a name; another workflow may use the name too', async () => {
      await context.store.createCron(newCron({ workflow: 'a', instanceName: 'eu' }))

      const [again, elsewhere] = await Promise.allSettled([
        context.store.createCron(newCron({ workflow: 'a', instanceName: 'eu' })),
        context.store.createCron(newCron({ workflow: 'b', instanceName: 'eu' })),
      ])

      expect(again).toMatchObject({
        status: 'rejected',
        reason: { code: 'DUPLICATE_INSTANCE', facts: { workflow: 'a' } },
      })
      expect(elsewhere.status).toBe('fulfilled')
    })

    test('schedules are listed newest first, a page at a time, with or without the disabled ones', async () => {
      const made = [newCron(), newCron({ at: START + 5 }), newCron()]
      for (const schedule of made) await context.store.createCron(schedule)
      const [first, newest, second] = made.map((schedule) => schedule.id)
      const ids = async (given: Parameters<typeof context.store.listCrons>[0]) =>
        (await context.store.listCrons(given)).map((cron) => cron.id)

      await context.store.setCronEnabled(second ?? '', false, START + 6)

      expect(await ids({ ...FIRST_PAGE, enabledOnly: false })).toEqual([newest, second, first])
      expect(await ids({ limit: 1, offset: 1, enabledOnly: false })).toEqual([second])
      expect(await ids({ ...FIRST_PAGE, enabledOnly: true })).toEqual([newest, first])
    })

    test('finds schedules by the name of their trigger or instance, or by their id, newest first', async () => {
      const [trigger] = await context.store.saveTriggerCrons([{ ...newCron(), triggerName: 'nightly_report' }])
      const made = ['a', 'b'].map((workflow) => newCron({ workflow, instanceName: 'eu' }))
      for (const schedule of made) await context.store.createCron(schedule)
      const found = async (name: string, limit = 10) =>
        (await context.store.findCrons(name, limit)).map((cron) => cron.id)
      const [older, newer] = made.map((schedule) => schedule.id)

      expect(await context.store.findCrons('nightly_report', 10)).toEqual([trigger])
      expect(await found('eu')).toEqual([newer, older])
      expect(await found('eu', 1)).toEqual([newer])
      expect(await found(String(older))).toEqual([older])
      expect(await found('us')).toEqual([])
    })

    test('finds schedules by the beginning of their id if no name is equal to it', async () => {
      const ids = ['aaaa0000', 'aaaa1111', 'aaab0000'].map((start) => `${start}${randomUUID().slice(8)}`)
      for (const id of ids) await context.store.createCron(newCron({ id }))
      await context.store.createCron(newCron({ instanceName: 'aaab' }))
      const found = async (name: string) => (await context.store.findCrons(name, 10)).map((cron) => cron.id)

      expect(await found('aaaa')).toEqual([ids[1], ids[0]])
      expect(await found('aaaa0')).toEqual([ids[0]])
      expect(await found('aaab')).not.toContain(ids[2])
      expect(await found('aaab0')).toEqual([ids[2]])
      expect([await found(''), await found('%'), await found('AAAA')]).toEqual([[], [], []])
    })

    test('returns the schedules of several cron triggers, and none for unknown names', async () => {
      const named = (triggerName: string) => ({ ...newCron(), triggerName })
      const saved = await context.store.saveTriggerCrons([named('a'), named('b'), named('c')])

      const found = await context.store.triggerCrons(['c', 'nobody', 'a'])

      expect(new Map(found.map((row) => [row.triggerName, row]))).toEqual(
        new Map(saved.filter((row) => row.triggerName !== 'b').map((row) => [row.triggerName, row])),
      )
      expect(await context.store.triggerCrons([])).toEqual([])
    })

    test('enabled schedules come soonest first', async () => {
      const made = [30, 10, 20].map((minutes) => newCron({ nextRunAt: START + minutes * MINUTE_MS }))
      for (const schedule of made) await context.store.createCron(schedule)
      const [late, soon, middle] = made.map((schedule) => schedule.id)

      await context.store.setCronEnabled(middle ?? '', false, START)

      expect((await context.store.enabledCrons()).map((cron) => cron.id)).toEqual([soon, late])
    })

    test('a changed schedule has its new times; the flag alone changes no time', async () => {
      const schedule = newCron()
      await context.store.createCron(schedule)

      const change = { expression: '@hourly', timezone: 'Europe/Paris', nextRunAt: START + 1 }
      const isChanged = await context.store.updateCron(schedule.id, change, START + 2)
      const isDisabled = await context.store.setCronEnabled(schedule.id, false, START + 3)

      expect([isChanged, isDisabled]).toEqual([true, true])
      expect(await row(schedule.id)).toMatchObject({ ...change, isEnabled: false, updatedAt: START + 3 })
    })

    test('a deleted schedule is gone with its history', async () => {
      const schedule = newCron()
      await context.store.createCron(schedule)
      await context.store.claimCron(cronClaim(schedule))

      expect(await context.store.deleteCron(schedule.id)).toBe(true)

      expect(await context.store.getCron(schedule.id)).toBeNull()
      expect(await context.store.listCronFirings(schedule.id, FIRST_PAGE)).toEqual([])
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(1)
    })

    test('an unknown schedule cannot be changed, enabled, deleted or claimed', async () => {
      const unknown = newCron()
      const change = { expression: '@daily', timezone: 'UTC', nextRunAt: START }

      expect(await context.store.updateCron(unknown.id, change, START)).toBe(false)
      expect(await context.store.setCronEnabled(unknown.id, true, START)).toBe(false)
      expect(await context.store.deleteCron(unknown.id)).toBe(false)
      expect(await context.store.claimCron(cronClaim(unknown))).toBe(false)
      expect(await context.store.listExecutions(FIRST_PAGE)).toEqual([])
    })
  })

  describe('schedules that are given another instant', () => {
    test('have it, and those that were fired or changed meanwhile are left alone', async () => {
      const [moved, fired] = [newCron(), newCron()]
      for (const schedule of [moved, fired]) await context.store.createCron(schedule)
      await context.store.claimCron(cronClaim(fired))
      const after = await row(fired.id)

      await context.store.rescheduleCrons(
        [moved, fired].map(({ id, nextRunAt }) => ({ scheduleId: id, seenRunAt: nextRunAt, nextRunAt: START + 60 })),
        START + 9,
      )

      expect(await row(moved.id)).toMatchObject({ nextRunAt: START + 60, updatedAt: START + 9 })
      expect(await row(fired.id)).toEqual(after)
    })
  })

  describe('cron firings', () => {
    test('a due instant fires once, with its execution and the next instant in one step', async () => {
      const schedule = newCron()
      await context.store.createCron(schedule)
      const claim = cronClaim(schedule)

      const results = await Promise.all([context.store.claimCron(claim), context.store.claimCron(cronClaim(schedule))])

      expect(results).toEqual([true, false])
      const fired = { nextRunAt: claim.nextRunAt, lastRunAt: claim.at, lastScheduledAt: claim.dueAt }
      expect(await row(schedule.id)).toMatchObject(fired)
      expect(await context.store.listCronFirings(schedule.id, FIRST_PAGE)).toEqual([
        {
          id: claim.firingId,
          scheduleId: schedule.id,
          scheduledAt: schedule.nextRunAt,
          claimedAt: claim.at,
          executionId: claim.execution?.id,
          recoveryAttempts: 0,
          createdAt: claim.at,
          updatedAt: claim.at,
        },
      ])
      expect(await context.store.getExecution(claim.execution?.id ?? '')).toMatchObject({
        origin: { kind: 'cron', scheduleId: schedule.id, trigger: null, firingId: claim.firingId },
        createdAt: claim.at,
      })
    })

    test('a disabled schedule does not fire', async () => {
      const schedule = newCron()
      await context.store.createCron(schedule)
      await context.store.setCronEnabled(schedule.id, false, START)

      expect(await context.store.claimCron(cronClaim(schedule))).toBe(false)
      expect(await context.store.listCronFirings(schedule.id, FIRST_PAGE)).toEqual([])
    })

    test('firings are listed newest first, a page at a time', async () => {
      const schedule = newCron()
      await context.store.createCron(schedule)
      const first = cronClaim(schedule, { nextRunAt: schedule.nextRunAt + MINUTE_MS })
      await context.store.claimCron(first)
      const second = cronClaim({ ...schedule, nextRunAt: schedule.nextRunAt + MINUTE_MS })
      await context.store.claimCron(second)

      const all = await context.store.listCronFirings(schedule.id, FIRST_PAGE)
      const page = await context.store.listCronFirings(schedule.id, { limit: 1, offset: 1 })

      expect(all.map((firing) => firing.id)).toEqual([second.firingId, first.firingId])
      expect(page.map((firing) => firing.id)).toEqual([first.firingId])
    })

    /** A firing whose run was never started, claimed at the instant. */
    const loseFiring = async (at: number): Promise<string> => {
      const schedule = newCron({ nextRunAt: at })
      await context.store.createCron(schedule)
      const claim = cronClaim(schedule, { at, execution: null })
      await context.store.claimCron(claim)
      return claim.firingId
    }
    const lost = async (given: { notBeforeAt?: number; olderThanAt?: number; maxAttempts?: number } = {}) =>
      (
        await context.store.lostCronFirings({
          notBeforeAt: START,
          olderThanAt: START + MINUTE_MS,
          maxAttempts: 3,
          ...given,
        })
      ).map((firing) => firing.id)

    test('firings without a run are found, oldest first, within the window', async () => {
      const later = await loseFiring(START + 20)
      const earlier = await loseFiring(START + 10)
      await loseFiring(START + 2 * MINUTE_MS)
      const schedule = newCron()
      await context.store.createCron(schedule)
      await context.store.claimCron(cronClaim(schedule, { at: START + 15 }))

      expect(await lost()).toEqual([earlier, later])
      expect(await lost({ notBeforeAt: START + 11 })).toEqual([later])
    })

    test('a lost firing gets its run once', async () => {
      const firingId = await loseFiring(START)
      const execution = newExecution({ workflow: 'nightly' })

      const first = await context.store.recoverCronFiring(firingId, execution, START + 30)
      const second = await context.store.recoverCronFiring(firingId, newExecution(), START + 31)

      expect([first, second]).toEqual([true, false])
      expect(await lost()).toEqual([])
      const started = await context.store.getExecution(execution.id)
      expect(started?.origin).toMatchObject({ kind: 'cron', firingId })
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(1)
    })

    test('a lost firing that still cannot be started counts the attempt, and is given up after the last', async () => {
      const firingId = await loseFiring(START)

      await context.store.recoverCronFiring(firingId, null, START + 30)
      await context.store.recoverCronFiring(firingId, null, START + 31)

      expect(await lost({ maxAttempts: 3 })).toEqual([firingId])
      expect(await lost({ maxAttempts: 2 })).toEqual([])
    })

    test('an unknown firing is not recovered', async () => {
      expect(await context.store.recoverCronFiring(randomUUID(), newExecution(), START)).toBe(false)
      expect(await context.store.listExecutions(FIRST_PAGE)).toEqual([])
    })

    test('statistics count firings since an instant, with a run, and lost for more than ten minutes', async () => {
      await loseFiring(START - 1)
      await loseFiring(START)
      await loseFiring(START + 5 * MINUTE_MS)
      const schedule = newCron()
      await context.store.createCron(schedule)
      await context.store.claimCron(cronClaim(schedule, { at: START + MINUTE_MS }))

      const stats = await context.store.cronStats(START, START + 12 * MINUTE_MS)

      expect(stats).toEqual({ total: 3, successful: 1, lost: 1 })
      expect(await context.store.cronStats(START + 60 * MINUTE_MS, START)).toEqual({ total: 0, successful: 0, lost: 0 })
    })
  })
}
