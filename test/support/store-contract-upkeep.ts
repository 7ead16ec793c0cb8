/** Store contract tests for retention, notifications of changes, and closing. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { Retention } from '../../src/model/retention-limits.ts'
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

const KEEP_ALL: Partial<Retention> = { skippedMs: null, failedMs: null, endedMs: null, firingsMs: null }
const DAY_MS = 86_400_000

export function describeUpkeepContract(context: ContractContext): void {
  describe('retention', () => {
    const pruneAll = async (retention: Partial<Retention>, at: number): Promise<number> => {
      let sum = 0
      for (let removed = -1; removed !== 0; sum += removed) removed = await context.store.prune(retention, at)
      return sum
    }
    const outcomes = async () => (await context.store.listTicks('inbox', FIRST_PAGE)).map((tick) => tick.outcome)

    /** Stores ticks of each outcome and an ended execution, and returns the id of the execution. */
    const makeHistory = async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('instance', START)
      const execution = newExecution()
      await context.store.recordFired(firedTick({ execution }))
      await context.store.recordFired(firedTick())
      context.store.noteSkip(skippedTick({ at: START }))
      await context.store.recordFailed(failedTick({}))
      await context.store.recordFailed(failedTick({ outcome: 'timedOut' }))
      context.store.noteSkip(skippedTick({ at: START }))
      await context.clock.advance(1_000)
      const acquisition = { instanceId: 'instance', workflows: ['ingest'], at: START, limit: 1, recover: false }
      await context.store.acquireExecutions(acquisition)
      await context.store.settle(
        settlement(execution.id, {
          changes: [completed('only', { outputText: '{"n": 1}' })],
          end: { status: 'Completed', endedAt: START + 20, finalText: '{"n": 1}', errorMessage: null },
        }),
      )
      return execution.id
    }

    test('ticks and executions are kept for the retention time of their outcome', async () => {
      const id = await makeHistory()
      const retention = {
        skippedMs: 7 * DAY_MS,
        failedMs: 30 * DAY_MS,
        endedMs: 90 * DAY_MS,
        firingsMs: null,
        keysMs: null,
      }

      const whole = await pruneAll(retention, START + 7 * DAY_MS)
      expect(whole).toBe(0)
      expect(await outcomes()).toEqual(['skipped', 'timedOut', 'failed', 'skipped', 'duplicate', 'fired'])

      await pruneAll(retention, START + 8 * DAY_MS)
      expect(await outcomes()).toEqual(['timedOut', 'failed', 'fired'])

      await pruneAll(retention, START + 31 * DAY_MS)
      expect(await outcomes()).toEqual(['fired'])
      expect(await context.store.listFirings('inbox', FIRST_PAGE)).toHaveLength(1)

      await pruneAll(retention, START + 91 * DAY_MS)
      expect(await outcomes()).toEqual([])
      expect(await context.store.listFirings('inbox', FIRST_PAGE)).toEqual([])
      expect(await context.store.getExecution(id)).toBeNull()
      expect((await context.store.getTrigger('inbox'))?.lastPollAt).toBe(START)
    })

    test('without retention times nothing is removed', async () => {
      await makeHistory()

      expect(await pruneAll(KEEP_ALL, START + 10_000 * DAY_MS)).toBe(0)
      expect(await outcomes()).toHaveLength(6)
    })

    test('an execution that has not ended is kept with its firing, however old it is', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.recordFired(firedTick())

      expect(
        await pruneAll(
          { skippedMs: 0, failedMs: 0, endedMs: 0, firingsMs: null, keysMs: null },
          START + 10_000 * DAY_MS,
        ),
      ).toBe(0)
      expect(await outcomes()).toEqual(['fired'])
      expect(await context.store.listFirings('inbox', FIRST_PAGE)).toHaveLength(1)
    })

    test('a long history is removed in steps of limited size', async () => {
      await context.store.saveTriggers([declaration()], START)
      const failures = Array.from({ length: 1_200 }, () => context.store.recordFailed(failedTick({})))
      await Promise.all(failures)

      const first = await context.store.prune({ ...KEEP_ALL, failedMs: 1 }, START + DAY_MS)
      const rest = await pruneAll({ ...KEEP_ALL, failedMs: 1 }, START + DAY_MS)

      expect(first).toBeLessThan(1_200)
      expect(first + rest).toBe(1_200)
      expect(await outcomes()).toEqual([])
    })
  })

  describe('notifications of changes', () => {
    context.sharedTest('reports a change by another process within 500 ms, but not an own change', async () => {
      const another = await context.openAnother()
      let noticed = 0
      context.store.onForeignChange(() => {
        noticed += 1
      })

      await context.store.saveTriggers([declaration()], START)
      await context.clock.advance(500)
      const afterOwn = noticed
      await another.setTriggerEnabled('inbox', false, null, START)
      await context.clock.advance(500)

      expect(afterOwn).toBe(0)
      expect(noticed).toBe(1)
    })

    context.sharedTest('reports a change by another engine on the same store object', async () => {
      let noticed = 0
      context.store.onForeignChange(() => {
        noticed += 1
      })
      for (const id of ['one', 'two']) await context.store.openInstance(id, START)
      await context.store.saveTriggers([declaration()], START)
      await context.clock.advance(1_500)
      noticed = 0

      await context.store.setTriggerEnabled('inbox', false, null, START)
      await context.clock.advance(500)

      expect(noticed).toBeGreaterThan(0)
    })

    context.sharedTest('a removed listener is not called; other listeners are called', async () => {
      const another = await context.openAnother()
      const called = new Set<string>() // on a busy machine, the opening of the other store calls listeners too
      const stop = context.store.onForeignChange(() => called.add('stopped'))
      context.store.onForeignChange(() => called.add('listening'))

      stop()
      await another.createCron(newCron())
      await context.clock.advance(500)

      expect([...called]).toEqual(['listening'])
    })
  })

  describe('a reachable database', () => {
    context.sharedTest('is not reported as lost or found when another process writes to it', async () => {
      const another = await context.openAnother()
      const changes: unknown[] = []
      context.store.onDatabaseChange((change) => changes.push(change))
      context.store.onForeignChange(() => {})

      await another.saveTriggers([declaration()], START)
      await context.clock.advance(5_000)
      await another.close()
      await context.store.recordFired(firedTick())

      expect(changes).toEqual([])
    })
  })

  describe('closing', () => {
    test('a second close does nothing', async () => {
      await context.store.close()

      await expect(context.store.close()).resolves.toBeUndefined()
    })

    test('calls before the close are completed, and calls after it are rejected', async () => {
      const execution = newExecution()

      const before = context.store.createExecution(execution, { kind: 'call' }, START)
      const closing = context.store.close()
      const after = context.store.getExecution(execution.id)

      await expect(after).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
      await expect(before).resolves.toEqual({ kind: 'created' })
      await closing
    })

    test('a closed store has no pending timers', async () => {
      await context.store.saveTriggers([declaration()], START)
      context.store.onForeignChange(() => {})
      context.store.noteSkip(skippedTick({ at: START }))

      await context.store.close()
      context.store.noteSkip(skippedTick({ at: START + 1 }))

      expect(context.clock.pendingTimers).toBe(0)
    })
  })
}
