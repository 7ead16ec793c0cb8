/** Store contract tests for triggers, their firings and deduplication. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { TriggerDeclaration } from '../../src/engine/store-ports.ts'
import { DEFAULT_POLICY } from '../../src/model/policy.ts'
import {
  completed,
  declaration,
  FIRST_PAGE,
  failedTick,
  firedTick,
  newCron,
  newExecution,
  START,
  settlement,
  skippedTick,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const ALL = { ...FIRST_PAGE, enabledOnly: false }

export function describeTriggerContract(context: ContractContext): void {
  describe('triggers', () => {
    test('a new trigger is listed as the code declares it, enabled and never polled', async () => {
      const [row] = await context.store.saveTriggers([declaration({ pollIntervalMs: 250 })], START)

      expect(row).toMatchObject({
        name: 'inbox',
        workflow: 'ingest',
        pollIntervalMs: 250,
        allowConcurrent: false,
        isEnabled: true,
        lastPollAt: null,
        createdAt: START,
        updatedAt: START,
      })
      expect(await context.store.getTrigger('inbox')).toEqual(row)
      expect(await context.store.listTriggers(ALL)).toEqual([row])
    })

    describe('a list of the triggers that need attention', () => {
      const MINUTE_MS = 60_000
      const at = START + MINUTE_MS
      const names = async (enabledOnly: boolean) => {
        const rows = await context.store.listTriggers({ ...FIRST_PAGE, enabledOnly, troubledAt: at })
        return rows.map(({ name }) => name).sort()
      }

      test('has triggers that were not polled for two intervals and 10 s', async () => {
        const every = (name: string, pollIntervalMs: number) => declaration({ name, pollIntervalMs })
        const triggers = [every('late', 1_000), every('polled', 1_000), every('slow', MINUTE_MS), every('off', 1_000)]
        await context.store.saveTriggers(
          [...triggers, every('just not late', 25_000), every('just late', 24_999)],
          START,
        )
        context.store.noteSkip(skippedTick({ trigger: 'polled', at: at - 5_000 }))
        await context.store.listTicks('polled', FIRST_PAGE)
        await context.store.setTriggerEnabled('off', false, null, at)

        expect(await names(true)).toEqual(['just late', 'late'])
        expect(await names(false)).toEqual(['just late', 'late'])
      })

      test('has triggers that failed, are undeclared, or have an overridden interval', async () => {
        const slow = ['failing', 'recovered', 'overridden', 'other', 'removed', 'fine']
        const pollIntervalMs = 3_600_000
        await context.store.saveTriggers(
          slow.map((name) => declaration({ name, pollIntervalMs })),
          START,
        )
        for (const trigger of ['failing', 'recovered']) await context.store.recordFailed(failedTick({ trigger, at }))
        context.store.noteSkip(skippedTick({ trigger: 'recovered', at }))
        await context.store.listTicks('recovered', FIRST_PAGE)
        await context.store.overrideTrigger('overridden', { pollIntervalMs: 7_200_000 }, at)
        await context.store.overrideTrigger('other', { maxActive: 1 }, at)
        await context.store.openInstance('one', START)
        const polled = slow.filter((name) => name !== 'removed')
        await context.store.announce('one', { isPolling: true, workflows: [], crons: [], polled }, at)
        await context.store.setTriggerEnabled('removed', false, null, at)

        expect(await names(false)).toEqual(['failing', 'overridden', 'removed'])
        expect(await names(true)).toEqual(['failing', 'overridden'])
      })

      test('has cron triggers that are undeclared or have no next run', async () => {
        const cron = (triggerName: string, nextRunAt: number | null) =>
          ({ ...newCron({ id: triggerName }), triggerName, nextRunAt }) as const
        await context.store.saveTriggerCrons([cron('nightly', at), cron('wrong', null), cron('removed', at)])
        await context.store.openInstance('one', START)
        const code = { isPolling: true, workflows: [], polled: ['inbox'], crons: ['nightly', 'wrong'] }
        await context.store.announce('one', code, at)

        const rows = await context.store.listCrons({ ...ALL, triggersOnly: true, troubledOnly: true })

        expect(rows.map(({ triggerName }) => triggerName).sort()).toEqual(['removed', 'wrong'])
      })
    })

    test('are counted together with cron triggers, but not with other schedules', async () => {
      expect(await context.store.countTriggers()).toEqual({ all: 0, enabled: 0 })
      await context.store.saveTriggers([declaration(), declaration({ name: 'other' })], START)
      await context.store.saveTriggerCrons([{ ...newCron({ id: 'nightly' }), triggerName: 'nightly' }])
      await context.store.createCron(newCron())
      await context.store.setTriggerEnabled('other', false, null, START)

      expect(await context.store.countTriggers()).toEqual({ all: 3, enabled: 2 })
    })

    test('changed code keeps the id, the enabled flag and the last poll of a trigger', async () => {
      const [before] = await context.store.saveTriggers([declaration()], START)
      await context.store.setTriggerEnabled('inbox', false, null, START + 1)
      context.store.noteSkip(skippedTick({ at: START + 2 }))

      const [after] = await context.store.saveTriggers(
        [declaration({ workflow: 'other', pollIntervalMs: 1, allowConcurrent: true })],
        START + 3,
      )

      expect(after).toEqual({
        id: before?.id,
        name: 'inbox',
        workflow: 'other',
        pollIntervalMs: 1,
        allowConcurrent: true,
        policy: DEFAULT_POLICY,
        declared: { ...DEFAULT_POLICY, pollIntervalMs: 1 },
        overrides: {},
        takesState: false,
        waitingExecutions: 0,
        tags: null,
        priority: null,
        note: null,
        failuresInRow: 0,
        isEnabled: false,
        lastPollAt: START + 2,
        undeclaredAt: null,
        createdAt: START,
        updatedAt: START + 3,
      })
    })

    test('the tags of a trigger are those of its newest code, and null if it declares none', async () => {
      const tagsAt = async (at: number, tags: TriggerDeclaration['tags']) => {
        const [row] = await context.store.saveTriggers([declaration({ tags })], at)
        return [row?.tags, row?.updatedAt]
      }

      expect(await tagsAt(START, { team: 'data', tier: '1' })).toEqual([{ team: 'data', tier: '1' }, START])
      expect(await tagsAt(START + 1, { team: 'data', tier: '1' })).toEqual([{ team: 'data', tier: '1' }, START])
      expect(await tagsAt(START + 2, {})).toEqual([{}, START + 2])
      expect(await tagsAt(START + 3, null)).toEqual([null, START + 3])
    })

    test('the priority of a trigger is that of its newest code, and null if it declares none', async () => {
      const priorityAt = async (at: number, priority: number | null) => {
        const [row] = await context.store.saveTriggers([declaration({ priority })], at)
        return [row?.priority, row?.updatedAt]
      }

      expect(await priorityAt(START, -40)).toEqual([-40, START])
      expect(await priorityAt(START + 1, -40)).toEqual([-40, START])
      expect(await priorityAt(START + 2, null)).toEqual([null, START + 2])
    })

    test('unchanged code does not change a trigger', async () => {
      const [before] = await context.store.saveTriggers([declaration()], START)

      const [after] = await context.store.saveTriggers([declaration()], START + 60_000)

      expect(after).toEqual(before)
    })

    test('saved triggers are returned in the order of the code', async () => {
      await context.store.saveTriggers([declaration({ name: 'b' })], START)

      const rows = await context.store.saveTriggers(
        ['c', 'b', 'a'].map((name) => declaration({ name })),
        START,
      )

      expect(rows.map((row) => row.name)).toEqual(['c', 'b', 'a'])
    })

    test('triggers are listed newest first, a page at a time, even if two have the same time', async () => {
      await context.store.saveTriggers([declaration({ name: 'new' })], START + 5)
      await context.store.saveTriggers([declaration({ name: 'old' }), declaration({ name: 'old too' })], START)

      const rows = await context.store.listTriggers(ALL)
      const page = await context.store.listTriggers({ limit: 1, offset: 1, enabledOnly: false })

      expect(rows.map((row) => row.name)).toEqual(['new', 'old too', 'old'])
      expect(page.map((row) => row.name)).toEqual(['old too'])
    })

    test('a list of enabled triggers omits disabled triggers', async () => {
      await context.store.saveTriggers([declaration({ name: 'on' }), declaration({ name: 'off' })], START)

      const isKnown = await context.store.setTriggerEnabled('off', false, null, START + 1)

      expect(isKnown).toBe(true)
      const rows = await context.store.listTriggers({ ...FIRST_PAGE, enabledOnly: true })
      expect(rows.map((row) => row.name)).toEqual(['on'])
    })

    test('an unknown trigger is returned as null, cannot be enabled, and has no history', async () => {
      expect(await context.store.getTrigger('nobody')).toBeNull()
      expect(await context.store.setTriggerEnabled('nobody', true, null, START)).toBe(false)
      expect(await context.store.listFirings('nobody', FIRST_PAGE)).toEqual([])
      expect(await context.store.listTicks('nobody', FIRST_PAGE)).toEqual([])
    })
  })

  describe('firings', () => {
    test('a firing is stored together with its tick and its execution', async () => {
      const [trigger] = await context.store.saveTriggers([declaration()], START)
      const execution = newExecution({ inputText: '{"file": "a.csv"}' })
      const tick = firedTick({ at: START + 7, execution })

      const result = await context.store.recordFired(tick)

      expect(result).toEqual({ kind: 'started' })
      expect(await context.store.listFirings('inbox', FIRST_PAGE)).toEqual([
        {
          id: tick.firingId,
          triggerId: trigger?.id,
          contextHash: tick.contextHash,
          executionId: execution.id,
          startedAt: START + 7,
          completedAt: null,
          createdAt: START + 7,
        },
      ])
      expect(await context.store.getExecution(execution.id)).toMatchObject({
        status: 'Pending',
        origin: { kind: 'trigger', trigger: 'inbox', firingId: tick.firingId },
        inputText: '{"file": "a.csv"}',
        createdAt: START + 7,
      })
      expect(await context.store.listTicks('inbox', FIRST_PAGE)).toMatchObject([
        {
          trigger: 'inbox',
          outcome: 'fired',
          firstAt: START + 7,
          lastAt: START + 7,
          count: 1,
          firingId: tick.firingId,
        },
      ])
      expect((await context.store.getTrigger('inbox'))?.lastPollAt).toBe(START + 7)
    })

    test('a second firing with the same context starts nothing while the first execution is active', async () => {
      await context.store.saveTriggers([declaration()], START)
      const first = firedTick()
      const second = firedTick({ at: START + 5 })

      await context.store.recordFired(first)
      const result = await context.store.recordFired(second)

      expect(result).toEqual({ kind: 'duplicate', executionId: first.execution?.id })
      const firings = await context.store.listFirings('inbox', FIRST_PAGE)
      expect(firings.map((firing) => firing.id)).toEqual([first.firingId])
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(1)
      const [tick] = await context.store.listTicks('inbox', FIRST_PAGE)
      expect(tick).toMatchObject({ outcome: 'duplicate', lastAt: START + 5, firingId: first.firingId })
      expect((await context.store.getTrigger('inbox'))?.lastPollAt).toBe(START + 5)
    })

    test('two concurrent firings with the same context start one execution', async () => {
      await context.store.saveTriggers([declaration()], START)

      const results = await Promise.all([
        context.store.recordFired(firedTick()),
        context.store.recordFired(firedTick()),
      ])

      expect(results.map((result) => result.kind)).toEqual(['started', 'duplicate'])
    })

    test('a firing with a different context starts a second execution', async () => {
      await context.store.saveTriggers([declaration()], START)

      await context.store.recordFired(firedTick({ contextHash: 'aaaaaaaaaaaaaaaa' }))
      const result = await context.store.recordFired(firedTick({ contextHash: 'bbbbbbbbbbbbbbbb' }))

      expect(result.kind).toBe('started')
    })

    test('two triggers that fire with the same context start two executions', async () => {
      await context.store.saveTriggers([declaration({ name: 'one' }), declaration({ name: 'other' })], START)

      await context.store.recordFired(firedTick({ trigger: 'one' }))
      const result = await context.store.recordFired(firedTick({ trigger: 'other' }))

      expect(result.kind).toBe('started')
    })

    test('a trigger that allows concurrent executions starts one for each firing', async () => {
      await context.store.saveTriggers([declaration({ allowConcurrent: true })], START)

      await context.store.recordFired(firedTick({ allowConcurrent: true }))
      const result = await context.store.recordFired(firedTick({ allowConcurrent: true }))

      expect(result.kind).toBe('started')
      expect(await context.store.listFirings('inbox', FIRST_PAGE)).toHaveLength(2)
    })

    test.each(['Completed', 'Failed'] as const)('fires the same context again after a %s execution', async (status) => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('instance', START)
      const execution = newExecution()
      await context.store.recordFired(firedTick({ execution }))
      await context.store.acquireExecutions({
        instanceId: 'instance',
        workflows: ['ingest'],
        at: START,
        limit: 10,
        recover: false,
      })

      await context.store.settle(
        settlement(execution.id, {
          changes: [completed('only')],
          end: { status, endedAt: START + 20, finalText: '{}', errorMessage: null },
        }),
      )
      const [firing] = await context.store.listFirings('inbox', FIRST_PAGE)
      const result = await context.store.recordFired(firedTick({ at: START + 30 }))

      expect(firing?.completedAt).toBe(START + 20)
      expect(result.kind).toBe('started')
    })

    test('a firing whose workflow cannot be started is listed as ended, without an execution', async () => {
      await context.store.saveTriggers([declaration()], START)

      await context.store.recordFired(firedTick({ execution: null }))
      const again = await context.store.recordFired(firedTick({ execution: null, at: START + 9 }))

      expect(again.kind).toBe('started')
      const firings = await context.store.listFirings('inbox', FIRST_PAGE)
      expect(firings).toMatchObject([
        { executionId: null, completedAt: START + 9 },
        { executionId: null, completedAt: START },
      ])
    })

    test('firings are listed newest first, a page at a time', async () => {
      await context.store.saveTriggers([declaration({ allowConcurrent: true })], START)
      const ticks = [2, 1, 1].map((offset) => firedTick({ at: START + offset, allowConcurrent: true }))
      for (const tick of ticks) await context.store.recordFired(tick)

      const all = await context.store.listFirings('inbox', FIRST_PAGE)
      const page = await context.store.listFirings('inbox', { limit: 1, offset: 1 })

      const [newest, earlier, later] = ticks
      expect(all.map((firing) => firing.id)).toEqual([newest?.firingId, later?.firingId, earlier?.firingId])
      expect(page.map((firing) => firing.id)).toEqual([later?.firingId])
    })

    test('rejects a firing of an unknown trigger, and stores another firing made at the same time', async () => {
      await context.store.saveTriggers([declaration()], START)
      const lost = newExecution()

      const [refusal, kept] = await Promise.allSettled([
        context.store.recordFired(firedTick({ trigger: 'nobody', execution: lost })),
        context.store.recordFired(firedTick()),
      ])

      expect(refusal).toMatchObject({ status: 'rejected', reason: { code: 'DATABASE_FAILED' } })
      expect(kept).toMatchObject({ status: 'fulfilled', value: { kind: 'started' } })
      expect(await context.store.getExecution(lost.id)).toBeNull()
    })

    test('a firing whose execution cannot be stored leaves no tick and no firing', async () => {
      await context.store.saveTriggers([declaration()], START)
      const execution = newExecution()
      await context.store.createExecution(execution, { kind: 'call' }, START)

      const refusal = context.store.recordFired(firedTick({ execution }))

      await expect(refusal).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
      expect(await context.store.listFirings('inbox', FIRST_PAGE)).toEqual([])
      expect(await context.store.listTicks('inbox', FIRST_PAGE)).toEqual([])
      expect((await context.store.getTrigger('inbox'))?.lastPollAt).toBeNull()
    })
  })
}
