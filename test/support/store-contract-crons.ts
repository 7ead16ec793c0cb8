/** Store contract tests for cron schedules and their firings. Called by `describeStoreContract`. */

import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { cronClaim, FIRST_PAGE, incidentReport, newAction, newCron, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const MINUTE_MS = 60_000

export function describeCronContract(context: ContractContext): void {
  /** Returns the stored schedule; throws if it does not exist. */
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
        expectFireMs: null,
        tags: null,
        priority: null,
      })
    })

    test('the priority of a cron trigger is that of its newest code, and null if it declares none', async () => {
      const priorityAt = async (at: number, priority: number | null) => {
        const [row] = await context.store.saveTriggerCrons([{ ...newCron({ priority, at }), triggerName: 'nightly' }])
        return [row?.priority, row?.updatedAt]
      }

      expect(await priorityAt(START, 100)).toEqual([100, START])
      expect(await priorityAt(START + 1, 100)).toEqual([100, START])
      expect(await priorityAt(START + 2, null)).toEqual([null, START + 2])
    })

    test('two schedules may have the same workflow and expression', async () => {
      await context.store.createCron(newCron())
      await context.store.createCron(newCron())

      expect(await context.store.listCrons({ ...FIRST_PAGE, enabledOnly: false })).toHaveLength(2)
    })

    test('an instance name is unique in its workflow; another workflow may use the name too', async () => {
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

    test('schedules are listed newest first, a page at a time, with or without disabled schedules', async () => {
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

    test('finds schedules by a prefix of their id if no name equals the prefix', async () => {
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

    test('lists enabled schedules by their next run, the earliest first', async () => {
      const made = [30, 10, 20].map((minutes) => newCron({ nextRunAt: START + minutes * MINUTE_MS }))
      for (const schedule of made) await context.store.createCron(schedule)
      const [late, soon, middle] = made.map((schedule) => schedule.id)

      await context.store.setCronEnabled(middle ?? '', false, START)

      expect((await context.store.enabledCrons()).map((cron) => cron.id)).toEqual([soon, late])
    })

    test('changes the times of a schedule; a change of the enabled flag keeps them', async () => {
      const schedule = newCron()
      await context.store.createCron(schedule)

      const change = { expression: '@hourly', timezone: 'Europe/Paris', nextRunAt: START + 1 }
      const isChanged = await context.store.updateCron(schedule.id, change, START + 2)
      const isDisabled = await context.store.setCronEnabled(schedule.id, false, START + 3)

      expect([isChanged, isDisabled]).toEqual([true, true])
      expect(await row(schedule.id)).toMatchObject({ ...change, isEnabled: false, updatedAt: START + 3 })
    })

    test('deletes a schedule with its firings, and keeps its executions', async () => {
      const schedule = newCron()
      await context.store.createCron(schedule)
      await context.store.claimCron(cronClaim(schedule))

      expect(await context.store.deleteCron(schedule.id, START)).toBe(true)

      expect(await context.store.getCron(schedule.id)).toBeNull()
      expect(await context.store.listCronFirings(schedule.id, FIRST_PAGE)).toEqual([])
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(1)
    })

    test('an unknown schedule cannot be changed, enabled, deleted or claimed', async () => {
      const unknown = newCron()
      const change = { expression: '@daily', timezone: 'UTC', nextRunAt: START }

      expect(await context.store.updateCron(unknown.id, change, START)).toBe(false)
      expect(await context.store.setCronEnabled(unknown.id, true, START)).toBe(false)
      expect(await context.store.deleteCron(unknown.id, START)).toBe(false)
      expect(await context.store.claimCron(cronClaim(unknown))).toBe('lost')
      expect(await context.store.listExecutions(FIRST_PAGE)).toEqual([])
    })
  })

  describe('rescheduling', () => {
    test('changes the next run of a schedule, but not if the schedule has fired since it was read', async () => {
      const [moved, fired] = [newCron(), newCron()]
      for (const schedule of [moved, fired]) await context.store.createCron(schedule)
      await context.store.claimCron(cronClaim(fired))
      const after = await row(fired.id)

      await context.store.rescheduleCrons(
        [moved, fired].map(({ id, nextRunAt }) => ({ scheduleId: id, seenRunAt: nextRunAt, nextRunAt: START + 60 })),
        START + 9,
      )

      expect(await row(moved.id)).toMatchObject({ nextRunAt: START + 60, updatedAt: START })
      expect(await row(fired.id)).toEqual(after)
    })

    test('corrects the time of change of a schedule if a clock that was ahead has set it', async () => {
      const schedule = newCron({ at: START + 1_000 })
      await context.store.createCron(schedule)
      const move = { scheduleId: schedule.id, seenRunAt: schedule.nextRunAt, nextRunAt: START + 60 }
      await context.store.rescheduleCrons([move], START + 9)

      expect((await row(schedule.id))?.updatedAt).toBe(START + 9)
    })
  })

  describe('cron firings', () => {
    test('that are late open an incident and do not end it, and a firing in time ends it', async () => {
      const schedule = newCron()
      await context.store.createCron(schedule)
      const late = incidentReport({ kind: 'trigger-late', subject: schedule.id })
      const ends: (number | null)[] = []
      let dueAt = schedule.nextRunAt
      for (const isLate of [true, true, false]) {
        const claim = { ...cronClaim({ ...schedule, nextRunAt: dueAt }), ...(isLate && { late }) }
        expect(await context.store.claimCron(claim)).toBe('claimed')
        dueAt = claim.nextRunAt ?? 0
        const incidents = await context.store.incidents.listIncidents(FIRST_PAGE)
        ends.push(...incidents.map(({ endedAt }) => endedAt))
      }

      expect(ends).toEqual([null, null, expect.any(Number)])
    })

    test('a due schedule fires once, and stores its execution and its next run', async () => {
      const schedule = newCron()
      await context.store.createCron(schedule)
      const claim = cronClaim(schedule)

      const results = await Promise.all([context.store.claimCron(claim), context.store.claimCron(cronClaim(schedule))])

      expect(results).toEqual(['claimed', 'lost'])
      const fired = { nextRunAt: claim.nextRunAt, lastRunAt: claim.at, lastScheduledAt: claim.dueAt }
      expect(await row(schedule.id)).toMatchObject(fired)
      expect(await context.store.listCronFirings(schedule.id, FIRST_PAGE)).toEqual([
        {
          id: claim.firingId,
          scheduleId: schedule.id,
          scheduledAt: schedule.nextRunAt,
          claimedAt: claim.at,
          executionId: claim.execution?.id,
          isLimited: false,
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

      expect(await context.store.claimCron(cronClaim(schedule))).toBe('lost')
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

    /** Stores a firing without an execution, claimed at `at`, and returns its id. */
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

    test('firings without an execution are found, oldest first, within a period', async () => {
      const later = await loseFiring(START + 20)
      const earlier = await loseFiring(START + 10)
      await loseFiring(START + 2 * MINUTE_MS)
      const schedule = newCron()
      await context.store.createCron(schedule)
      await context.store.claimCron(cronClaim(schedule, { at: START + 15 }))

      expect(await lost()).toEqual([earlier, later])
      expect(await lost({ notBeforeAt: START + 11 })).toEqual([later])
    })

    test('a lost firing gets an execution only once', async () => {
      const firingId = await loseFiring(START)
      const execution = newExecution({ workflow: 'nightly' })

      const first = await context.store.recoverCronFiring(firingId, execution, START + 30)
      const second = await context.store.recoverCronFiring(firingId, newExecution(), START + 31)

      expect([first, second]).toEqual(['claimed', 'lost'])
      expect(await lost()).toEqual([])
      const started = await context.store.getExecution(execution.id)
      expect(started?.origin).toMatchObject({ kind: 'cron', firingId })
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(1)
    })

    test('a lost firing is no longer listed after the maximum number of failed recoveries', async () => {
      const firingId = await loseFiring(START)

      await context.store.recoverCronFiring(firingId, null, START + 30)
      await context.store.recoverCronFiring(firingId, null, START + 31)

      expect(await lost({ maxAttempts: 3 })).toEqual([firingId])
      expect(await lost({ maxAttempts: 2 })).toEqual([])
    })

    test('an unknown firing is not recovered', async () => {
      expect(await context.store.recoverCronFiring(randomUUID(), newExecution(), START)).toBe('lost')
      expect(await context.store.listExecutions(FIRST_PAGE)).toEqual([])
    })

    test('statistics count firings since a time: all, with an execution, and lost for over ten minutes', async () => {
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

    test('a requested run has a firing and an execution, and keeps the times of the schedule', async () => {
      const schedule = newCron()
      await context.store.createCron(schedule)
      const before = await row(schedule.id)
      const execution = newExecution({ workflow: 'nightly' })
      const action = newAction({ id: 'run-1', kind: 'fire', target: schedule.id })
      const run = { scheduleId: schedule.id, firingId: randomUUID(), at: START + 5, execution, action }

      expect(await context.store.runCron(run)).toBe('started')

      expect(await row(schedule.id)).toEqual(before)
      expect(await context.store.listCronFirings(schedule.id, FIRST_PAGE)).toMatchObject([
        { id: run.firingId, scheduledAt: START + 5, claimedAt: START + 5, executionId: execution.id, isLimited: false },
      ])
      expect((await context.store.getExecution(execution.id))?.origin).toEqual({
        ...{ kind: 'cron', scheduleId: schedule.id, trigger: null, firingId: run.firingId },
      })
      expect(await context.store.actions.get('run-1')).toMatchObject({ answer: { isRefused: false } })
      expect(await context.store.claimCron(cronClaim(schedule))).toBe('claimed')
    })

    test('a requested run stores nothing for an unknown schedule or at the limit of the workflow', async () => {
      const schedule = newCron()
      await context.store.createCron(schedule)
      const limit = { maxActive: 1, overflow: 'drop', value: 'null' } as const
      const run = (scheduleId: string, actionId: string) =>
        context.store.runCron({
          ...{ scheduleId, firingId: randomUUID(), at: START, action: newAction({ id: actionId, kind: 'fire' }) },
          execution: newExecution({ workflow: 'nightly', limit }),
        })

      expect(await run(randomUUID(), 'run-1')).toBe('unknown')
      expect(await run(schedule.id, 'run-2')).toBe('started')
      expect(await run(schedule.id, 'run-3')).toEqual({ kind: 'limited', active: 1, maxActive: 1 })

      expect(await context.store.listCronFirings(schedule.id, FIRST_PAGE)).toHaveLength(1)
      expect([await context.store.actions.get('run-1'), await context.store.actions.get('run-3')]).toEqual([null, null])
    })
  })
}
