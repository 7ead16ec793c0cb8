/** Store contract tests for the rates and values of limits, and the leases of their slots. */

import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/engine/store.ts'
import { LimitedTasks, limit, tasksOf } from './limited-tasks.ts'
import { completed, FIRST_PAGE, newAction, START, settlement } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const END = { status: 'Completed', endedAt: START + 10, finalText: '{}', errorMessage: null } as const

export function describeLimitValueContract(context: ContractContext): void {
  describeRates(context)
  describeLeases(context)
  describeDeclaredLimits(context)
}

function describeRates(context: ContractContext): void {
  describe('the rate of a limit', () => {
    const held = tasksOf(context)

    test('lets count attempts begin in a sliding window, also after they have ended', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: null, rate: { count: 2, windowMs: 3_000 } }))
      const [first, second, third, fourth] = await tasks.create(4)
      expect(await tasks.take(first)).toEqual([])
      await tasks.end(first)
      await context.clock.advance(1_000)
      expect(await tasks.take(second)).toEqual([])
      await tasks.end(second)

      expect(await tasks.take(third)).toHaveLength(1)
      expect(await tasks.take(fourth)).toHaveLength(1)
      expect((await context.store.waits.openOfEach([third])).get(third)).toMatchObject([
        { until: context.clock.now() + 2_000, slots: null },
      ])
      await context.clock.advance(1_500)
      expect(await context.store.limits.release(START)).toEqual({ available: [], nextInMs: 500 })
      await context.clock.advance(500)
      expect((await context.store.limits.release(START)).available).toEqual([third])
      expect(await tasks.take(third)).toEqual([])
      expect(await tasks.take(fourth)).toHaveLength(1)
    })

    context.sharedTest('holds after the engine was closed, and after pruning', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: null, rate: { count: 1, windowMs: 60_000 } }))
      const [first] = await tasks.create(1)
      await tasks.take(first)
      await tasks.end(first)
      await context.store.closeInstance(tasks.engine, START)
      const later = new LimitedTasks(await context.openAnother(), context.clock, 'later')
      await later.open()
      while ((await context.store.prune({ endedMs: 0 }, START + 1_000)) > 0);

      const [second] = await later.create(1)
      expect(await later.take(second)).toHaveLength(1)
      expect(await context.store.limits.listValues('crm', FIRST_PAGE)).toMatchObject([{ begun: 1, used: 0 }])

      await context.clock.advance(60_000)
      await later.beat()
      expect((await context.store.limits.release(START)).available).toEqual([second])
    })

    test('counts begun attempts that ended with TryLater', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 5, rate: { count: 1, windowMs: 60_000 } }))
      const [first] = await tasks.create(1)
      await tasks.take(first)
      await tasks.giveBack(first)

      expect(await tasks.take(first, {}, { triesLater: 1 })).toHaveLength(1)
    })
  })
}

function describeLeases(context: ContractContext): void {
  describe('the slots of an engine', () => {
    const held = tasksOf(context)

    test('are free when its lease ends, 10 s after its last heartbeat', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const [lost] = await tasks.create(1)
      await tasks.take(lost)
      const other = new LimitedTasks(context.store, context.clock, 'another')
      await context.clock.advance(5_000)
      await other.open()
      const [waiting] = await other.create(1)
      expect(await other.take(waiting)).toHaveLength(1)

      await context.clock.advance(4_999)
      await other.beat()
      expect((await context.store.limits.release(START)).available).toEqual([])
      await context.clock.advance(1)
      expect((await context.store.limits.release(START)).available).toEqual([waiting])
      expect(await other.take(waiting)).toEqual([])
    })

    test('stay in use until its lease ends if it is closed or registers again', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const [first] = await tasks.create(1)
      await tasks.take(first)
      const other = new LimitedTasks(context.store, context.clock, 'another')
      await other.open()
      await context.store.closeInstance(tasks.engine, START)
      const [second] = await other.create(1)

      expect(await other.take(second)).toHaveLength(1)
      await context.clock.advance(9_999)
      await other.beat()
      expect((await context.store.limits.release(START)).available).toEqual([])
      await context.clock.advance(1)
      expect((await context.store.limits.release(START)).available).toEqual([second])
    })

    test('cannot be taken after its lease has ended', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const [first] = await tasks.create(1)
      await context.clock.advance(10_000)

      expect(await tasks.take(first)).toHaveLength(1)
      await tasks.beat()
      expect((await context.store.limits.release(START)).available).toEqual([first])
    })
  })
}

