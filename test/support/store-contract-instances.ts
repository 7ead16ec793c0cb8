/** The store contract's cases about runners: leases, ownership, and what the dead leave. Run through `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { LeasedTriggers } from '../../src/engine/ports.ts'
import { isServed } from '../../src/engine/steering/instance-calls.ts'
import type { AcquiredExecution } from '../../src/model/execution.ts'
import {
  change,
  completed,
  declaration,
  FIRST_PAGE,
  failedTick,
  firedTick,
  newExecution,
  START,
  settlement,
} from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

/** Heartbeats that stand still for so long are a dead runner's. */
const DEAD_AFTER_MS = 10_000
const HEARTBEAT_MS = 3_000

export function describeInstanceContract(context: ContractContext): void {
  const acquire = (instanceId: string, at: number, given: { recover?: boolean; workflows?: readonly string[] } = {}) =>
    context.store.acquireExecutions({ instanceId, workflows: ['ingest'], at, limit: 10, recover: false, ...given })

  /** Lets time pass in which those that live are heard of, and look. */
  const pass = async (ms: number, living: readonly string[], store = context.store) => {
    for (let leftMs = ms; leftMs > 0; leftMs -= HEARTBEAT_MS) {
      await context.clock.advance(Math.min(leftMs, HEARTBEAT_MS))
      for (const each of living) await store.heartbeat(each, context.clock.now())
    }
  }
  const triggersOf = ({ held }: LeasedTriggers) => held.map((lease) => lease.trigger)

  /** Number of the lease of the trigger `inbox` that the instance takes; 0: it gets none. */
  const leaseNumber = async (instanceId: string) =>
    (await context.store.leaseTriggers(instanceId, ['inbox'])).held[0]?.number ?? 0

  describe('whether anybody serves the database', () => {
    test('is so while an instance is open', async () => {
      const before = await isServed(context.store, START)
      await context.store.openInstance('first', START)
      const open = await isServed(context.store, START)
      await context.store.closeInstance('first', START)

      expect([before, open, await isServed(context.store, START)]).toEqual([false, true, false])
    })
  })

  describe('leases of triggers', () => {
    test('a trigger is polled by one of two living runners', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)

      const first = await context.store.leaseTriggers('first', ['inbox'])
      const second = await context.store.leaseTriggers('second', ['inbox'])
      const again = await context.store.leaseTriggers('first', ['inbox'])

      const lease = { trigger: 'inbox', number: 1 }
      expect([first, second, again].map(({ held }) => held)).toEqual([[lease], [], [lease]])
    })

    test('leased names come back in the order asked for, without those that do not exist', async () => {
      await context.store.saveTriggers([declaration({ name: 'a' }), declaration({ name: 'b' })], START)
      await context.store.openInstance('first', START)

      const held = await context.store.leaseTriggers('first', ['b', 'nobody', 'a'])

      expect(triggersOf(held)).toEqual(['b', 'a'])
    })

    test('a runner that stops hands its triggers to the next that asks, under a new number', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await context.store.leaseTriggers('first', ['inbox'])

      await context.store.closeInstance('first', START + 1)

      const { held } = await context.store.leaseTriggers('second', ['inbox'])
      expect(held).toEqual([{ trigger: 'inbox', number: 2 }])
    })

    test('a runner that was not heard of for 10 seconds loses its triggers, and not before', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await context.store.leaseTriggers('first', ['inbox'])
      await pass(HEARTBEAT_MS, ['first', 'second'])

      await pass(DEAD_AFTER_MS - 1, ['second'])
      const before = await context.store.leaseTriggers('second', ['inbox'])
      await context.clock.advance(1)
      const after = await context.store.leaseTriggers('second', ['inbox'])
      const formerHolder = await context.store.leaseTriggers('first', ['inbox'])

      expect([before, after, formerHolder].map(triggersOf)).toEqual([[], ['inbox'], []])
    })

    test.each([
      ['back', -7_200_000],
      ['forward', 7_200_000],
    ])('a wall clock that is set %s makes nobody dead, and nobody immortal', async (_direction, byMs) => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await context.store.leaseTriggers('first', ['inbox'])

      await context.clock.setWall(byMs)
      await pass(DEAD_AFTER_MS - HEARTBEAT_MS, ['second'])
      const before = await context.store.leaseTriggers('second', ['inbox'])
      await pass(HEARTBEAT_MS, ['second'])
      const after = await context.store.leaseTriggers('second', ['inbox'])

      expect([before, after].map(triggersOf)).toEqual([[], ['inbox']])
    })

    test('a runner that stood still itself takes nobody for dead by that', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await context.store.leaseTriggers('first', ['inbox'])

      await context.clock.advance(3_600_000)

      expect(await context.store.leaseTriggers('second', ['inbox'])).toEqual({ held: [], surplus: [] })
    })

    test('what was polled under a lease that another has taken since is lost: nothing of it is stored', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      const former = await leaseNumber('first')
      await pass(DEAD_AFTER_MS, ['second'])
      const present = await leaseNumber('second')
      const execution = newExecution()

      const fired = await context.store.recordFired(firedTick({ lease: former, execution }))
      const failed = await context.store.recordFailed(failedTick({ lease: former }))

      expect([fired.kind, failed.kind]).toEqual(['lost', 'lost'])
      expect(await context.store.listTicks('inbox', FIRST_PAGE)).toEqual([])
      expect(await context.store.listFirings('inbox', FIRST_PAGE)).toEqual([])
      expect(await context.store.getExecution(execution.id)).toBeNull()
      expect(await context.store.recordFired(firedTick({ lease: present }))).toEqual({ kind: 'started' })
    })

    test('what was polled under a lease that nobody has taken since is kept, also when its runner stopped', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      const lease = await leaseNumber('first')
      await context.store.closeInstance('first', START)

      const result = await context.store.recordFired(firedTick({ lease }))

      expect(result).toEqual({ kind: 'started' })
    })

    test('a runner that was never opened cannot take anything', async () => {
      await context.store.saveTriggers([declaration()], START)

      const lease = context.store.leaseTriggers('nobody', ['inbox'])

      await expect(lease).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    })
  })

  describe('executions of runners that stopped or died', () => {
    /** One execution of the runner `first`, with a task in each interesting state. */
    const startedByFirst = async (): Promise<AcquiredExecution> => {
      const execution = newExecution({ tasks: ['done', 'running', 'waiting', 'untouched'] })
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await context.store.createExecution(execution, { kind: 'call' }, START)
      const [acquired] = await acquire('first', START + 1)
      await context.store.settle(
        settlement(execution.id, {
          changes: [
            completed('done', { outputText: '{"rows": 1.0}' }),
            change('running'),
            change('waiting', { status: 'Ready', attempts: 2, notBeforeAt: START + 90_000 }),
          ],
        }),
      )
      if (acquired === undefined) throw new Error('nothing was acquired')
      return acquired
    }

    test('what a stopping runner leaves is gone on with by the next, and its running task is ready again', async () => {
      const { id } = await startedByFirst()

      await context.store.closeInstance('first', START + 10)
      const [taken] = await acquire('second', START + 11)

      expect(taken).toMatchObject({ id, status: 'Running', startedAt: START + 1 })
      expect(taken?.tasks).toMatchObject([
        { taskId: 'done', status: 'Completed', outputText: '{"rows": 1.0}' },
        { taskId: 'running', status: 'Ready', attempts: 1, recoveries: 0 },
        { taskId: 'waiting', status: 'Ready', attempts: 2, notBeforeAt: START + 90_000, recoveries: 0 },
        { taskId: 'untouched', status: 'NotStarted' },
      ])
    })

    test('what a dead runner left is taken over, its running task is ready again and counts as recovered', async () => {
      const { id } = await startedByFirst()
      await pass(DEAD_AFTER_MS, ['second'])

      const [taken] = await acquire('second', START + DEAD_AFTER_MS, { recover: true })

      expect(taken).toMatchObject({ id, status: 'Running', startedAt: START + 1 })
      expect(taken?.tasks).toMatchObject([
        { taskId: 'done', status: 'Completed', recoveries: 0, outputText: '{"rows": 1.0}' },
        { taskId: 'running', status: 'Ready', attempts: 1, recoveries: 1 },
        { taskId: 'waiting', status: 'Ready', attempts: 2, recoveries: 0, notBeforeAt: START + 90_000 },
        { taskId: 'untouched', status: 'NotStarted', recoveries: 0 },
      ])
      expect(taken).toEqual({ ...(await context.store.getExecution(id)), ownerNumber: 2, cancel: null })
    })

    test('nothing is taken from a living runner, nor from a dead one without recovery, nor for an unknown workflow', async () => {
      await startedByFirst()

      await pass(DEAD_AFTER_MS - 1, ['second'])
      const fromLiving = await acquire('second', START + DEAD_AFTER_MS - 1, { recover: true })
      await context.clock.advance(1)
      const withoutRecovery = await acquire('second', START + DEAD_AFTER_MS)
      const unknown = await acquire('second', START + DEAD_AFTER_MS, { recover: true, workflows: ['other'] })
      const taken = await acquire('second', START + DEAD_AFTER_MS, { recover: true })

      expect([fromLiving, withoutRecovery, unknown]).toEqual([[], [], []])
      expect(taken).toHaveLength(1)
    })

    context.sharedTest(
      'a runner that was taken for dead can no longer settle what another has taken over',
      async () => {
        const { id } = await startedByFirst()
        const another = await context.openAnother()
        await another.openInstance('third', START)
        await pass(DEAD_AFTER_MS, ['third'], another)
        await another.acquireExecutions({
          instanceId: 'third',
          workflows: ['ingest'],
          at: START + DEAD_AFTER_MS,
          limit: 10,
          recover: true,
        })

        const late = context.store.settle(settlement(id, { changes: [completed('running')] }))

        await expect(late).rejects.toMatchObject({ code: 'EXECUTION_NOT_OWNED', facts: { executionId: id } })
        expect((await another.getExecution(id))?.tasks[1]).toMatchObject({ status: 'Ready', recoveries: 1 })
      },
    )

    test('a runner that was taken for dead and removed enters again with its next heartbeat', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await pass(DEAD_AFTER_MS, ['second'])
      await acquire('second', START + DEAD_AFTER_MS, { recover: true })

      const { wasDead } = await context.store.heartbeat('first', START + DEAD_AFTER_MS + 1)

      expect(wasDead).toBe(true)
      expect(triggersOf(await context.store.leaseTriggers('first', ['inbox']))).toEqual(['inbox'])
    })

    test('stopping a runner that is not open does nothing', async () => {
      await expect(context.store.closeInstance('nobody', START)).resolves.toBeUndefined()
    })
  })
}
