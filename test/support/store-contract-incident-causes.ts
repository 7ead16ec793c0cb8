/**
 * Store contract tests for the steps that open, extend and end incidents: executions, polls and firings.
 * Called by `describeStoreContract`.
 */

import { describe, expect, test } from 'vitest'
import type { IncidentReport } from '../../src/engine/incidents/incident-report.ts'
import type { AlertKind } from '../../src/model/alert.ts'
import { acquireAgain, acquiredExecution, OWNER } from './acquired-execution.ts'
import {
  alertFacts,
  change,
  completed,
  cronClaim,
  declaration,
  FIRST_PAGE,
  failedTick,
  firedTick,
  incidentReport,
  newAction,
  newCron,
  newExecution,
  START,
  settlement,
  skippedTick,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const DONE = { isRefused: false, text: null } as const

export function describeIncidentCauseContract(context: ContractContext): void {
  /** Messages, oldest first: `trigger-failing opened`. */
  const messages = async () => {
    const alerts = await context.store.incidents.listAlerts(FIRST_PAGE)
    return alerts.map(({ kind, state }) => `${kind} ${state}`).reverse()
  }
  const openKinds = async () => {
    const incidents = await context.store.incidents.listIncidents(FIRST_PAGE)
    return incidents.filter(({ endedAt }) => endedAt === null).map(({ kind }) => kind)
  }

  describe('an incident of a workflow', () => {
    const end = (
      id: string,
      status: 'Completed' | 'Failed' | 'Cancelled',
      at: number,
      given: Partial<IncidentReport> = {},
    ) => {
      const task =
        status === 'Completed' ? completed('only') : change('only', { status, endedAt: START, finishedOrder: 1 })
      const facts = alertFacts({ subject: id, executionId: id })
      const report = incidentReport({ facts, at: START + at, ...given })
      const ended = { status, endedAt: START + at, finalText: '{}', errorMessage: status === 'Failed' ? 'no' : null }
      return context.store.settle(
        settlement(id, { changes: [task], end: { ...ended, ...(status === 'Failed' && { report }) } }),
      )
    }
    const executions = async (count: number) => {
      const ids: string[] = []
      for (let left = count; left > 0; left--) ids.push((await acquiredExecution(context.store)).id)
      return ids as [string, ...string[]] & Record<1 | 2 | 3, string>
    }

    test('is opened by a failed execution, and ended by the first completed one, which the message names', async () => {
      const [first, second, third, fourth] = await executions(4)
      await context.store.incidents.report(incidentReport({ kind: 'deadline-missed', targets: [] }))

      await end(first, 'Failed', 1)
      await end(second, 'Cancelled', 2)
      const open = await openKinds()
      await end(third, 'Completed', 3)
      await end(fourth, 'Completed', 4)

      expect(open.sort()).toEqual(['deadline-missed', 'execution-failed'])
      expect(await openKinds()).toEqual([])
      expect(await context.store.incidents.listAlerts(FIRST_PAGE)).toMatchObject([
        { state: 'recovered', executionId: third, subject: third, at: START + 3, count: 1, since: START + 1 },
        { state: 'opened', executionId: first, subject: first, at: START + 1 },
      ])
    })

    test('follows the order of executions that end in one step', async () => {
      const [first, second, third] = await executions(3)

      await Promise.all([end(first, 'Failed', 1), end(second, 'Completed', 2), end(third, 'Failed', 700_000)])

      expect(await messages()).toEqual([
        'execution-failed opened',
        'execution-failed recovered',
        'execution-failed opened',
      ])
      expect(await openKinds()).toEqual(['execution-failed'])
    })

    test('is not ended by an execution of another workflow, or by a settlement without an end', async () => {
      const [failed, running] = await executions(2)
      const other = await acquiredOther()
      await end(failed, 'Failed', 1)

      await context.store.settle(settlement(running, { changes: [change('only')] }))
      await end(other, 'Completed', 2)

      expect(await openKinds()).toEqual(['execution-failed'])
    })

    const acquiredOther = async () => {
      const execution = newExecution({ workflow: 'other' })
      await context.store.createExecution(execution, { kind: 'call' }, START)
      const acquisition = { instanceId: OWNER, workflows: ['other'], at: START, limit: 1, recover: false }
      await context.store.acquireExecutions(acquisition)
      return execution.id
    }

    test('is not opened if the settlement is rejected', async () => {
      const [id] = await executions(1)
      await context.store.settle(settlement(id, { givenBack: 'unserved' }))
      await acquireAgain(context.store, id)

      await expect(end(id, 'Failed', 1)).rejects.toMatchObject({ code: 'EXECUTION_NOT_OWNED' })

      expect(await context.store.incidents.listIncidents(FIRST_PAGE)).toEqual([])
    })
  })

  describe('an incident of a trigger', () => {
    const POLL_KINDS = ['trigger-failing', 'trigger-disabled', 'trigger-late'] as const
    const ALL_KINDS = [...POLL_KINDS, 'trigger-silent'] as const
    const reportOf = (kind: AlertKind, at = 0, subject = 'inbox') =>
      incidentReport({ kind, subject, at: START + at, facts: alertFacts({ subject, trigger: subject }) })
    const openAll = async (at = 0, subject = 'inbox') => {
      for (const kind of ALL_KINDS) await context.store.incidents.report(reportOf(kind, at, subject))
    }
    const failing = (at: number) => ({ report: reportOf('trigger-failing', at), failuresInRow: 3 })
    const failedAt = (at: number, pauseAfter: number | null = null) => {
      const disabled = reportOf('trigger-disabled', at)
      return context.store.recordFailed(failedTick({ at: START + at, failing: failing(at), disabled, pauseAfter }))
    }
    const save = (names = ['inbox']) => {
      return context.store.saveTriggers(
        names.map((name) => declaration({ name })),
        START,
      )
    }

    test('is opened by the given number of failed polls in a row, and extended by further ones', async () => {
      await save()
      await failedAt(1)
      await failedAt(2)
      await context.store.recordFired(firedTick({ at: START + 3 }))
      for (const at of [4, 5]) await failedAt(at)
      const before = await messages()
      for (const at of [6, 7]) await failedAt(at)

      expect(before).toEqual([])
      expect(await messages()).toEqual(['trigger-failing opened'])
      expect(await context.store.incidents.listIncidents(FIRST_PAGE)).toMatchObject([{ openedAt: START + 6, count: 2 }])
    })

    test('is opened and extended by refused firings, and ends with a firing that starts an execution', async () => {
      await save()
      const refused = async (at: number) => {
        const refusal = { reason: 'no workflow', failing: { ...failing(at), failuresInRow: 2 } }
        await context.store.recordFired(firedTick({ at: START + at, execution: null, refusal }))
      }
      await refused(1)
      const before = await messages()
      for (const at of [2, 3]) await refused(at)
      const [open] = await context.store.incidents.listIncidents(FIRST_PAGE)
      await context.store.recordFired(firedTick({ at: START + 4 }))

      expect(before).toEqual([])
      expect(open).toMatchObject({ kind: 'trigger-failing', count: 2, endedAt: null })
      expect(await messages()).toEqual(['trigger-failing opened', 'trigger-failing recovered'])
    })

    test('is opened by the failed poll that disables the trigger', async () => {
      await save()
      await failedAt(1, 2)
      const before = await messages()
      expect(await failedAt(2, 2)).toMatchObject({ kind: 'paused' })

      expect(before).toEqual([])
      expect(await messages()).toEqual(['trigger-disabled opened'])
    })

    test('about a disabled trigger is neither opened nor extended by later failed polls', async () => {
      await save()
      for (const at of [1, 2]) await failedAt(at, 1)
      const disabled = (await context.store.incidents.listIncidents(FIRST_PAGE)).map(({ kind, count }) => [kind, count])
      await context.store.setTriggerEnabled('inbox', true, null, START + 3)
      await context.store.recordFired(firedTick({ at: START + 4 }))
      await context.store.setTriggerEnabled('inbox', false, 'no lorry before Monday', START + 5)
      await failedAt(6, 1)

      expect(disabled).toEqual([['trigger-disabled', 1]])
      expect(await openKinds()).toEqual([])
    })

    test('is the only one that the failed poll that disables the trigger opens', async () => {
      await save()
      for (const at of [1, 2, 3]) await failedAt(at, 3)

      expect(await messages()).toEqual(['trigger-disabled opened'])
      expect(await openKinds()).toEqual(['trigger-disabled'])
    })

    test('is extended without a message by the failed poll that disables the trigger, and ends as usual', async () => {
      await save()
      for (const at of [1, 2, 3]) await failedAt(at, 4)
      await failedAt(5 * 3_600_000, 4)
      const before = await messages()
      const [failingNow] = (await context.store.incidents.listIncidents(FIRST_PAGE)).filter(
        ({ kind }) => kind === 'trigger-failing',
      )
      await context.store.setTriggerEnabled('inbox', true, null, START)
      await context.store.recordFired(firedTick({ at: START + 6 * 3_600_000 }))

      expect(before).toEqual(['trigger-failing opened', 'trigger-disabled opened'])
      expect(failingNow).toMatchObject({ count: 2, endedAt: null })
      expect((await messages()).slice(2).sort()).toEqual(['trigger-disabled recovered', 'trigger-failing recovered'])
    })

    test('reports the failures as well to receivers that do not learn that the trigger is disabled', async () => {
      await save()
      const other = { receiver: 'other', to: 'url' } as const
      const report = { ...reportOf('trigger-failing', 1), targets: [...reportOf('trigger-failing').targets, other] }
      const disabled = reportOf('trigger-disabled', 1)
      const tick = failedTick({ at: START + 1, failing: { report, failuresInRow: 1 }, disabled, pauseAfter: 1 })
      await context.store.recordFailed(tick)

      expect(await messages()).toEqual(['trigger-failing opened', 'trigger-disabled opened'])
    })

    test('is not opened by a poll under a lost lease', async () => {
      await save()
      const tick = failedTick({
        lease: 9,
        failing: { ...failing(1), failuresInRow: 1 },
        disabled: reportOf('trigger-disabled'),
      })

      expect(await context.store.recordFailed({ ...tick, pauseAfter: 1 })).toEqual({ kind: 'lost' })
      expect(await context.store.recordFired(firedTick({ lease: 9 }))).toEqual({ kind: 'lost' })
      expect(await messages()).toEqual([])
    })

    test('ends with a firing, also if the trigger was silent', async () => {
      await save()
      await openAll()

      await context.store.recordFired(firedTick({ at: START + 1 }))

      expect(await openKinds()).toEqual([])
      expect((await messages()).slice(4).sort()).toEqual(ALL_KINDS.map((kind) => `${kind} recovered`).sort())
    })

    test('ends with a poll that starts nothing, unless the trigger is silent', async () => {
      await save(['inbox', 'limited', 'unchanged', 'skipped'])
      await context.store.recordFired(firedTick())
      for (const trigger of ['limited', 'unchanged']) await context.store.recordFired(firedTick({ trigger }))
      for (const subject of ['inbox', 'limited', 'unchanged', 'skipped']) await openAll(0, subject)

      const results = [
        await context.store.recordFired(firedTick({ at: START + 1 })),
        await context.store.recordFired(firedTick({ trigger: 'limited', contextHash: 'b', maxActive: 1 })),
        await context.store.recordFired(firedTick({ trigger: 'unchanged', contextHash: 'b', onChange: true })),
      ]
      const recorded = { action: newAction({ kind: 'poll', target: 'skipped' }), answer: DONE }
      await context.store.recordSkip({ ...skippedTick({ trigger: 'skipped', at: START + 1 }), recorded })

      expect(results.map(({ kind }) => kind)).toEqual(['duplicate', 'limited', 'unchanged'])
      expect(await openKinds()).toEqual(Array(4).fill('trigger-silent'))
    })

    test('ends only as silent if a user fires the trigger', async () => {
      await save()
      await openAll()

      await context.store.recordFired(firedTick({ at: START + 1, byHand: 'cli' }))
      const kinds = await openKinds()
      await context.store.recordFired(firedTick({ at: START + 2, byHand: 'cli' }))

      expect(kinds.sort()).toEqual([...POLL_KINDS].sort())
      expect((await openKinds()).sort()).toEqual([...POLL_KINDS].sort())
    })

    test('ends when a buffered skip is written, at the time of the skip', async () => {
      await save(['inbox', 'other'])
      await openAll()
      await openAll(0, 'other')
      context.store.noteSkip(skippedTick({ at: START + 100 }))
      await context.clock.advance(1_500)
      await context.store.listTicks('inbox', FIRST_PAGE)

      const incidents = await context.store.incidents.listIncidents(FIRST_PAGE)
      const ended = incidents.filter(({ endedAt }) => endedAt !== null)
      expect(ended.map(({ kind }) => kind).sort()).toEqual([...POLL_KINDS].sort())
      expect(ended).toMatchObject(Array(3).fill({ subject: 'inbox', endedAt: START + 100 }))
    })

    test('does not end with a skip that was buffered before the failure', async () => {
      await save()
      await context.store.incidents.report(reportOf('trigger-failing', 50))
      context.store.noteSkip(skippedTick({ at: START + 100 }))
      await context.store.incidents.report(reportOf('trigger-late', 200))
      await context.clock.advance(1_500)
      await context.store.listTicks('inbox', FIRST_PAGE)
      const before = await openKinds()
      context.store.noteSkip(skippedTick({ at: START + 2_000 }))
      await context.store.listTicks('inbox', FIRST_PAGE)

      expect(before).toEqual(['trigger-late'])
      expect(await openKinds()).toEqual([])
    })

    test('ends with a buffered skip although the clock was set back by an hour', async () => {
      await save()
      await context.store.incidents.report(reportOf('trigger-late', 3_600_000))
      context.store.noteSkip(skippedTick({ at: START }))
      await context.store.listTicks('inbox', FIRST_PAGE)

      expect(await openKinds()).toEqual([])
    })

    test('that polls fail again after a buffered skip is opened again without a message', async () => {
      await save()
      for (const at of [1, 2, 3]) await failedAt(at)
      context.store.noteSkip(skippedTick({ at: START + 4 }))
      for (const at of [5, 6, 7]) await failedAt(at)

      expect(await messages()).toEqual(['trigger-failing opened', 'trigger-failing recovered'])
      expect(await context.store.incidents.listIncidents(FIRST_PAGE)).toMatchObject([{ count: 2, endedAt: null }])
    })

    test('ends with the next due time of its cron expression, and not with one that starts nothing', async () => {
      const schedule = { ...newCron(), triggerName: 'inbox' }
      await context.store.saveTriggerCrons([schedule])
      await openAll()
      await openAll(0, schedule.id)
      const { nextRunAt } = schedule

      const lost = cronClaim(schedule, { execution: null })
      await context.store.claimCron(lost)
      const before = await openKinds()
      await context.store.claimCron(cronClaim({ ...schedule, nextRunAt: nextRunAt + 86_400_000 }))
      const after = await openKinds()
      await context.store.incidents.report(reportOf('trigger-silent', 86_400_000 * 3))
      await context.store.recoverCronFiring(lost.firingId, newExecution(), START + 86_400_000 * 3 + 1)

      expect(before).toHaveLength(8)
      expect(after).toEqual([])
      expect(await openKinds()).toEqual([])
    })

    test('ends without a message if the trigger or the schedule is removed', async () => {
      const schedule = newCron()
      await save()
      await context.store.createCron(schedule)
      await openAll()
      await openAll(0, schedule.id)
      const opened = await messages()

      expect(await context.store.removeTrigger('inbox', START + 1)).toBe('removed')
      expect(await context.store.deleteCron(schedule.id, START)).toBe(true)

      expect(await openKinds()).toEqual([])
      expect(await messages()).toEqual(opened)
    })
  })
}