function describeDeclaredLimits(context: ContractContext): void {
  describe('the values of a limit', () => {
    const held = tasksOf(context)

    test('are those of the newest code, and those that a person set take precedence', async () => {
      const { tasks } = held
      const { limits }: Store = context.store
      await tasks.declare(limit({ maxActive: 1, rate: { count: 5, windowMs: 1_000 } }))
      await tasks.declare(limit({ maxActive: 2, rate: null, per: 'tenant' }))
      const declared = { maxActive: 2, rate: null, per: 'tenant' }
      const row = { name: 'crm', overrides: {}, differs: false, used: 0, waiting: 0 }
      expect(await limits.list()).toEqual([{ ...row, ...declared, declared }])

      expect(await limits.set('crm', { maxActive: 7 }, START, newAction({ id: 'set', target: 'crm' }))).toEqual([])
      expect(await limits.set('crm', { rate: { count: 9, windowMs: 2_000 } }, START)).toEqual([])

      const overrides = { maxActive: 7, rate: { count: 9, windowMs: 2_000 } }
      expect(await limits.get('crm')).toEqual({ ...row, ...declared, ...overrides, declared, overrides })
      expect(await context.store.actions.get('set')).toMatchObject({ target: 'crm' })
      await limits.set('crm', null, START)
      expect(await limits.get('crm')).toEqual({ ...row, ...declared, declared })
    })

    test('cannot be changed if no code has declared the limit', async () => {
      const { limits } = context.store
      const action = newAction()

      expect(await limits.get('none')).toBeNull()
      expect(await limits.set('none', { maxActive: 1 }, START, action)).toBeNull()
      expect(await limits.close({ name: 'none', value: null }, null, START, action)).toBe(false)
      expect(await limits.open({ name: 'none', value: null }, START, action)).toBeNull()
      expect(await context.store.actions.get(action.id)).toBeNull()
    })

    test('differ between living engines, until one has the code of the other', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const other = new LimitedTasks(context.store, context.clock, 'another')
      await other.open()
      await other.declare(limit({ maxActive: 2 }))
      expect(await context.store.limits.get('crm')).toMatchObject({ maxActive: 2, differs: true })

      await tasks.declare(limit({ maxActive: 2 }))
      expect(await context.store.limits.get('crm')).toMatchObject({ maxActive: 2, differs: false })
    })

    test('let waiting tasks continue when they change', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1 }))
      const [holder, first, second, third] = await tasks.create(4)
      await tasks.take(holder)
      for (const id of [first, second, third]) await tasks.take(id)

      expect(await tasks.declare(limit({ maxActive: 2 }))).toEqual([first])
      expect(await context.store.limits.set('crm', { maxActive: 3 }, START)).toEqual([second])
      expect(await context.store.limits.close({ name: 'crm', value: null }, null, START)).toBe(true)
      expect(await context.store.limits.get('crm')).toMatchObject({ closedForMs: null })
      expect(await context.store.limits.set('crm', { maxActive: 4 }, START)).toEqual([])
      expect(await context.store.limits.open({ name: 'crm', value: null }, START)).toEqual([third])
    })

    test('let no task begin under a closed value until it is opened', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 5, per: 'tenant' }))
      await context.store.limits.close({ name: 'crm', value: '1' }, null, START)
      const [closed, open] = await tasks.create(2)

      expect(await tasks.take(closed, { value: '1' })).toHaveLength(1)
      expect(await tasks.take(open, { value: '2' })).toEqual([])
      expect(await context.store.limits.open({ name: 'crm', value: '1' }, START)).toEqual([closed])
    })

    test('are looked at in passes of limited size if tasks wait for many of them', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1, per: 'tenant' }))
      await context.store.limits.close({ name: 'crm', value: null }, 1_000, START)
      const ids = [...(await tasks.create(200)), ...(await tasks.create(50))]
      for (const [index, id] of ids.entries()) await tasks.take(id, { value: `"${index}"` })
      await context.clock.advance(1_000)

      const first = await context.store.limits.release(START)
      const second = await context.store.limits.release(START)

      expect(first.available).toHaveLength(200)
      expect(new Set([...first.available, ...second.available])).toEqual(new Set(ids))
    })

    test('need no row after all attempts have ended', async () => {
      const { tasks } = held
      await tasks.declare(limit({ maxActive: 1, rate: { count: 1, windowMs: 1_000 }, per: 'tenant' }))
      const [only] = await tasks.create(1)
      await tasks.take(only, { value: '1' })
      await context.store.settle(
        settlement(only, { changes: [completed('only', { slots: { kind: 'give' } })], end: END }),
      )
      await context.clock.advance(1_000)
      while ((await context.store.prune({}, START)) > 0);

      await context.store.limits.set('crm', { rate: { count: 1, windowMs: 60_000 } }, START)
      expect(await context.store.limits.listValues('crm', FIRST_PAGE)).toEqual([])
      const [next] = await tasks.create(1)
      expect(await tasks.take(next, { value: '1' })).toEqual([])
    })
  })
}
