/** Store contract tests for ticks: skips, poll errors, and their buffer. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import {
  declaration,
  FAULT,
  FIRST_PAGE,
  failedTick,
  firedTick,
  newExecution,
  START,
  skippedTick,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export function describeTickContract(context: ContractContext): void {
  const skip = (...offsets: readonly number[]) => {
    for (const offset of offsets) context.store.noteSkip(skippedTick({ at: START + offset }))
  }

  describe('ticks', () => {
    test('a skip updates the time of the last poll immediately', async () => {
      await context.store.saveTriggers([declaration()], START)

      skip(100)

      expect((await context.store.getTrigger('inbox'))?.lastPollAt).toBe(START + 100)
      const [listed] = await context.store.listTriggers({ ...FIRST_PAGE, enabledOnly: true })
      expect(listed?.lastPollAt).toBe(START + 100)
    })

    test('consecutive skips are one tick with their number and their first and last time', async () => {
      await context.store.saveTriggers([declaration()], START)

      skip(0, 100, 200)

      const ticks = await context.store.listTicks('inbox', FIRST_PAGE)
      expect(ticks).toMatchObject([
        { outcome: 'skipped', count: 3, firstAt: START, lastAt: START + 200, errorType: null, firingId: null },
      ])
    })

    test('a run of skips continues under the same id after it was written', async () => {
      await context.store.saveTriggers([declaration()], START)
      skip(0, 100)
      const [before] = await context.store.listTicks('inbox', FIRST_PAGE)
      await context.clock.advance(1_500)

      skip(1_600)

      const ticks = await context.store.listTicks('inbox', FIRST_PAGE)
      expect(ticks).toMatchObject([{ id: before?.id, count: 3, firstAt: START, lastAt: START + 1_600 }])
    })

    test('a run of skips has its reason, and the longest lateness and duration of its skips', async () => {
      await context.store.saveTriggers([declaration()], START)
      const reason = 'no file is older than 5 s'

      for (const [latenessMs, durationMs] of [[1, 2] as const, [9, 1] as const]) {
        context.store.noteSkip(skippedTick({ reason, latenessMs, durationMs }))
      }
      await context.clock.advance(1_500)
      context.store.noteSkip(skippedTick({ reason, latenessMs: null, durationMs: 7 }))

      const ticks = await context.store.listTicks('inbox', FIRST_PAGE)
      expect(ticks).toMatchObject([{ outcome: 'skipped', count: 3, reason, latenessMs: 9, durationMs: 7 }])
    })

    test('a skip for another reason begins a new run, even if the previous run is not written yet', async () => {
      await context.store.saveTriggers([declaration()], START)
      const skipped = (reason: string | null, offset: number) =>
        context.store.noteSkip(skippedTick({ reason, at: START + offset }))

      skipped('locked', 1)
      skipped('locked', 2)
      skipped(null, 3)
      await context.clock.advance(1_500)
      skipped(null, 4)
      skipped('empty', 5)
      await context.clock.advance(1_500)
      skipped('locked', 6)

      const ticks = await context.store.listTicks('inbox', FIRST_PAGE)
      expect(
        ticks.map(({ reason, count, firstAt, lastAt }) => [reason, count, firstAt - START, lastAt - START]),
      ).toEqual([
        ['locked', 1, 6, 6],
        ['empty', 1, 5, 5],
        [null, 2, 3, 4],
        ['locked', 2, 1, 2],
      ])
      expect(new Set(ticks.map(({ id }) => id)).size).toBe(4)
    })

    test('stores U+0000 in texts unchanged or as U+FFFD, and finds no trigger with U+0000 in its name', async () => {
      await context.store.saveTriggers([declaration()], START)
      context.store.noteSkip(skippedTick({ reason: 'no\0file' }))
      await context.store.recordFailed(failedTick({ at: START + 1, error: { ...FAULT, message: 'no\0disk' } }))

      const [failed, skipped] = await context.store.listTicks('inbox', FIRST_PAGE)
      expect(failed?.errorMessage).toBe('no\0disk')
      expect(skipped?.reason?.replace('\0', '\ufffd')).toBe('no\ufffdfile')
      expect(await context.store.getTrigger('in\0box')).toBeNull()
    })

    test('a new run of skips does not inherit the lateness and duration of the previous run', async () => {
      await context.store.saveTriggers([declaration()], START)

      context.store.noteSkip(skippedTick({ latenessMs: 50, durationMs: 60, reason: 'slow' }))
      await context.store.recordFired(firedTick({ at: START + 1 }))
      context.store.noteSkip(skippedTick({ at: START + 2, latenessMs: 1, durationMs: null }))

      const ticks = await context.store.listTicks('inbox', FIRST_PAGE)
      expect(
        ticks.map(({ outcome, latenessMs, durationMs, reason }) => [outcome, latenessMs, durationMs, reason]),
      ).toEqual([
        ['skipped', 1, null, null],
        ['fired', 3, 12, null],
        ['skipped', 50, 60, 'slow'],
      ])
    })

    test('runs of skips are kept and continue after a rejected firing', async () => {
      await context.store.saveTriggers([declaration()], START)
      const execution = newExecution()
      await context.store.createExecution(execution, { kind: 'call' }, START)
      context.store.noteSkip(skippedTick({ reason: 'a' }))
      context.store.noteSkip(skippedTick({ reason: 'b', at: START + 1, latenessMs: 9 }))

      const refused = context.store.recordFired(firedTick({ execution }))
      await expect(refused).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
      context.store.noteSkip(skippedTick({ reason: 'b', at: START + 2 }))
      context.store.noteSkip(skippedTick({ reason: 'a', at: START + 3 }))

      const ticks = await context.store.listTicks('inbox', FIRST_PAGE)
      expect(ticks.map(({ reason, count, latenessMs }) => [reason, count, latenessMs])).toEqual([
        ['a', 1, 3],
        ['b', 2, 9],
        ['a', 1, 3],
      ])
    })

    test('a firing and its duplicate have the same execution', async () => {
      await context.store.saveTriggers([declaration()], START)
      const first = firedTick({ at: START })

      await context.store.recordFired(first)
      const again = await context.store.recordFired(firedTick({ at: START + 1, latenessMs: 4, durationMs: 5 }))

      const executionId = first.execution?.id
      expect(again).toEqual({ kind: 'duplicate', executionId })
      expect(await context.store.listTicks('inbox', FIRST_PAGE)).toMatchObject([
        { outcome: 'duplicate', firingId: first.firingId, executionId, latenessMs: 4, durationMs: 5 },
        { outcome: 'fired', firingId: first.firingId, executionId, latenessMs: 3, durationMs: 12 },
      ])
    })

    test('a firing ends a run of skips, and the next skip begins a new run', async () => {
      await context.store.saveTriggers([declaration()], START)

      skip(0, 100)
      await context.store.recordFired(firedTick({ at: START + 200 }))
      skip(300)

      const ticks = await context.store.listTicks('inbox', FIRST_PAGE)
      expect(ticks.map(({ outcome, count, lastAt }) => [outcome, count, lastAt - START])).toEqual([
        ['skipped', 1, 300],
        ['fired', 1, 200],
        ['skipped', 2, 100],
      ])
      expect(new Set(ticks.map((tick) => tick.id)).size).toBe(3)
    })

    test('a poll error is a tick with its type and message, and keeps the time of the last poll', async () => {
      await context.store.saveTriggers([declaration()], START)
      skip(0)

      await context.store.recordFailed(failedTick({ at: START + 50 }))
      await context.store.recordFailed(failedTick({ at: START + 60, outcome: 'timedOut' }))

      const ticks = await context.store.listTicks('inbox', FIRST_PAGE)
      expect(ticks).toMatchObject([
        { outcome: 'timedOut', count: 1, lastAt: START + 60 },
        { outcome: 'failed', count: 1, lastAt: START + 50, errorType: 'ValueError', errorMessage: FAULT.message },
        { outcome: 'skipped', count: 1 },
      ])
      expect((await context.store.getTrigger('inbox'))?.lastPollAt).toBe(START)
    })

    test('ticks are listed newest first, a page at a time, including the open run of skips', async () => {
      await context.store.saveTriggers([declaration({ allowConcurrent: true })], START)
      for (const offset of [1, 2, 3]) {
        await context.store.recordFired(firedTick({ at: START + offset, allowConcurrent: true }))
      }
      skip(4)

      const pages = await Promise.all(
        [0, 1, 2, 3, 4].map((offset) => context.store.listTicks('inbox', { limit: 2, offset })),
      )

      expect(pages.map((page) => page.map((tick) => tick.lastAt - START))).toEqual([[4, 3], [3, 2], [2, 1], [1], []])
    })

    test('a rejected firing does not remove the skips before it', async () => {
      await context.store.saveTriggers([declaration()], START)
      const execution = newExecution()
      await context.store.createExecution(execution, { kind: 'call' }, START)
      skip(0, 100)

      await expect(context.store.recordFired(firedTick({ execution }))).rejects.toMatchObject({
        code: 'DATABASE_FAILED',
      })

      expect(await context.store.listTicks('inbox', FIRST_PAGE)).toMatchObject([{ outcome: 'skipped', count: 2 }])
    })

    context.sharedTest('another process sees a skip within a second', async () => {
      await context.store.saveTriggers([declaration()], START)
      const another = await context.openAnother()

      skip(0)
      const before = await another.getTrigger('inbox')
      await context.clock.advance(1_000)
      const after = await another.getTrigger('inbox')

      expect(before?.lastPollAt).toBeNull()
      expect(after?.lastPollAt).toBe(START)
    })

    context.sharedTest('skips of the last second before a close are stored', async () => {
      await context.store.saveTriggers([declaration()], START)
      skip(0, 100)

      await context.store.close()

      const another = await context.openAnother()
      expect(await another.listTicks('inbox', FIRST_PAGE)).toMatchObject([{ count: 2, lastAt: START + 100 }])
    })

    context.sharedTest('a run of skips continues in the next process', async () => {
      await context.store.saveTriggers([declaration()], START)
      skip(0, 100)
      await context.store.close()
      const another = await context.openAnother()

      another.noteSkip(skippedTick({ at: START + 5_000 }))

      expect(await another.listTicks('inbox', FIRST_PAGE)).toMatchObject([
        { count: 3, firstAt: START, lastAt: START + 5_000 },
      ])
    })

    test('a skip of an unknown trigger is dropped, and other skips are stored', async () => {
      await context.store.saveTriggers([declaration()], START)

      context.store.noteSkip(skippedTick({ trigger: 'nobody', at: START }))
      skip(0)
      await context.clock.advance(1_000)

      expect(await context.store.listTicks('nobody', FIRST_PAGE)).toEqual([])
      expect(await context.store.listTicks('inbox', FIRST_PAGE)).toHaveLength(1)
    })
  })
}
