/** Store contract tests for several firings of one poll, and for their keys. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { FiredTick, NewTriggerFiring } from '../../src/engine/store-ports.ts'
import type { Retention } from '../../src/model/retention-limits.ts'
import {
  completed,
  declaration,
  FIRST_PAGE,
  firedTick,
  newExecution,
  newFiring,
  START,
  settlement,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const KEEP_ALL: Retention = {
  skippedMs: null,
  failedMs: null,
  endedMs: null,
  firingsMs: null,
  scheduleTimesMs: null,
  keysMs: null,
  signalsMs: null,
}
const STARTED = { kind: 'started' }

const idOf = ({ execution }: NewTriggerFiring): string => execution?.id ?? ''

/** Returns firings with different contexts. */
function different(count: number, given: Partial<NewTriggerFiring> = {}): readonly NewTriggerFiring[] {
  return Array.from({ length: count }, (_, index) => newFiring({ contextHash: `hash ${index}`, ...given }))
}

export function describeFiringContract(context: ContractContext): void {
  const fire = (given: Partial<FiredTick & NewTriggerFiring>) => context.store.recordFired(firedTick(given))
  const ticks = () => context.store.listTicks('inbox', FIRST_PAGE)
  const end = async (executionId: string) => {
    await context.store.openInstance('one', START)
    await context.store.acquireExecutions({
      ...{ instanceId: 'one', workflows: ['ingest'], at: START, limit: 10, recover: false },
      executionIds: [executionId],
    })
    await context.store.settle(
      settlement(executionId, {
        changes: [completed('only')],
        end: { status: 'Failed', endedAt: START + 1, finalText: '{}', errorMessage: 'no' },
      }),
    )
  }

  describe('several firings of a poll', () => {
    test('start their executions in order, and share one tick', async () => {
      await context.store.saveTriggers([declaration()], START)
      const firings = different(1_000)

      const result = await fire({ firings })

      expect(result).toEqual({ kind: 'several', firings: firings.map(() => STARTED) })
      const executions = await context.store.listExecutions({ limit: 1_000, offset: 0 })
      expect(executions.map(({ id }) => id)).toEqual(firings.map(idOf).reverse())
      expect(await ticks()).toMatchObject([
        { outcome: 'fired', firings: 1_000, duplicates: 0, executionId: null, firingId: firings[0]?.firingId },
      ])
    })

    test('are listed in pages, the last one first', async () => {
      await context.store.saveTriggers([declaration()], START)
      const firings = different(7)
      await fire({ firings })
      await fire({ contextHash: 'later' })

      const listed: string[] = []
      for (let after: string | undefined; ; after = listed.at(-1)) {
        const page = { limit: 2, offset: 0, ...(after !== undefined && { after }) }
        const rows = await context.store.listFirings('inbox', page)
        if (rows.length === 0) break
        listed.push(...rows.map(({ id }) => id))
      }

      expect(listed.slice(1)).toEqual(firings.map(({ firingId }) => firingId).reverse())
    })

    test('are duplicates of an active firing and of each other if their contexts are equal', async () => {
      await context.store.saveTriggers([declaration()], START)
      const active = newFiring({ contextHash: 'a' })
      await fire({ firings: [active] })
      const [again, first, second] = ['a', 'b', 'b'].map((contextHash) => newFiring({ contextHash }))

      const result = await fire({ firings: [again, first, second] as NewTriggerFiring[] })

      expect(result).toEqual({
        kind: 'several',
        firings: [
          { kind: 'duplicate', executionId: idOf(active) },
          STARTED,
          { kind: 'duplicate', executionId: idOf(first as NewTriggerFiring) },
        ],
      })
      expect((await ticks())[0]).toMatchObject({ outcome: 'fired', firings: 3, duplicates: 2, executionId: null })
    })

    test('start an execution each if the trigger allows equal contexts', async () => {
      await context.store.saveTriggers([declaration()], START)

      const result = await fire({ firings: [newFiring(), newFiring()], allowConcurrent: true })

      expect(result).toEqual({ kind: 'several', firings: [STARTED, STARTED] })
    })

    test('are recorded as a duplicate if none of them starts an execution', async () => {
      await context.store.saveTriggers([declaration()], START)
      await fire({})

      await fire({ firings: [newFiring(), newFiring()] })

      expect((await ticks())[0]).toMatchObject({ outcome: 'duplicate', firings: 2, duplicates: 2, executionId: null })
    })

    test('are counted in the tick of one firing, too', async () => {
      await context.store.saveTriggers([declaration()], START)
      const execution = newExecution()
      await fire({ execution })
      await fire({ at: START + 1 })

      expect(await ticks()).toMatchObject([
        { outcome: 'duplicate', firings: 1, duplicates: 1, executionId: execution.id },
        { outcome: 'fired', firings: 1, duplicates: 0, executionId: execution.id },
      ])
    })

    test('are refused and stored as ended if their workflow is unknown, as a failure of the trigger', async () => {
      await context.store.saveTriggers([declaration()], START)
      const firings = [1, 2].map((): NewTriggerFiring => ({ ...newFiring(), execution: null }))

      const result = await fire({ firings, refusal: { reason: 'no workflow' } })

      expect(result).toEqual({ kind: 'several', firings: [{ kind: 'refused' }, { kind: 'refused' }] })
      expect(await ticks()).toMatchObject([{ outcome: 'refused', reason: 'no workflow', firingId: null, firings: 2 }])
      expect(await context.store.getTrigger('inbox')).toMatchObject({ failuresInRow: 1, lastPollAt: START })
      const rows = await context.store.listFirings('inbox', FIRST_PAGE)
      expect(rows.map(({ completedAt, executionId }) => [completedAt, executionId])).toEqual([
        [START, null],
        [START, null],
      ])
    })

    test('store nothing if one of them cannot be stored', async () => {
      await context.store.saveTriggers([declaration()], START)
      const [first, ...others] = different(3, { key: null })
      await fire({ firings: [first as NewTriggerFiring] })

      const refused = fire({
        firings: [...others, { ...newFiring({ contextHash: 'new' }), execution: first?.execution ?? null }],
      })

      await expect(refused).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(1)
      expect(await ticks()).toHaveLength(1)
    })
  })

  describe('a key of a firing', () => {
    const keyed = (key: string, given: Partial<NewTriggerFiring> = {}) =>
      newFiring({ key, contextHash: `of ${key}`, ...given })

    test('fires once, even after its execution failed and if the trigger allows equal contexts', async () => {
      await context.store.saveTriggers([declaration()], START)
      const first = keyed('row-7')
      await fire({ firings: [first] })
      await end(idOf(first))

      const again = await fire({ firings: [keyed('row-7')], allowConcurrent: true })

      expect(again).toEqual({ kind: 'duplicate', executionId: idOf(first) })
      expect((await ticks())[0]).toMatchObject({ outcome: 'duplicate', executionId: idOf(first) })
    })

    test('is compared exactly', async () => {
      await context.store.saveTriggers([declaration()], START)
      const keys = ['a', 'A', 'a ', 'ä', 'a\u0308', 'a\\0', 'a\0', '1', '01', 'x'.repeat(512)]

      const result = await fire({ firings: keys.map((key) => keyed(key)) })
      const again = await fire({ firings: keys.map((key) => keyed(key)) })

      expect(result).toEqual({ kind: 'several', firings: keys.map(() => STARTED) })
      expect(again).toMatchObject({ kind: 'several', firings: keys.map(() => ({ kind: 'duplicate' })) })
    })

    test('is a duplicate of the same key before it in the list', async () => {
      await context.store.saveTriggers([declaration()], START)
      const [first, second] = [keyed('a'), keyed('a', { contextHash: 'another' })]

      const result = await fire({ firings: [first, second] })

      expect(result).toEqual({ kind: 'several', firings: [STARTED, { kind: 'duplicate', executionId: idOf(first) }] })
    })

    test('replaces the rule for equal contexts, which applies to firings without a key', async () => {
      await context.store.saveTriggers([declaration()], START)
      const first = newFiring({ contextHash: 'same' })

      const result = await fire({
        firings: [first, keyed('a', { contextHash: 'same' }), newFiring({ contextHash: 'same' })],
      })

      expect(result).toEqual({
        kind: 'several',
        firings: [STARTED, STARTED, { kind: 'duplicate', executionId: idOf(first) }],
      })
    })

    test('belongs to its trigger, and is removed with the trigger', async () => {
      await context.store.saveTriggers([declaration(), declaration({ name: 'other' })], START)
      await fire({ firings: [keyed('a')] })

      expect(await fire({ trigger: 'other', firings: [keyed('a')] })).toEqual(STARTED)

      while ((await context.store.removeTrigger('inbox', START)) === 'more');
      await context.store.saveTriggers([declaration()], START)
      expect(await fire({ firings: [keyed('a', { contextHash: 'new' })] })).toEqual(STARTED)
    })

    test('is not taken by a firing above the limit of active executions', async () => {
      await context.store.saveTriggers([declaration()], START)
      const active = newFiring()
      await fire({ firings: [active] })

      expect(await fire({ firings: [keyed('a')], maxActive: 1 })).toEqual({ kind: 'limited', active: 1 })

      await end(idOf(active))
      expect(await fire({ firings: [keyed('a')], maxActive: 1 })).toEqual(STARTED)
    })

    test('fires again after its time, also before it was pruned', async () => {
      await context.store.saveTriggers([declaration()], START)
      await fire({ firings: [keyed('a')], keysExpireAt: START + 100 })

      const before = await fire({
        firings: [keyed('a')],
        at: START + 99,
        allowConcurrent: true,
        keysExpireAt: START + 900,
      })
      const after = await fire({
        firings: [keyed('a')],
        at: START + 100,
        allowConcurrent: true,
        keysExpireAt: START + 200,
      })
      const again = await fire({ firings: [keyed('a')], at: START + 101, allowConcurrent: true })

      expect([before.kind, after.kind, again.kind]).toEqual(['duplicate', 'started', 'duplicate'])
    })

    test('is pruned after its time; a key without a time is kept', async () => {
      await context.store.saveTriggers([declaration()], START)
      await fire({ firings: Array.from({ length: 301 }, (_, index) => keyed(`${index}`)), keysExpireAt: START + 100 })
      await fire({ firings: [keyed('later')], keysExpireAt: START + 102 })
      await fire({ firings: [keyed('never')], keysExpireAt: null })
      const prune = () => context.store.prune(KEEP_ALL, START + 101)

      expect([await prune(), await prune(), await prune()]).toEqual([300, 1, 0])

      const rest = await fire({
        firings: [keyed('later'), keyed('never'), keyed('0')],
        at: START + 50,
        allowConcurrent: true,
      })
      expect(rest).toMatchObject({ firings: [{ kind: 'duplicate' }, { kind: 'duplicate' }, STARTED] })
    })

    context.sharedTest('fires once if two processes fire it at the same time', async () => {
      const another = await context.openAnother()
      await context.store.saveTriggers([declaration()], START)

      const results = await Promise.all(
        [context.store, another].map((store) => store.recordFired(firedTick({ lease: null, firings: [keyed('a')] }))),
      )

      expect(results.map(({ kind }) => kind).sort()).toEqual(['duplicate', 'started'])
    })
  })
}
