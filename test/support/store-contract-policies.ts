/** Store contract tests for policies of triggers: declared limits and overrides. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import { DEFAULT_POLICY } from '../../src/model/policy.ts'
import type { TriggerRow } from '../../src/model/schedule-rows.ts'
import { declaration, FAULT, FIRST_PAGE, failedTick, firedTick, newCron, START, skippedTick } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

export function describePolicyContract(context: ContractContext): void {
  const shown = async (name = 'inbox'): Promise<TriggerRow> => {
    const row = await context.store.getTrigger(name)
    if (row === null) throw new Error(`there is no trigger "${name}"`)
    return row
  }
  const ticks = async () =>
    (await context.store.listTicks('inbox', FIRST_PAGE)).map(({ outcome, count, reason }) => [outcome, count, reason])

  describe('policies', () => {
    test('a trigger has the policy declared by the code, or the default policy', async () => {
      const policy = { ...DEFAULT_POLICY, timeoutMs: 5_000, onChange: true }
      await context.store.saveTriggers([declaration(), declaration({ name: 'strict', policy })], START)

      expect(await shown()).toMatchObject({ policy: DEFAULT_POLICY, overrides: {}, note: null, failuresInRow: 0 })
      expect(await shown('strict')).toMatchObject({
        policy,
        declared: { ...policy, pollIntervalMs: 5_000 },
        updatedAt: START,
      })
    })

    test('a trigger is updated if the code declares a changed policy, but not for the same policy', async () => {
      await context.store.saveTriggers([declaration({ policy: { ...DEFAULT_POLICY, maxActive: 3 } })], START)

      await context.store.saveTriggers([declaration({ policy: { ...DEFAULT_POLICY, maxActive: 3 } })], START + 1)
      const same = await shown()
      await context.store.saveTriggers([declaration()], START + 2)

      expect(same).toMatchObject({ policy: { maxActive: 3 }, updatedAt: START })
      expect(await shown()).toMatchObject({ policy: DEFAULT_POLICY, updatedAt: START + 2 })
    })

    test('overrides take precedence over the code, add up, and last until they are reset', async () => {
      await context.store.saveTriggers([declaration()], START)

      const known = await context.store.overrideTrigger(
        'inbox',
        { pollIntervalMs: 10_000, timeoutMs: 1_000 },
        START + 1,
      )
      await context.store.overrideTrigger('inbox', { timeoutMs: null, pauseAfter: 2 }, START + 2)
      await context.store.saveTriggers([declaration({ pollIntervalMs: 7_000 })], START + 3)
      const set = await shown()
      await context.store.overrideTrigger('inbox', null, START + 4)

      expect(known).toBe(true)
      expect(set).toMatchObject({
        pollIntervalMs: 10_000,
        policy: { ...DEFAULT_POLICY, pauseAfter: 2 },
        declared: { ...DEFAULT_POLICY, pollIntervalMs: 7_000 },
        overrides: { pollIntervalMs: 10_000, timeoutMs: null, pauseAfter: 2 },
      })
      expect(await shown()).toMatchObject({ pollIntervalMs: 7_000, policy: DEFAULT_POLICY, overrides: {} })
      expect(await context.store.overrideTrigger('nobody', { timeoutMs: 1 }, START)).toBe(false)
    })

    test('a firing over the limit of active executions is recorded as limited, and starts nothing', async () => {
      await context.store.saveTriggers([declaration()], START)
      const fire = (contextHash: string) => context.store.recordFired(firedTick({ contextHash, maxActive: 2 }))

      const kinds = [await fire('a'), await fire('b'), await fire('a'), await fire('c')]

      expect(kinds.map(({ kind }) => kind)).toEqual(['started', 'started', 'duplicate', 'limited'])
      expect(kinds[3]).toEqual({ kind: 'limited', active: 2 })
      expect((await ticks())[0]).toEqual(['limited', 1, 'max_active 2: 2 executions are active'])
      expect(await context.store.listFirings('inbox', FIRST_PAGE)).toHaveLength(2)
      expect(await context.store.listExecutions(FIRST_PAGE)).toHaveLength(2)
    })

    test('only its own active executions count towards the limit of a trigger', async () => {
      await context.store.saveTriggers([declaration(), declaration({ name: 'other' })], START)
      await context.store.recordFired(firedTick({ trigger: 'other' }))
      await context.store.recordFired(firedTick({ execution: null, contextHash: 'ended at once' }))

      const fired = await context.store.recordFired(firedTick({ maxActive: 1 }))

      expect(fired).toEqual({ kind: 'started' })
    })

    test('with onChange, a trigger that fires in each poll starts one execution until a poll is skipped', async () => {
      await context.store.saveTriggers([declaration({ allowConcurrent: true })], START)
      const fire = async (at: number) =>
        (await context.store.recordFired(firedTick({ at: START + at, onChange: true, allowConcurrent: true }))).kind

      const kinds = [await fire(1), await fire(2), await fire(3)]
      context.store.noteSkip(skippedTick({ at: START + 4 }))
      kinds.push(await fire(5))

      expect(kinds).toEqual(['started', 'unchanged', 'unchanged', 'started'])
      expect(await ticks()).toEqual([
        ['fired', 1, null],
        ['skipped', 1, null],
        ['skipped', 2, 'on_change: the previous poll also fired'],
        ['fired', 1, null],
      ])
    })

    test('with onChange, a trigger fires after a limited poll, but not after an unchanged poll', async () => {
      await context.store.saveTriggers([declaration({ allowConcurrent: true })], START)
      const fire = async (maxActive: number | null) =>
        (await context.store.recordFired(firedTick({ onChange: true, allowConcurrent: true, maxActive }))).kind

      const kinds = [await fire(0), await fire(null)]
      context.store.noteSkip(skippedTick({ isFiring: true, reason: 'still' }))
      kinds.push(await fire(null))

      expect(kinds).toEqual(['limited', 'started', 'unchanged'])
    })

    test('with onChange, a failed poll between two firing polls does not cause a second execution', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.recordFired(firedTick({ onChange: true }))

      await context.store.recordFailed(failedTick())

      expect(await context.store.recordFired(firedTick({ onChange: true }))).toEqual({ kind: 'unchanged' })
    })

    test('a trigger is disabled after pauseAfter failed polls in a row, with the reason in a note', async () => {
      await context.store.saveTriggers([declaration()], START)
      const fail = (at: number) => context.store.recordFailed(failedTick({ at: START + at, pauseAfter: 3 }))
      const note = `disabled after 3 failed polls in a row; last error: ${FAULT.message}`

      const results = [await fail(1), await fail(2)]
      context.store.noteSkip(skippedTick({ at: START + 3 }))
      results.push(await fail(4), await fail(5))
      const before = await shown()
      results.push(await fail(6))

      expect(results.map(({ kind }) => kind)).toEqual(['recorded', 'recorded', 'recorded', 'recorded', 'paused'])
      expect(results.at(-1)).toEqual({ kind: 'paused', note })
      expect(before).toMatchObject({ isEnabled: true, failuresInRow: 2 })
      expect(await shown()).toMatchObject({ isEnabled: false, failuresInRow: 3, note, updatedAt: START + 6 })
    })

    test('disabling a trigger after failed polls is an action of the engine, recorded once', async () => {
      await context.store.saveTriggers([declaration()], START)
      const fail = (at: number) => context.store.recordFailed(failedTick({ at: START + at, pauseAfter: 2 }))

      // The last one is a poll on request of the disabled trigger.
      await fail(1)
      await fail(2)
      await fail(3)

      const note = `disabled after 2 failed polls in a row; last error: ${FAULT.message}`
      const done = { answer: { isRefused: false, text: null }, answeredAt: START + 2 }
      expect(await context.store.actions.list({ target: 'inbox' }, FIRST_PAGE)).toMatchObject([
        { kind: 'disable', source: 'engine', note, at: START + 2, ...done },
      ])
    })

    test('a failed poll of a disabled trigger keeps the note of the person who disabled it', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.setTriggerEnabled('inbox', false, 'no lorry before Monday', START + 1)

      const result = await context.store.recordFailed(failedTick({ at: START + 2, pauseAfter: 1 }))

      expect(result).toEqual({ kind: 'recorded' })
      const kept = { isEnabled: false, failuresInRow: 1, note: 'no lorry before Monday', updatedAt: START + 1 }
      expect(await shown()).toMatchObject(kept)
    })

    test('enabling a trigger resets its number of failures and stores the given note', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.recordFailed(failedTick({ pauseAfter: 1 }))

      await context.store.setTriggerEnabled('inbox', true, 'the shop is back', START + 1)

      expect(await shown()).toMatchObject({ isEnabled: true, failuresInRow: 0, note: 'the shop is back' })
      await context.store.setTriggerEnabled('inbox', false, null, START + 2)
      expect(await shown()).toMatchObject({ isEnabled: false, note: null })
    })

    test('a firing and a duplicate firing reset the number of failures in a row', async () => {
      await context.store.saveTriggers([declaration()], START)
      const fail = () => context.store.recordFailed(failedTick({ pauseAfter: 2 }))

      const kinds = [await fail()]
      await context.store.recordFired(firedTick())
      kinds.push(await fail())
      await context.store.recordFired(firedTick())
      kinds.push(await fail())

      expect(kinds.map(({ kind }) => kind)).toEqual(['recorded', 'recorded', 'recorded'])
    })

    test('an override of catchup takes precedence over the code of a cron trigger until it is reset', async () => {
      const schedule = { ...newCron({ catchup: 'all' }), triggerName: 'nightly' }
      const catchup = async () => (await context.store.saveTriggerCrons([schedule])).map((row) => row.catchup)

      const declared = await catchup()
      const known = await context.store.overrideTriggerCron('nightly', 'none', START + 1)
      const set = await catchup()
      await context.store.overrideTriggerCron('nightly', null, START + 2)

      expect([declared, known, set, await catchup()]).toEqual([['all'], true, ['none'], ['all']])
      expect(await context.store.overrideTriggerCron('nobody', 'all', START)).toBe(false)
    })

    test('a cron trigger keeps its next run when its code declares another catchup', async () => {
      const schedule = { ...newCron(), triggerName: 'nightly' }
      await context.store.saveTriggerCrons([schedule])

      const [row] = await context.store.saveTriggerCrons([{ ...schedule, catchup: 'none', nextRunAt: START + 1 }])

      expect(row).toMatchObject({ catchup: 'none', nextRunAt: schedule.nextRunAt })
    })
  })
}
