/** Store contract tests for backfills and refires. Called by `describeStoreContract`. */

import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Execution } from '../../src/model/execution.ts'
import { backfillStart, DAY_MS, HOUR_MS, newBackfill, newRefire } from './batch-builders.ts'
import {
  completed,
  declaration,
  FIRST_PAGE,
  firedTick,
  newAction,
  newCron,
  newExecution,
  START,
  settlement,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'
import { storedBatches } from './stored-batches.ts'

export function describeBatchContract(context: ContractContext): void {
  const { only, backfill, advance } = storedBatches(context)
  const end = async (ids: readonly string[]) => {
    await context.store.openInstance('instance', START)
    const workflows = ['nightly', 'ingest']
    const acquisition = { instanceId: 'instance', workflows, at: START, limit: 100, recover: false }
    const acquired = await context.store.acquireExecutions({ ...acquisition, executionIds: ids })
    const finalText = '{}'
    for (const { id, ownerNumber } of acquired) {
      const changes = [completed('only')]
      const ended = { status: 'Failed', endedAt: START + 20, finalText, errorMessage: '1 task failed' } as const
      await context.store.settle(settlement(id, { ownerNumber, changes, end: ended }))
    }
  }
  const [first, second, third] = [START - 3 * HOUR_MS, START - 2 * HOUR_MS, START - HOUR_MS] as const

  describe('backfills', () => {
    test('are stored with their action, and found by a prefix of their id', async () => {
      const made = await backfill()

      expect(await only('backfill', made.id.slice(0, 8))).toEqual({
        ...made,
        status: 'running',
        started: 0,
        leftOut: 0,
        active: 0,
        endedAt: null,
      })
      expect(await context.store.batches.find('refire', made.id, 1)).toEqual([])
      expect(await context.store.actions.list({ target: made.scheduleId }, FIRST_PAGE)).toMatchObject([
        { kind: 'backfill', answer: { isRefused: false } },
      ])
    })

    test('for an unknown schedule are not stored', async () => {
      const unknown = newBackfill(randomUUID())

      expect(await context.store.batches.create(unknown, newAction())).toBe(false)
      expect(await context.store.batches.list({ kind: 'backfill' }, FIRST_PAGE)).toEqual([])
      expect(await context.store.actions.list({}, FIRST_PAGE)).toEqual([])
    })

    test('are listed newest first, a page at a time, of one schedule or of all', async () => {
      const [one, other] = [await backfill({ trigger: 'daily' }), await backfill()]
      const ids = async (filter: object, page: object = {}) => {
        const rows = await context.store.batches.list({ kind: 'backfill', ...filter }, { ...FIRST_PAGE, ...page })
        return rows.map(({ id }) => id)
      }

      expect(await ids({})).toEqual([other.id, one.id])
      expect(await ids({}, { after: other.id })).toEqual([one.id])
      expect(await ids({}, { after: randomUUID() })).toEqual([])
      expect(await ids({ scheduleId: one.scheduleId })).toEqual([one.id])
      expect(await ids({ trigger: 'daily' })).toEqual([one.id])
    })

    test('start executions with their origin, and move their cursor in the same step', async () => {
      const made = await backfill({ trigger: 'daily' })

      const ids = await advance(made, [first, second])

      const origin = { kind: 'backfill', schedule: made.scheduleId, trigger: 'daily', backfillId: made.id }
      for (const id of ids ?? []) expect(await context.store.getExecution(id)).toMatchObject({ origin })
      expect(await context.store.listExecutions({ ...FIRST_PAGE, trigger: 'daily' })).toHaveLength(2)
      expect(await only('backfill', made.id)).toMatchObject({ started: 2, active: 2, cursor: { at: second, seq: 0 } })
      expect(await context.store.batches.activeExecutions(made.id)).toEqual(expect.arrayContaining([...(ids ?? [])]))
    })

    test('have at most maxActive active executions, and continue when some have ended or failed', async () => {
      const made = await backfill({ maxActive: 2 })
      const ids = await advance(made, [first, second])
      const seen = { at: second, seq: 0 }

      expect(await advance(made, [third], seen)).toBeNull()
      await end((ids ?? []).slice(0, 1))
      expect(await advance(made, [third], seen)).toHaveLength(1)

      expect(await only('backfill', made.id)).toMatchObject({ started: 3, active: 2 })
    })

    test('start nothing if their cursor is not the one that was read', async () => {
      const made = await backfill({ maxActive: 10 })
      await advance(made, [first])

      expect(await advance(made, [first])).toBeNull()

      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(1)
    })

    context.sharedTest('are advanced by one of two engines that read the same cursor', async () => {
      const made = await backfill({ maxActive: 10 })
      const another = await context.openAnother()
      const step = { batchId: made.id, seen: made.cursor, cursor: { at: first, seq: 0 }, leftOut: 0, at: START }
      const start = () => backfillStart(made, first)

      const results = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          (index % 2 === 0 ? context.store : another).batches.advance({ ...step, starts: [start()] }),
        ),
      )

      expect(results.filter((ids) => ids !== null)).toHaveLength(1)
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(1)
    })

    test('start nothing while they are paused, and nothing after they were cancelled', async () => {
      const made = await backfill()
      const { batches } = context.store

      expect(await batches.setStatus(made.id, ['running'], 'paused', START, newAction({ kind: 'pause' }))).toBe(true)
      expect(await batches.setStatus(made.id, ['running'], 'paused', START, newAction({ kind: 'pause' }))).toBe(false)
      expect(await advance(made, [first])).toBeNull()
      expect(await batches.running()).toEqual([])
      expect(await batches.setStatus(made.id, ['paused'], 'running', START)).toBe(true)
      expect(await batches.running()).toMatchObject([{ id: made.id }])
      expect(await batches.setStatus(made.id, ['running', 'paused'], 'cancelled', START + 5)).toBe(true)
      expect(await advance(made, [first])).toBeNull()

      expect(await only('backfill', made.id)).toMatchObject({ status: 'cancelled', endedAt: START + 5 })
      expect(await context.store.actions.list({}, FIRST_PAGE)).toHaveLength(2)
    })

    test('are completed when their executions have ended, but not before', async () => {
      const made = await backfill()
      const ids = await advance(made, [first])
      const cursor = { at: first, seq: 0 }

      expect(await context.store.batches.complete(made.id, cursor, START + 30)).toBe(false)
      await end(ids ?? [])
      expect(await context.store.batches.complete(made.id, made.cursor, START + 30)).toBe(false)
      expect(await context.store.batches.complete(made.id, cursor, START + 30)).toBe(true)

      expect(await only('backfill', made.id)).toMatchObject({ status: 'completed', endedAt: START + 30, active: 0 })
    })

    test('are cancelled when their schedule is deleted, and those of other schedules are not', async () => {
      const [made, other] = [await backfill(), await backfill()]

      await context.store.deleteCron(made.scheduleId, START + 7)

      expect(await only('backfill', made.id)).toMatchObject({ status: 'cancelled', endedAt: START + 7 })
      expect(await only('backfill', other.id)).toMatchObject({ status: 'running' })
      expect(await advance(made, [first])).toBeNull()
    })

    test('and refires are cancelled when their trigger is removed', async () => {
      const cron = { ...newCron(), triggerName: 'inbox' }
      await context.store.saveTriggerCrons([cron])
      await context.store.saveTriggers([declaration()], START)
      const [made, refire] = [newBackfill(cron.id, { trigger: 'inbox' }), newRefire()]
      for (const batch of [made, refire]) await context.store.batches.create(batch, newAction())

      while ((await context.store.removeTrigger('inbox', START + 9)) === 'more');

      expect(await only('backfill', made.id)).toMatchObject({ status: 'cancelled', endedAt: START + 9 })
      expect(await only('refire', refire.id)).toMatchObject({ status: 'cancelled', endedAt: START + 9 })
    })
  })

  describe('refires', () => {
    test('find the firings of a trigger after a place, the oldest first, with their stored executions', async () => {
      await context.store.saveTriggers([declaration()], START)
      const ticks = [0, 1, 1, 2].map((ms, index) =>
        firedTick({ at: START + ms, contextHash: `hash${index}`, ...(index === 2 && { execution: null }) }),
      )
      for (const tick of ticks) await context.store.recordFired(tick)
      await end([ticks[0]?.execution?.id ?? ''])
      const found = async (after: { at: number; seq: number }, untilAt: number, limit = 10) =>
        await context.store.batches.firingsAfter('inbox', after, untilAt, limit)

      const all = await found({ at: START, seq: -1 }, START + 3)

      expect(all.map(({ id, execution }) => ({ id, execution }))).toEqual(
        ticks.map(({ firingId, execution }, index) => ({
          id: firingId,
          execution:
            execution === null
              ? null
              : { id: execution.id, workflow: 'ingest', status: index === 0 ? 'Failed' : 'Pending' },
        })),
      )
      const place = all[1]?.cursor ?? { at: 0, seq: 0 }
      expect(await found(place, START + 3)).toEqual(all.slice(2))
      expect(await found(place, START + 2)).toEqual(all.slice(2, 3))
      expect(await found({ at: START, seq: -1 }, START + 3, 1)).toEqual(all.slice(0, 1))
      expect(await context.store.batches.firingsAfter('other', { at: 0, seq: 0 }, START * 2, 10)).toEqual([])
    })

    test('start executions with their origin, which leave the firing and its execution as they are', async () => {
      await context.store.saveTriggers([declaration()], START)
      const tick = firedTick()
      await context.store.recordFired(tick)
      const made = newRefire()
      await context.store.batches.create(made, newAction())
      const origin = { kind: 'refire', trigger: 'inbox', firingId: tick.firingId, refireId: made.id } as const
      const starts = [{ execution: newExecution(), origin, scheduledAt: null }]
      const cursor = { at: START, seq: 5 }

      const ids = await context.store.batches.advance({
        batchId: made.id,
        seen: made.cursor,
        cursor,
        starts,
        leftOut: 1,
        at: START,
      })
      await end(ids ?? [])

      const read = async (id: string | undefined): Promise<Execution | null> =>
        await context.store.getExecution(id ?? '')
      expect(await read(ids?.[0])).toMatchObject({ origin, status: 'Failed' })
      expect(await context.store.listFirings('inbox', FIRST_PAGE)).toMatchObject([
        { executionId: tick.execution?.id, completedAt: null },
      ])
      expect(await only('refire', made.id)).toMatchObject({ started: 1, leftOut: 1, active: 0, cursor })
      await context.store.pruneExecutions({ endedBeforeAt: START + DAY_MS })
      expect(await read(ids?.[0])).toBeNull()
      expect(await context.store.listFirings('inbox', FIRST_PAGE)).toHaveLength(1)
    })

    test('for an unknown trigger are not stored', async () => {
      expect(await context.store.batches.create(newRefire(), newAction())).toBe(false)
    })
  })

  test('backfills and refires are kept for the retention time of executions after their end', async () => {
    const [ended, running] = [await backfill(), await backfill()]
    await context.store.batches.setStatus(ended.id, ['running'], 'cancelled', START)
    const rows = async () => await context.store.batches.list({ kind: 'backfill' }, FIRST_PAGE)

    await context.store.prune({ endedMs: DAY_MS }, START + DAY_MS)
    expect(await rows()).toHaveLength(2)
    while ((await context.store.prune({ endedMs: DAY_MS }, START + DAY_MS + 1)) > 0);

    expect(await rows()).toMatchObject([{ id: running.id }])
  })
}
