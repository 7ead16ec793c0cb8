/** Store contract tests for the states of triggers. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { RecordedAction, StateChange } from '../../src/engine/store-ports.ts'
import type { PolledState, TriggerStateRow } from '../../src/engine/triggers/poll-records.ts'
import { declaration, FIRST_PAGE, failedTick, firedTick, newAction, START, skippedTick } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const TAKING = declaration({ initialStateText: '{"last":0}' })
const FIRST: PolledState = { version: 0, beforeText: '{"last":0}', afterText: '{"last":7}' }
const UNTOUCHED = {
  initialText: '{"last":0}',
  text: null,
  version: 0,
  previousText: null,
  changedAt: null,
  changedBy: null,
}

export function describeStateContract(context: ContractContext): void {
  const state = () => context.store.getState('inbox')
  const ticks = () => context.store.listTicks('inbox', FIRST_PAGE)
  const leased = async (instanceId: string) => {
    await context.store.openInstance(instanceId, START)
    return (await context.store.leaseTriggers(instanceId, ['inbox'])).held[0]?.number ?? 0
  }
  const action = newAction({ id: 'a-1', kind: 'state', target: 'inbox' })
  const recorded = (row: TriggerStateRow): RecordedAction => ({
    action,
    answer: { isRefused: false, text: String(row.version) },
  })
  const change = (given: Partial<StateChange> = {}) =>
    context.store.changeState({
      ...{ trigger: 'inbox', text: '{"last":1}', version: null, lease: null, at: START + 5, recorded, ...given },
    })
  const skip = (polledState: PolledState, lease: number | null = 0) =>
    context.store.recordSkip({ ...skippedTick({ at: START + 1 }), polledState: { ...polledState, lease } })

  describe('the state of a trigger', () => {
    test('is unknown without a trigger, and has no text before its first change', async () => {
      await context.store.saveTriggers([TAKING, declaration({ name: 'stateless' })], START)

      expect(await state()).toEqual(UNTOUCHED)
      expect(await context.store.getState('stateless')).toEqual({ ...UNTOUCHED, initialText: null })
      expect(await context.store.getState('nobody')).toBeNull()
      expect(await context.store.getTrigger('inbox')).toMatchObject({ takesState: true })
      expect(await context.store.getTrigger('stateless')).toMatchObject({ takesState: false })
    })

    test.each(['fired', 'skipped', 'duplicate'] as const)(
      'is stored with the tick of a poll that %s',
      async (outcome) => {
        await context.store.saveTriggers([TAKING], START)
        if (outcome === 'duplicate') await context.store.recordFired(firedTick({ lease: null }))

        if (outcome === 'skipped') await skip(FIRST)
        else await context.store.recordFired(firedTick({ at: START + 1, polledState: FIRST }))

        expect(await state()).toEqual({
          ...{ initialText: '{"last":0}', text: '{"last":7}', version: 1, changedAt: START + 1, changedBy: 'poll' },
          previousText: '{"last":0}',
        })
        const [tick] = await ticks()
        expect(tick).toMatchObject({ outcome, changesState: true, lastAt: START + 1 })
        const detail = await context.store.activity.tick('inbox', tick?.id ?? '', START + 1)
        expect(detail?.stateChange).toEqual({ beforeText: '{"last":0}', afterText: '{"last":7}' })
      },
    )

    test('is unchanged after a poll that returned the same text', async () => {
      await context.store.saveTriggers([TAKING], START)

      await context.store.recordFired(firedTick({ polledState: { ...FIRST, afterText: FIRST.beforeText } }))

      expect(await state()).toEqual(UNTOUCHED)
      const [tick] = await ticks()
      expect(tick?.changesState).toBe(false)
      expect((await context.store.activity.tick('inbox', tick?.id ?? '', START))?.stateChange).toBeNull()
    })

    test('makes a skip a tick of its own, after the skips before it', async () => {
      await context.store.saveTriggers([TAKING], START)
      for (const at of [START, START + 1]) context.store.noteSkip(skippedTick({ at }))

      await skip(FIRST)
      context.store.noteSkip(skippedTick({ at: START + 2 }))

      expect((await ticks()).map(({ count, changesState }) => [count, changesState])).toEqual([
        [1, false],
        [1, true],
        [2, false],
      ])
      expect(await context.store.getTrigger('inbox')).toMatchObject({ lastPollAt: START + 2, failuresInRow: 0 })
    })

    test('ends the failures in a row when a skip changes it', async () => {
      await context.store.saveTriggers([TAKING], START)
      await context.store.recordFailed(failedTick())

      await skip(FIRST)

      expect(await context.store.getTrigger('inbox')).toMatchObject({ failuresInRow: 0, lastPollAt: START + 1 })
    })

    test('is not stored by a poll that lost its lease', async () => {
      await context.store.saveTriggers([TAKING], START)

      expect(await skip(FIRST, 9)).toEqual({ kind: 'lost' })
      expect(await context.store.recordFired(firedTick({ lease: 9, polledState: FIRST }))).toEqual({ kind: 'lost' })
      expect(await state()).toEqual(UNTOUCHED)
      expect(await ticks()).toEqual([])
    })

    test('is not stored by a poll that received another version, which starts nothing', async () => {
      await context.store.saveTriggers([TAKING], START)
      await change()
      const conflict = { kind: 'stateChanged', state: { text: '{"last":1}', version: 1 } }

      expect(await skip(FIRST)).toEqual(conflict)
      expect(await context.store.recordFired(firedTick({ polledState: FIRST }))).toEqual(conflict)
      const unchanged = { ...FIRST, afterText: FIRST.beforeText }
      expect(await context.store.recordFired(firedTick({ polledState: unchanged }))).toEqual(conflict)

      expect(await state()).toMatchObject({ text: '{"last":1}', version: 1 })
      expect(await context.store.listExecutions(FIRST_PAGE)).toEqual([])
      expect(await ticks()).toEqual([])
    })

    test('is kept when the code changes, and deleted with the trigger', async () => {
      await context.store.saveTriggers([TAKING], START)
      await skip(FIRST)
      await context.store.saveTriggers([declaration({ initialStateText: '{"last":-1}' })], START + 2)

      expect(await state()).toMatchObject({ initialText: '{"last":-1}', text: '{"last":7}', version: 1 })

      while ((await context.store.removeTrigger('inbox', START)) === 'more');
      await context.store.saveTriggers([TAKING], START)
      expect(await state()).toEqual(UNTOUCHED)
    })

    test('is read by an engine that has taken the lease', async () => {
      await context.store.saveTriggers([TAKING, declaration({ name: 'stateless' })], START)
      await skip(FIRST)

      expect(await context.store.leasedFacts(['stateless', 'inbox'])).toEqual(
        new Map([
          ['stateless', { state: null, hasWaiting: false }],
          ['inbox', { state: { text: '{"last":7}', version: 1 }, hasWaiting: false }],
        ]),
      )
    })
  })

  describe('a change of a state by a user', () => {
    test('increases the version, and stores the action', async () => {
      await context.store.saveTriggers([TAKING], START)
      const changed = {
        initialText: '{"last":0}',
        text: '{"last":1}',
        previousText: '{"last":0}',
        version: 1,
        changedAt: START + 5,
        changedBy: 'a-1',
      }

      expect(await change({ version: 0 })).toEqual({ kind: 'stored', state: changed })

      expect(await state()).toEqual(changed)
      expect(await context.store.actions.get('a-1')).toMatchObject({ answer: { isRefused: false, text: '1' } })
    })

    test('resets the state to the one that the code declares', async () => {
      await context.store.saveTriggers([TAKING], START)
      await skip(FIRST)

      await change({ text: null })

      expect(await state()).toMatchObject({ text: null, version: 2, previousText: '{"last":7}', changedBy: 'a-1' })
      expect((await context.store.leasedFacts(['inbox'])).get('inbox')?.state).toEqual({ text: null, version: 2 })
    })

    test('is refused with another version, without a state, and for an unknown trigger', async () => {
      await context.store.saveTriggers([TAKING, declaration({ name: 'stateless' })], START)

      const results = [
        await change({ version: 1 }),
        await change({ trigger: 'stateless' }),
        await change({ trigger: 'nobody' }),
      ]

      expect(results).toEqual([
        { kind: 'stateChanged', state: { text: null, version: 0 } },
        { kind: 'stateless' },
        { kind: 'unknown' },
      ])
      expect(await context.store.actions.get('a-1')).toBeNull()
      expect(await state()).toEqual(UNTOUCHED)
    })

    test('is left to the living engine that holds the lease', async () => {
      await context.store.saveTriggers([TAKING], START)
      const lease = await leased('first')

      expect(await change()).toEqual({ kind: 'held' })
      expect(await change({ lease: lease + 1 })).toEqual({ kind: 'held' })
      expect(await state()).toEqual(UNTOUCHED)
      expect(await change({ lease })).toMatchObject({ kind: 'stored' })
    })

    test('needs no engine after the holder of the lease was closed', async () => {
      await context.store.saveTriggers([TAKING], START)
      await leased('first')
      await context.store.closeInstance('first', START)

      expect(await change()).toMatchObject({ kind: 'stored' })
    })
  })
}
