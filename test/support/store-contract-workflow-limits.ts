/** Store contract tests for limits of workflows, and for the order of executions. Called by `describeStoreContract`. */

import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { NewExecution } from '../../src/engine/starts/new-executions.ts'
import { workflow } from './declared.ts'
import { limit } from './limited-tasks.ts'
import {
  completed,
  cronClaim,
  declaration,
  FIRST_PAGE,
  firedTick,
  newAction,
  newCron,
  newExecution,
  newFiring,
  START,
  settlement,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const END = { status: 'Completed', endedAt: START + 10, finalText: '{}', errorMessage: null } as const
const CANCEL = { kind: 'cancel', actionIds: ['a-1'], waits: false, reason: 'cancelled', at: START } as const

type Overflow = 'queue' | 'drop' | 'newest'

function limited(id: string, overflow: Overflow = 'queue', given: Partial<Omit<NewExecution, 'tasks'>> = {}) {
  return newExecution({ id, workflow: 'sync', limit: { value: '"acme"', maxActive: 1, overflow }, ...given })
}

export function describeWorkflowLimitContract(context: ContractContext): void {
  const create = (execution: NewExecution, at = START) => context.store.createExecution(execution, { kind: 'call' }, at)
  const acquire = async () => {
    const acquisition = { instanceId: 'engine', workflows: ['sync'], at: START, limit: 100, recover: true }
    return (await context.store.acquireExecutions(acquisition)).map(({ id }) => id)
  }
  const end = async (id: string) =>
    (await context.store.settle(settlement(id, { changes: [completed('only')], end: END }))).released
  const statusOf = async (id: string) => (await context.store.getExecution(id))?.status
  const declare = (maxActive: number) =>
    context.store.limits.declare('engine', [limit({ name: 'workflow:sync', maxActive, per: 'tenant' })], START)
  const openEngine = () => context.store.openInstance('engine', START)

  describe('executions above the limit of their workflow', () => {
    beforeEach(openEngine)

    test('wait, and begin one after the other by priority and age', async () => {
      await declare(1)
      await create(limited('first'))
      await create(limited('late'), START + 2)
      await create(limited('early'), START + 1)
      await create(limited('urgent', 'queue', { priority: 10 }), START + 3)
      expect(await acquire()).toEqual(['first'])
      const waiting = await context.store.history.listWaiting(['late'], START + 5)
      const reason = { kind: 'limit', limit: 'workflow:sync', value: 'acme', slots: 1, heldBy: ['first'] }
      expect(waiting.get('late')).toEqual(reason)

      const order: string[] = []
      for (let last = 'first'; order.length < 3; last = order.at(-1) ?? '') {
        expect(await end(last)).toHaveLength(1)
        order.push(...(await acquire()))
      }

      expect(order).toEqual(['urgent', 'early', 'late'])
    })

    test('wait for each value apart, up to the value of the newest code or of a person', async () => {
      await context.store.limits.declare(
        'engine',
        [limit({ name: 'workflow:sync', maxActive: 2, per: 'tenant' })],
        START,
      )
      const other = { value: '"other"', maxActive: 1, overflow: 'queue' } as const
      for (const id of ['first', 'second', 'third', 'fourth']) await create(limited(id))
      await create(limited('other', 'queue', { limit: other }))

      expect((await acquire()).sort()).toEqual(['first', 'other', 'second'])
      expect(await context.store.limits.get('workflow:sync')).toMatchObject({ used: 3, waiting: 2 })
      expect(await context.store.limits.set('workflow:sync', { maxActive: 3 }, START)).toEqual(['third'])
      expect(await context.store.limits.listValues('workflow:sync', FIRST_PAGE)).toMatchObject([
        { value: '"acme"', used: 3, waiting: 1, heldBy: ['first', 'second', 'third'] },
        { value: '"other"', used: 1, waiting: 0, heldBy: ['other'] },
      ])
    })

    test('are refused with "drop", whatever starts them, and leave no row and no key', async () => {
      const { store } = context
      await create(limited('first'))
      const refused = { kind: 'limited', active: 1, maxActive: 1 }
      expect(await create(limited('second', 'drop'))).toEqual(refused)

      const startKey = { key: 'k', fingerprint: 'f' }
      expect(await store.createExecutionOnce({ execution: limited('keyed', 'drop'), startKey, at: START })).toEqual(
        refused,
      )
      expect(await store.findStartKey('sync', 'k')).toBeNull()
      await store.saveTriggers([declaration({ workflow: 'sync' })], START)
      const fired = { execution: limited('fired', 'drop'), key: 'once' }
      expect(await store.recordFired(firedTick(fired))).toEqual({ kind: 'limited', active: 1, by: 'workflow' })
      expect(await store.listTicks('inbox', FIRST_PAGE)).toMatchObject([{ outcome: 'limited', firingId: null }])
      const firings = [newFiring({ execution: limited('fired', 'drop'), key: 'once' }), newFiring({ contextHash: 'b' })]
      expect(await store.recordFired(firedTick({ firings }))).toEqual({
        kind: 'several',
        firings: [{ kind: 'limited', active: 1, by: 'workflow' }, { kind: 'started' }],
      })
      await acquire()
      await end('first')
      expect(await store.recordFired(firedTick(fired))).toEqual({ kind: 'started' })
      expect((await store.listExecutions({ ...FIRST_PAGE, workflow: 'sync' })).map(({ id }) => id).sort()).toEqual([
        'fired',
        'first',
      ])
    })

    test('are recorded as limited by their schedule, and are not recovered', async () => {
      const { store } = context
      const cron = newCron({ workflow: 'sync' })
      await store.createCron(cron)
      await create(limited('first'))
      const claim = cronClaim(cron, { execution: limited('dropped', 'drop') })

      expect(await store.claimCron(claim)).toBe('limited')

      expect(await store.listCronFirings(cron.id, FIRST_PAGE)).toMatchObject([{ executionId: null, isLimited: true }])
      const range = { notBeforeAt: 0, olderThanAt: Number.MAX_SAFE_INTEGER, maxAttempts: 9 }
      expect(await store.lostCronFirings(range)).toEqual([])
      expect(await store.recoverCronFiring(claim.firingId, limited('again', 'queue'), START)).toBe('lost')
      expect(await store.getExecution('dropped')).toBeNull()
    })

    test('replace older waiting ones with "newest" although the clock of another engine is late', async () => {
      await create(limited('first', 'newest'))
      await create(limited('second', 'newest'), START + 60_000)
      await create(limited('third', 'newest'), START + 1)

      expect(await statusOf('second')).toBe('Cancelled')
      expect(await statusOf('third')).toBe('Pending')
    })

    test('replace older waiting ones with "newest"', async () => {
      const { store } = context
      await create(limited('first', 'newest'))
      await create(limited('second', 'newest'), START + 1)
      await create(limited('third', 'newest'), START + 2)
      await Promise.all([create(limited('fourth', 'newest'), START + 3), create(limited('fifth', 'newest'), START + 3)])

      expect(await statusOf('first')).toBe('Pending')
      const replaced = await store.getExecution('second')
      expect(replaced).toMatchObject({ status: 'Cancelled', errorMessage: 'cancelled: replaced by third' })
      expect(replaced?.tasks).toMatchObject([{ status: 'Cancelled' }])
      expect(replaced?.finalText).toBe('{}')
      expect([await statusOf('third'), await statusOf('fourth'), await statusOf('fifth')]).toEqual([
        ...['Cancelled', 'Cancelled', 'Pending'],
      ])
      await acquire()
      expect(await end('first')).toEqual(['fifth'])
    })

    test('complete the firings of their trigger when a newer one replaces them', async () => {
      const { store } = context
      await store.saveTriggers([declaration({ workflow: 'sync' })], START)
      const firings = ['first', 'second', 'third'].map((id) =>
        newFiring({ contextHash: id, execution: limited(id, 'newest') }),
      )

      await store.recordFired(firedTick({ firings }))

      const rows = await store.listFirings('inbox', FIRST_PAGE)
      expect(rows.map(({ executionId, completedAt }) => [executionId, completedAt !== null]).sort()).toEqual([
        ['first', false],
        ['second', true],
        ['third', false],
      ])
    })

    test('begin after the cancel of one that no engine runs, but not after that of one that waits', async () => {
      const { store } = context
      await declare(1)
      for (const id of ['first', 'second', 'third']) await create(limited(id))

      await store.steer(newAction({ id: randomUUID(), target: 'second' }), CANCEL)
      expect(await acquire()).toEqual(['first'])
      await store.closeInstance('engine', START)
      await store.openInstance('engine', START)
      await store.steer(newAction({ id: randomUUID(), target: 'first' }), CANCEL)

      expect(await acquire()).toEqual(['third'])
    })

    test('that wait for their trigger are checked when it lets them begin', async () => {
      const { store } = context
      await store.saveTriggers(
        [declaration({ workflow: 'sync', policy: { ...declaration().policy, maxActive: 2 } })],
        START,
      )
      const firings = ['a', 'b', 'c', 'd'].map((id) => {
        const wide = { value: 'null', maxActive: 9, overflow: 'queue' } as const
        const narrow = { value: '1', maxActive: 1, overflow: 'queue' } as const
        return newFiring({ contextHash: id, execution: limited(id, 'queue', { limit: id < 'c' ? wide : narrow }) })
      })
      await store.limits.declare('engine', [limit({ name: 'workflow:sync', maxActive: 2, per: 'x' })], START)
      await store.limits.set('workflow:sync', { maxActive: 1 }, START)
      await store.recordFired(firedTick({ firings, maxActive: 2, aboveLimit: 'waits' }))
      // "b" waits for the slot of "a", and "c" and "d" for their trigger.
      expect(await acquire()).toEqual(['a'])

      expect((await end('a')).toSorted()).toEqual(['b', 'c'])
      expect((await acquire()).toSorted()).toEqual(['b', 'c'])
      expect(await end('b')).toEqual([])
      expect((await store.history.listWaiting(['d'], START + 1)).get('d')).toMatchObject({ limit: 'workflow:sync' })
      expect(await end('c')).toEqual(['d'])
    })

    test('that wait for their trigger are replaced by newer ones with "newest" when it lets them begin', async () => {
      const { store } = context
      const newest = { maxActive: 1, per: null, overflow: 'newest' } as const
      await store.saveWorkflows([{ ...workflow('sync', {}), limit: newest }], START)
      await store.saveTriggers(
        [declaration({ workflow: 'sync', policy: { ...declaration().policy, maxActive: 2 } })],
        START,
      )
      await create(limited('running', 'newest'))
      const firings = ['a', 'b', 'c', 'd'].map((id) => newFiring({ contextHash: id, execution: limited(id, 'newest') }))
      await store.recordFired(firedTick({ firings, maxActive: 2, aboveLimit: 'waits' }))
      expect(await acquire()).toEqual(['running'])

      // "b" has replaced "a" in the step of the firing, so the trigger lets "c" begin, and then "d".
      expect(await store.releaseWaiting('inbox', START + 5)).toEqual({ released: [], waiting: 0 })

      expect(await Promise.all(['a', 'b', 'c', 'd'].map(statusOf))).toEqual([
        ...['Cancelled', 'Cancelled', 'Cancelled', 'Pending'],
      ])
      expect(await store.getExecution('b')).toMatchObject({ errorMessage: 'cancelled: replaced by c' })
      expect(await end('running')).toEqual(['d'])
    })

    test('begin one after the other if no engine has declared the limit', async () => {
      const { store } = context
      const two = { value: '1', maxActive: 2, overflow: 'queue', per: 'tenant' } as const
      for (const id of ['a', 'b', 'c', 'd']) await create(limited(id, 'queue', { limit: two }))
      expect(await acquire()).toEqual(['a', 'b'])

      expect(await end('a')).toEqual(['c'])

      expect(await store.limits.get('workflow:sync')).toMatchObject({ maxActive: 2, per: 'tenant', waiting: 1 })
    })

    test('begin when the limit is opened', async () => {
      const { store } = context
      await store.limits.declare('engine', [limit({ name: 'workflow:sync', maxActive: 5 })], START)
      await store.limits.close({ name: 'workflow:sync', value: null }, 500, START)
      await create(limited('first'))
      expect(await acquire()).toEqual([])

      expect((await store.limits.release(START)).available).toEqual([])
      await context.clock.advance(500)
      expect((await store.limits.release(START)).available).toEqual(['first'])
    })

    test('are refused as children of an execution that has the slot', async () => {
      const { store } = context
      await create(limited('parent'))
      await acquire()
      const of = { chainId: 'parent', taskId: 'only', name: 'k' }
      const child = (id: string, workflow: string) => {
        return { of, parentId: 'parent', depth: 1, at: START, execution: limited(id, 'queue', { workflow }) }
      }

      expect(await store.chains.startChild(child('c-1', 'sync'))).toEqual({ kind: 'heldAbove', executionId: 'parent' })
      expect(await store.chains.findChild(of)).toBeNull()
      expect(await store.chains.startChild(child('c-2', 'other'))).toEqual({ kind: 'created' })
      const below = { ...child('c-3', 'sync'), parentId: 'c-2', of: { ...of, chainId: 'c-2' } }
      expect(await store.chains.startChild(below)).toEqual({ kind: 'heldAbove', executionId: 'parent' })
    })

    context.sharedTest('do not begin together if two stores create them at the same time', async () => {
      const other = await context.openAnother()
      const ids = Array.from({ length: 20 }, (_, index) => `e-${index}`)
      const wide = { value: 'null', maxActive: 3, overflow: 'drop' } as const

      const results = await Promise.all(
        ids.map((id, index) => {
          const execution = limited(id, 'drop', { limit: wide })
          return (index % 2 === 0 ? other : context.store).createExecution(execution, { kind: 'call' }, START)
        }),
      )

      expect(results.filter(({ kind }) => kind === 'created')).toHaveLength(3)
      expect(results.filter(({ kind }) => kind === 'limited')).toHaveLength(17)
    })
  })

  describe('executions of different priorities', () => {
    beforeEach(openEngine)

    test('are acquired by priority, those that have begun before new ones, and by age', async () => {
      const plain = (id: string, priority: number) => newExecution({ id, workflow: 'sync', priority })
      await create(plain('begun', 0), START + 9)
      expect(await acquire()).toEqual(['begun'])
      await context.store.settle(settlement('begun', { givenBack: 'unserved' }))
      await create(plain('low', -1), START)
      await create(plain('late', 0), START + 2)
      await create(plain('early', 0), START + 1)
      await create(plain('high', 100), START + 3)

      expect(await acquire()).toEqual(['high', 'begun', 'early', 'late', 'low'])
      expect(await context.store.getExecution('low')).toMatchObject({ priority: -1 })
      await context.store.settle(settlement('low', { changes: [completed('only')], end: END }))
      expect(await context.store.getExecution('low')).toMatchObject({ priority: -1 })
    })

    test('are all found one after the other, also those of lower priority behind new ones', async () => {
      const plain = (id: string, priority: number) => newExecution({ id, workflow: 'sync', priority })
      const next = async () => {
        const acquisition = { instanceId: 'engine', workflows: ['sync'], at: START + 50_000, limit: 2, recover: false }
        return (await context.store.acquireExecutions(acquisition)).map(({ id }) => id)
      }
      for (let index = 0; index < 4; index++) await create(plain(`low-${index}`, -5), START + index)
      for (let index = 0; index < 3; index++) await create(plain(`high-${index}`, 5), START + 40_000 + index)

      expect(await next()).toEqual(['high-0', 'high-1'])
      expect(await next()).toEqual(['high-2', 'low-0'])
      await create(plain('new', 5), START + 50_000)
      expect(await next()).toEqual(['new', 'low-1'])
      expect(await next()).toEqual(['low-2', 'low-3'])
    })
  })
}
