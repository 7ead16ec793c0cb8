/** The store contract's cases about triggers, their firings and deduplication. Run through `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import { DEFAULT_POLICY } from '../../src/model/policy.ts'
import {
  completed,
  declaration,
  FIRST_PAGE,
  firedTick,
  newExecution,
  START,
  settlement,
  skippedTick,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const ALL = { ...FIRST_PAGE, enabledOnly: false }

export function describeTriggerContract(context: ContractContext): void {
  describe('triggers', () => {
    test('a new trigger is listed as the code says, enabled and never polled', async () => {
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

    test('new code keeps the id, the flag and the last poll of a trigger, and changes the rest', async () => {
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
        note: null,
        failuresInRow: 0,
        isEnabled: false,
        lastPollAt: START + 2,
        undeclaredAt: null,
        createdAt: START,
        updatedAt: START + 3,
      })
    })

    test('the same code again leaves a trigger as it was', async () => {
      const [before] = await context.store.saveTriggers([declaration()], START)

      const [after] = await context.store.saveTriggers([declaration()], START + 60_000)

      expect(after).toEqual(before)
    })

    test('saved triggers come back in the order in which the code names them', async () => {
      await context.store.saveTriggers([declaration({ name: 'b' })], START)

      const rows = await context.store.saveTriggers(
        ['c', 'b', 'a'].map((name) => declaration({ name })),
        START,
      )

      expect(rows.map((row) => row.name)).toEqual(['c', 'b', 'a'])
    })

    test('triggers are listed newest first, the later of two at one instant before the earlier, a page at a time', async () => {
      await context.store.saveTriggers([declaration({ name: 'new' })], START + 5)
      await context.store.saveTriggers([declaration({ name: 'old' }), declaration({ name: 'old too' })], START)

      const rows = await context.store.listTriggers(ALL)
      const page = await context.store.listTriggers({ limit: 1, offset: 1, enabledOnly: false })

      expect(rows.map((row) => row.name)).toEqual(['new', 'old too', 'old'])
      expect(page.map((row) => row.name)).toEqual(['old too'])
    })

    test('a list of enabled triggers leaves out the disabled ones', async () => {
      await context.store.saveTriggers([declaration({ name: 'on' }), declaration({ name: 'off' })], START)

      const isKnown = await context.store.setTriggerEnabled('off', false, null, START + 1)

      expect(isKnown).toBe(true)
      const rows = await context.store.listTriggers({ ...FIRST_PAGE, enabledOnly: true })
      expect(rows.map((row) => row.name)).toEqual(['on'])
    })

    test('an unknown trigger is null, cannot be enabled, and has no history', async () => {
      expect(await context.store.getTrigger('nobody')).toBeNull()
      expect(await context.store.setTriggerEnabled('nobody', true, null, START)).toBe(false)
      expect(await context.store.listFirings('nobody', FIRST_PAGE)).toEqual([])
      expect(await context.store.listTicks('nobody', FIRST_PAGE)).toEqual([])
    })
  })

  describe('firings', () => {
    test('a firing, its tick and its execution appear together', async () => {
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

    test('a trigger that fires twice with the same context starts one execution while the first is running', async () => {
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

    test('two firings with the same context asked for at one time start one execution', async () => {
      await context.store.saveTriggers([declaration()], START)

      const results = await Promise.all([
        context.store.recordFired(firedTick()),
        context.store.recordFired(firedTick()),
      ])

      expect(results.map((result) => result.kind)).toEqual(['started', 'duplicate'])
    })

    test('a different context starts a second execution beside the first', async () => {
      await context.store.saveTriggers([declaration()], START)

      await context.store.recordFired(firedTick({ contextHash: 'aaaaaaaaaaaaaaaa' }))
      const result = await context.store.recordFired(firedTick({ contextHash: 'bbbbbbbbbbbbbbbb' }))

      expect(result.kind).toBe('started')
    })

    test('two triggers that fire with the same context do not suppress each other', async () => {
      await context.store.saveTriggers([declaration({ name: 'one' }), declaration({ name: 'other' })], START)

      await context.store.recordFired(firedTick({ trigger: 'one' }))
      const result = await context.store.recordFired(firedTick({ trigger: 'other' }))

      expect(result.kind).toBe('started')
    })

    test('a trigger that allows concurrent runs is never suppressed', async () => {
      await context.store.saveTriggers([declaration({ allowConcurrent: true })], START)

      await context.store.recordFired(firedTick({ allowConcurrent: true }))
      const result = await context.store.recordFired(firedTick({ allowConcurrent: true }))

      expect(result.kind).toBe('started')
      expect(await context.store.listFirings('inbox', FIRST_PAGE)).toHaveLength(2)
    })

    test.each(['Completed', 'Failed'] as const)('once its run is %s, the same context fires again', async (status) => {
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

    test('a firing whose workflow cannot be started is in the history, ended, without a run', async () => {
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

    test('a firing of a trigger that was never saved is refused, and what was asked beside it is stored', async () => {
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

    test('a firing of which one part cannot be stored leaves no other part behind', async () => {
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
