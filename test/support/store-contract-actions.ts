/** Store contract tests for actions: changes and requests made by people. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { ActionFilter, RecordedAction } from '../../src/engine/store-ports.ts'
import type { NewAction } from '../../src/model/action.ts'
import { subscription } from './graph-builders.ts'
import {
  declaration,
  FIRST_PAGE,
  failedTick,
  firedTick,
  newAction,
  newCron,
  newExecution,
  START,
  skippedTick,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const action = (given: Partial<NewAction> = {}): NewAction =>
  newAction({ id: 'a-1', note: 'wrong day – žluťoučký', argumentsText: '{"wait":true}', ...given })

const NO_RETENTION = { skippedMs: null, failedMs: null, endedMs: null, firingsMs: null, keysMs: null }

export function describeActionContract(context: ContractContext): void {
  describe('actions', () => {
    test('stores a requested action with all its fields, unanswered', async () => {
      await context.store.actions.ask(action())

      const asked = { ...action(), answer: null, answeredAt: null }
      expect(await context.store.actions.unanswered(10)).toEqual([asked])
      expect(await context.store.actions.get('a-1')).toEqual(asked)
    })

    test('rejects an action with an existing id, and stores the other actions queued with it', async () => {
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

    test('keeps only the first answer to an action', async () => {
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

    test('removes answered and unanswered actions', async () => {
      await context.store.actions.ask(action())
      await context.store.actions.ask(action({ id: 'a-2' }))
      await context.store.actions.ask(action({ id: 'a-3' }))
      await context.store.actions.answer('a-2', { isRefused: false, text: null }, START + 1)

      await context.store.actions.remove('a-1')
      await context.store.actions.remove('a-2')
      await context.store.actions.remove('none')

      expect((await context.store.actions.list({}, FIRST_PAGE)).map(({ id }) => id)).toEqual(['a-3'])
    })

    test('rejects an answer to an unknown action', async () => {
      expect(await context.store.actions.answer('none', { isRefused: false, text: null }, START)).toBe(false)
      expect(await context.store.actions.get('none')).toBeNull()
    })

    test('records a completed action with its answer, and does not list it as unanswered', async () => {
      const refusal = { isRefused: true, text: 'it has ended' }

      await context.store.actions.record(action({ note: null, argumentsText: null }), refusal)

      expect(await context.store.actions.unanswered(10)).toEqual([])
      expect(await context.store.actions.get('a-1')).toMatchObject({ answer: refusal, answeredAt: START, note: null })
    })

    test('stores U+0000 in a note and an answer unchanged or as U+FFFD', async () => {
      const refusal = { isRefused: true, text: 'no\0disk' }

      await context.store.actions.record(action({ note: 'to\0day' }), refusal)

      const stored = await context.store.actions.get('a-1')
      expect(stored?.note?.replace('\0', '\ufffd')).toBe('to\ufffdday')
      expect(stored?.answer?.text?.replace('\0', '\ufffd')).toBe('no\ufffddisk')
    })

    test('lists unanswered actions oldest first, up to the limit', async () => {
      for (const id of ['a-1', 'a-2', 'a-3']) await context.store.actions.ask(action({ id }))

      expect((await context.store.actions.unanswered(2)).map(({ id }) => id)).toEqual(['a-1', 'a-2'])
    })

    test('lists the actions on one target, or on all targets, newest first, page by page', async () => {
      await context.store.actions.ask(action())
      await context.store.actions.ask(action({ id: 'a-2', target: 'inbox', kind: 'disable' }))
      await context.store.actions.ask(action({ id: 'a-3' }))

      const ids = async (filter: ActionFilter, page = FIRST_PAGE) =>
        (await context.store.actions.list(filter, page)).map(({ id }) => id)

      expect(await ids({ target: 'e-1' })).toEqual(['a-3', 'a-1'])
      expect(await ids({})).toEqual(['a-3', 'a-2', 'a-1'])
      expect(await ids({}, { limit: 1, offset: 1 })).toEqual(['a-2'])
    })

    test('lists the actions of a period: at or after its start, and before its end', async () => {
      for (const [id, at] of Object.entries({ 'a-1': START, 'a-2': START + 1_000, 'a-3': START + 2_000 }))
        await context.store.actions.ask(action({ id, at, target: id === 'a-2' ? 'inbox' : 'e-1' }))

      const ids = async (filter: ActionFilter) =>
        (await context.store.actions.list(filter, FIRST_PAGE)).map(({ id }) => id)

      expect(await ids({ sinceAt: START + 1_000 })).toEqual(['a-3', 'a-2'])
      expect(await ids({ sinceAt: START + 1, untilAt: START + 2_000 })).toEqual(['a-2'])
      expect(await ids({ sinceAt: START + 1, target: 'e-1' })).toEqual(['a-3'])
    })

    test('removes actions after the retention time of ended executions', async () => {
      await context.store.actions.ask(action())
      await context.store.actions.ask(action({ id: 'a-2', at: START + 1_000 }))

      await context.store.prune({ ...NO_RETENTION, skippedMs: 1, failedMs: 1 }, START + 5_000)
      expect(await context.store.actions.list({}, FIRST_PAGE)).toHaveLength(2)
      await context.store.prune({ ...NO_RETENTION, endedMs: 4_500 }, START + 5_000)

      expect((await context.store.actions.list({}, FIRST_PAGE)).map(({ id }) => id)).toEqual(['a-2'])
    })
  })
  describe('the actions that enabled or disabled a target', () => {
    const at = async (kind: NewAction['kind'], time: number, target = 'inbox') => {
      await context.store.actions.ask(action({ id: `${kind} ${target} ${time}`, kind, target, at: START + time }))
    }
    const switches = async (since: number, until: number, limit = 10) => {
      const filter = { sinceAt: START + since, untilAt: START + until, limit }
      return (await context.store.actions.switches('inbox', filter)).map((row) => [row.kind, row.at - START])
    }

    test('are those of the period and the last one before it, newest first, without other actions', async () => {
      await at('disable', 1)
      await at('enable', 2)
      await at('poll', 3)
      await at('disable', 3)
      await at('disable', 4, 'other')
      await at('enable', 6)
      await at('disable', 9)

      expect(await switches(3, 9)).toEqual([
        ['enable', 6],
        ['disable', 3],
        ['enable', 2],
      ])
      expect(await switches(4, 6)).toEqual([['disable', 3]])
      expect(await switches(0, 1)).toEqual([])
      expect(await switches(0, 100, 2)).toEqual([
        ['disable', 9],
        ['enable', 6],
      ])
      const [newest] = await context.store.actions.switches('inbox', { sinceAt: START, untilAt: START + 2, limit: 1 })
      expect(newest).toEqual({
        id: 'disable inbox 1',
        kind: 'disable',
        source: 'cli',
        note: action().note,
        at: START + 1,
      })
    })

    test('do not include refused ones', async () => {
      await at('disable', 1)
      await context.store.actions.answer('disable inbox 1', { isRefused: true, text: 'no' }, START + 2)

      expect(await switches(0, 10)).toEqual([])
    })
  })

  describe('an action that is stored together with its change', () => {
    const recorded = async () => {
      const rows = await context.store.actions.list({}, FIRST_PAGE)
      return rows.map(({ id, answer, answeredAt }) => ({ id, answer, answeredAt }))
    }
    const DONE = { answer: { isRefused: false, text: null }, answeredAt: START + 7 }
    const at = START + 7

    test.each([
      [
        'the enabled flag of a trigger',
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
      [
        'the removal of a trigger',
        async (name: string, given: NewAction) => (await context.store.removeTrigger(name, at, given)) === 'removed',
      ],
      [
        'the enabled flag of a schedule',
        (name: string, given: NewAction) => context.store.setCronEnabled(name, false, at, given),
      ],
      [
        'the times of a schedule',
        (name: string, given: NewAction) => context.store.updateCron(name, newCron(), at, given),
      ],
      ['the deletion of a schedule', (name: string, given: NewAction) => context.store.deleteCron(name, at, given)],
      [
        'the enabled flag of a subscription',
        (name: string, given: NewAction) => context.store.graphs.setSubscriptionEnabled(name, false, at, given),
      ],
      [
        'a replay of firings',
        async (name: string, given: NewAction) =>
          (await context.store.graphs.replay(name, 1, at, () => given)) !== null,
      ],
      [
        'the deletion of a subscription',
        (name: string, given: NewAction) => context.store.graphs.unsubscribe(name, 'ingest', 'public', given),
      ],
    ])('is recorded as done with %s, and is not recorded for an unknown name', async (_, change) => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.saveTriggerCrons([{ ...newCron({ id: 'inbox' }), triggerName: 'inbox' }])
      await context.store.graphs.subscribe(subscription({ id: 'inbox', reactor: 'inbox' }))

      const known = await change('inbox', action({ id: 'known', target: 'inbox', at }))
      const unknown = await change('nobody', action({ id: 'unknown', target: 'nobody', at }))

      expect([known, unknown]).toEqual([true, false])
      expect(await recorded()).toEqual([{ id: 'known', ...DONE }])
      expect(await context.store.actions.unanswered(10)).toEqual([])
    })

    test('is recorded with a new execution, and is not recorded if the execution exists already', async () => {
      const execution = newExecution()
      const answer = { isRefused: false, text: `{"executionId":"${execution.id}"}` }
      const create = (id: string) =>
        context.store.createExecution(execution, { kind: 'call' }, at, { action: action({ id, at }), answer })

      await create('first')
      await expect(create('second')).rejects.toMatchObject({ code: 'DATABASE_FAILED' })

      expect(await recorded()).toEqual([{ id: 'first', answer, answeredAt: at }])
    })

    test('prevents the creation of the execution if the action cannot be recorded', async () => {
      const execution = newExecution()
      await context.store.actions.ask(action())

      const created = context.store.createExecution(execution, { kind: 'call' }, at, {
        action: action(),
        answer: { isRefused: false, text: null },
      })

      await expect(created).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
      expect(await context.store.getExecution(execution.id)).toBeNull()
    })

    test('is recorded with a firing and its result, and is not recorded for an unknown trigger', async () => {
      await context.store.saveTriggers([declaration()], START)
      const fire = (id: string, trigger = 'inbox') =>
        context.store.recordFired(
          firedTick({
            trigger,
            lease: null,
            byHand: 'by hand (cli)',
            recorded: ({ kind }) => ({
              action: action({ id, kind: 'fire', at }),
              answer: { isRefused: false, text: kind },
            }),
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

    describe('and requests a poll', () => {
      const polled = { isRefused: false, text: '{"outcome":"as it was"}' }
      const polls = (lease: number | null) => ({
        skip: (name: string, recorded: RecordedAction) =>
          context.store.recordSkip({ ...skippedTick({ trigger: name, at, reason: 'empty' }), recorded }),
        firing: (name: string, recorded: RecordedAction) =>
          context.store.recordFired(firedTick({ trigger: name, at, lease, recorded: () => recorded })),
        failure: (name: string, recorded: RecordedAction) =>
          context.store.recordFailed(failedTick({ trigger: name, at, lease, recorded })),
      })

      test.each([
        ['a skip', 'skip'],
        ['a firing', 'firing'],
        ['a failure', 'failure'],
      ] as const)('is recorded with %s, and is not recorded for an unknown trigger', async (_, kind) => {
        await context.store.saveTriggers([declaration()], START)
        const record = polls(null)[kind]

        await record('inbox', { action: action({ id: 'first', kind: 'poll', at }), answer: polled })
        const unknown = record('nobody', { action: action({ id: 'second', kind: 'poll', at }), answer: polled })

        await expect(unknown).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
        expect(await recorded()).toEqual([{ id: 'first', answer: polled, answeredAt: at }])
        expect(await context.store.listTicks('inbox', FIRST_PAGE)).toMatchObject([{ lastAt: at, count: 1 }])
      })

      test.each(['skip', 'firing', 'failure'] as const)(
        'is answered with a %s if the poll was requested before',
        async (kind) => {
          await context.store.saveTriggers([declaration()], START)
          const asked = action({ kind: 'poll', target: 'inbox' })
          await context.store.actions.ask(asked)

          await polls(null)[kind]('inbox', { action: asked, answer: polled, answeredAt: at })

          expect(await recorded()).toEqual([{ id: 'a-1', answer: polled, answeredAt: at }])
          expect(await context.store.actions.unanswered(10)).toEqual([])
        },
      )

      test('is recorded with a skip that continues a run of skips', async () => {
        await context.store.saveTriggers([declaration()], START)
        context.store.noteSkip(skippedTick({ at: START + 1, reason: 'empty' }))

        await polls(null).skip('inbox', { action: action({ kind: 'poll', at }), answer: polled })

        const ticks = await context.store.listTicks('inbox', FIRST_PAGE)
        expect(ticks).toMatchObject([{ firstAt: START + 1, lastAt: at, count: 2, reason: 'empty' }])
        expect(await context.store.getTrigger('inbox')).toMatchObject({ lastPollAt: at })
      })

      test.each(['firing', 'failure'] as const)('is not recorded with a %s if the lease is lost', async (kind) => {
        await context.store.saveTriggers([declaration()], START)

        const result = await polls(7)[kind]('inbox', { action: action({ kind: 'poll', at }), answer: polled })

        expect(result).toEqual({ kind: 'lost' })
        expect(await recorded()).toEqual([])
      })
    })
  })
}
