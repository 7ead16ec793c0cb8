/** The store contract's cases about actions: what people did, and what they ask. Run through `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { NewAction } from '../../src/model/action.ts'
import { declaration, FIRST_PAGE, firedTick, newAction, newCron, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const action = (given: Partial<NewAction> = {}): NewAction =>
  newAction({ id: 'a-1', note: 'wrong day – žluťoučký', argumentsText: '{"wait":true}', ...given })

const NO_RETENTION = { skippedMs: null, failedMs: null, endedMs: null, firingsMs: null }

export function describeActionContract(context: ContractContext): void {
  describe('actions', () => {
    test('one that is asked for is unanswered, with everything that was said', async () => {
      await context.store.actions.ask(action())

      const asked = { ...action(), answer: null, answeredAt: null }
      expect(await context.store.actions.unanswered(10)).toEqual([asked])
      expect(await context.store.actions.get('a-1')).toEqual(asked)
    })

    test('refuses an action whose id exists, and stores the steps that are queued with it', async () => {
      await context.store.actions.ask(action())

      const results = await Promise.allSettled([
        context.store.actions.ask(action({ id: 'a-2' })),
        context.store.actions.ask(action({ target: 'other' })),
        context.store.actions.ask(action({ id: 'a-3' })),
      ])

      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(results[1]).toMatchObject({ reason: { code: 'DATABASE_FAILED' } })
      expect((await context.store.actions.unanswered(10)).map(({ id }) => id)).toEqual(['a-1', 'a-2', 'a-3'])
      expect(await context.store.actions.get('a-1')).toMatchObject({ target: action().target })
    })

    test('the first answer counts, and ends the asking', async () => {
      await context.store.actions.ask(action())
      const done = { isRefused: false, text: '{"stopped":2}' }

      const answers = [
        await context.store.actions.answer('a-1', done, START + 1),
        await context.store.actions.answer('a-1', { isRefused: true, text: 'too late' }, START + 2),
      ]

      expect(answers).toEqual([true, false])
      expect(await context.store.actions.unanswered(10)).toEqual([])
      expect(await context.store.actions.get('a-1')).toMatchObject({ answer: done, answeredAt: START + 1 })
    })

    test('removes an action, whether it was answered or not', async () => {
      await context.store.actions.ask(action())
      await context.store.actions.ask(action({ id: 'a-2' }))
      await context.store.actions.ask(action({ id: 'a-3' }))
      await context.store.actions.answer('a-2', { isRefused: false, text: null }, START + 1)

      await context.store.actions.remove('a-1')
      await context.store.actions.remove('a-2')
      await context.store.actions.remove('none')

      expect((await context.store.actions.list(null, FIRST_PAGE)).map(({ id }) => id)).toEqual(['a-3'])
    })

    test('an answer to one that does not exist is refused', async () => {
      expect(await context.store.actions.answer('none', { isRefused: false, text: null }, START)).toBe(false)
      expect(await context.store.actions.get('none')).toBeNull()
    })

    test('one that was done already is recorded with its answer, and asks for nothing', async () => {
      const refusal = { isRefused: true, text: 'it has ended' }

      await context.store.actions.record(action({ note: null, argumentsText: null }), refusal)

      expect(await context.store.actions.unanswered(10)).toEqual([])
      expect(await context.store.actions.get('a-1')).toMatchObject({ answer: refusal, answeredAt: START, note: null })
    })

    test('stores a note and an answer with U+0000, or with U+FFFD instead of it', async () => {
      const refusal = { isRefused: true, text: 'no\0disk' }

      await context.store.actions.record(action({ note: 'to\0day' }), refusal)

      const stored = await context.store.actions.get('a-1')
      expect(stored?.note?.replace('\0', '\ufffd')).toBe('to\ufffdday')
      expect(stored?.answer?.text?.replace('\0', '\ufffd')).toBe('no\ufffddisk')
    })

    test('the unanswered come oldest first, at most as many as are asked for', async () => {
      for (const id of ['a-1', 'a-2', 'a-3']) await context.store.actions.ask(action({ id }))

      expect((await context.store.actions.unanswered(2)).map(({ id }) => id)).toEqual(['a-1', 'a-2'])
    })

    test('those on one target, or on all, are listed newest first, page by page', async () => {
      await context.store.actions.ask(action())
      await context.store.actions.ask(action({ id: 'a-2', target: 'inbox', kind: 'disable' }))
      await context.store.actions.ask(action({ id: 'a-3' }))

      const ids = async (target: string | null, page = FIRST_PAGE) =>
        (await context.store.actions.list(target, page)).map(({ id }) => id)

      expect(await ids('e-1')).toEqual(['a-3', 'a-1'])
      expect(await ids(null)).toEqual(['a-3', 'a-2', 'a-1'])
      expect(await ids(null, { limit: 1, offset: 1 })).toEqual(['a-2'])
    })

    test('they have the retention of executions', async () => {
      await context.store.actions.ask(action())
      await context.store.actions.ask(action({ id: 'a-2', at: START + 1_000 }))

      await context.store.prune({ ...NO_RETENTION, skippedMs: 1, failedMs: 1 }, START + 5_000)
      expect(await context.store.actions.list(null, FIRST_PAGE)).toHaveLength(2)
      await context.store.prune({ ...NO_RETENTION, endedMs: 4_500 }, START + 5_000)

      expect((await context.store.actions.list(null, FIRST_PAGE)).map(({ id }) => id)).toEqual(['a-2'])
    })
  })
  describe('an action that is stored with the change that it asks for', () => {
    const recorded = async () => {
      const rows = await context.store.actions.list(null, FIRST_PAGE)
      return rows.map(({ id, answer, answeredAt }) => ({ id, answer, answeredAt }))
    }
    const DONE = { answer: { isRefused: false, text: null }, answeredAt: START + 7 }
    const at = START + 7

    test.each([
      [
        'the flag of a trigger',
        (name: string, given: NewAction) => context.store.setTriggerEnabled(name, false, null, at, given),
      ],
      [
        'the overrides of a trigger',
        (name: string, given: NewAction) => context.store.overrideTrigger(name, { maxActive: 2 }, at, given),
      ],
      [
        'the catch-up of a cron trigger',
        (name: string, given: NewAction) => context.store.overrideTriggerCron(name, 'none', at, given),
      ],
    ])('is recorded as done with %s, and not at all for an unknown trigger', async (_, change) => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.saveTriggerCrons([{ ...newCron(), triggerName: 'inbox' }])

      const known = await change('inbox', action({ id: 'known', target: 'inbox', at }))
      const unknown = await change('nobody', action({ id: 'unknown', target: 'nobody', at }))

      expect([known, unknown]).toEqual([true, false])
      expect(await recorded()).toEqual([{ id: 'known', ...DONE }])
      expect(await context.store.actions.unanswered(10)).toEqual([])
    })

    test('is recorded with a new execution, and not at all for an execution that exists already', async () => {
      const execution = newExecution()
      const answer = { isRefused: false, text: `{"executionId":"${execution.id}"}` }
      const create = (id: string) =>
        context.store.createExecution(execution, { kind: 'call' }, at, { action: action({ id, at }), answer })

      await create('first')
      await expect(create('second')).rejects.toMatchObject({ code: 'DATABASE_FAILED' })

      expect(await recorded()).toEqual([{ id: 'first', answer, answeredAt: at }])
    })

    test('keeps the execution from being created if the action cannot be recorded', async () => {
      const execution = newExecution()
      await context.store.actions.ask(action())

      const created = context.store.createExecution(execution, { kind: 'call' }, at, {
        action: action(),
        answer: { isRefused: false, text: null },
      })

      await expect(created).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
      expect(await context.store.getExecution(execution.id)).toBeNull()
    })

    test('is recorded with a firing and its result, and not at all for an unknown trigger', async () => {
      await context.store.saveTriggers([declaration()], START)
      const fire = (id: string, trigger = 'inbox') =>
        context.store.recordFired(
          firedTick({
            trigger,
            lease: null,
            byHand: 'by hand (cli)',
            recorded: {
              action: action({ id, kind: 'fire', at }),
              answer: ({ kind }) => ({ isRefused: false, text: kind }),
            },
          }),
        )

      await fire('first')
      await fire('second')
      await expect(fire('third', 'nobody')).rejects.toMatchObject({ code: 'DATABASE_FAILED' })

      expect(await recorded()).toEqual([
        { id: 'second', answer: { isRefused: false, text: 'duplicate' }, answeredAt: at },
        { id: 'first', answer: { isRefused: false, text: 'started' }, answeredAt: at },
      ])
    })
  })
}
