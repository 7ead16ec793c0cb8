/** The store contract's cases about runners: leases, ownership, and what the dead leave. Run through `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { Execution } from '../../src/model/execution.ts'
import { change, completed, declaration, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

/** A heartbeat of this age is a dead runner's. */
const DEAD_AFTER_MS = 30_000

export function describeInstanceContract(context: ContractContext): void {
  const acquire = (instanceId: string, at: number, given: { recover?: boolean; workflows?: readonly string[] } = {}) =>
    context.store.acquireExecutions({ instanceId, workflows: ['ingest'], at, limit: 10, recover: false, ...given })

  describe('leases of triggers', () => {
    test('a trigger is polled by one of two living runners', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)

      const first = await context.store.leaseTriggers('first', ['inbox'], START)
      const second = await context.store.leaseTriggers('second', ['inbox'], START + 1)
      const again = await context.store.leaseTriggers('first', ['inbox'], START + 2)

      expect([first, second, again]).toEqual([['inbox'], [], ['inbox']])
    })

    test('leased names come back in the order asked for, without those that do not exist', async () => {
      await context.store.saveTriggers([declaration({ name: 'a' }), declaration({ name: 'b' })], START)
      await context.store.openInstance('first', START)

      const held = await context.store.leaseTriggers('first', ['b', 'nobody', 'a'], START)

      expect(held).toEqual(['b', 'a'])
    })

    test('a runner that stops hands its triggers to the next that asks', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await context.store.leaseTriggers('first', ['inbox'], START)

      await context.store.closeInstance('first', START + 1)

      expect(await context.store.leaseTriggers('second', ['inbox'], START + 2)).toEqual(['inbox'])
    })

    test('a runner that was not heard of for 30 seconds loses its triggers, and not before', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await context.store.leaseTriggers('first', ['inbox'], START)
      await context.store.heartbeat('first', START + 10_000)
      const deadAt = START + 10_000 + DEAD_AFTER_MS
      await context.store.heartbeat('second', deadAt)

      const before = await context.store.leaseTriggers('second', ['inbox'], deadAt - 1)
      const after = await context.store.leaseTriggers('second', ['inbox'], deadAt)
      const formerHolder = await context.store.leaseTriggers('first', ['inbox'], deadAt)

      expect([before, after, formerHolder]).toEqual([[], ['inbox'], []])
    })

    test('a runner that was never opened cannot take anything', async () => {
      await context.store.saveTriggers([declaration()], START)

      const lease = context.store.leaseTriggers('nobody', ['inbox'], START)

      await expect(lease).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    })
  })

  describe('executions of runners that stopped or died', () => {
    /** One execution of the runner `first`, with a task in each interesting state. */
    const startedByFirst = async (): Promise<Execution> => {
      const execution = newExecution({ tasks: ['done', 'running', 'waiting', 'untouched'] })
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await context.store.createExecution(execution, { kind: 'call' }, START)
      const [acquired] = await acquire('first', START + 1)
      await context.store.settle({
        executionId: execution.id,
        changes: [
          completed('done', { outputText: '{"rows": 1.0}' }),
          change('running'),
          change('waiting', { status: 'Ready', attempts: 2, notBeforeAt: START + 90_000 }),
        ],
        end: null,
      })
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
      await context.store.heartbeat('second', START + DEAD_AFTER_MS)

      const [taken] = await acquire('second', START + DEAD_AFTER_MS, { recover: true })

      expect(taken).toMatchObject({ id, status: 'Running', startedAt: START + 1 })
      expect(taken?.tasks).toMatchObject([
        { taskId: 'done', status: 'Completed', recoveries: 0, outputText: '{"rows": 1.0}' },
        { taskId: 'running', status: 'Ready', attempts: 1, recoveries: 1 },
        { taskId: 'waiting', status: 'Ready', attempts: 2, recoveries: 0, notBeforeAt: START + 90_000 },
        { taskId: 'untouched', status: 'NotStarted', recoveries: 0 },
      ])
      expect(await context.store.getExecution(id)).toEqual(taken)
    })

    test('nothing is taken from a living runner, nor from a dead one without recovery, nor for an unknown workflow', async () => {
      await startedByFirst()

      const fromLiving = await acquire('second', START + DEAD_AFTER_MS - 1, { recover: true })
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
        await another.openInstance('third', START + DEAD_AFTER_MS)
        await another.acquireExecutions({
          instanceId: 'third',
          workflows: ['ingest'],
          at: START + DEAD_AFTER_MS,
          limit: 10,
          recover: true,
        })

        const late = context.store.settle({ executionId: id, changes: [completed('running')], end: null })

        await expect(late).rejects.toMatchObject({ code: 'DATABASE_FAILED', facts: { executionId: id } })
        expect((await another.getExecution(id))?.tasks[1]).toMatchObject({ status: 'Ready', recoveries: 1 })
      },
    )

    test('a runner that was taken for dead and removed enters again with its next heartbeat', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START + DEAD_AFTER_MS)
      await acquire('second', START + DEAD_AFTER_MS, { recover: true })

      await context.store.heartbeat('first', START + DEAD_AFTER_MS + 1)

      expect(await context.store.leaseTriggers('first', ['inbox'], START + DEAD_AFTER_MS + 1)).toEqual(['inbox'])
    })

    test('stopping a runner that is not open does nothing', async () => {
      await expect(context.store.closeInstance('nobody', START)).resolves.toBeUndefined()
    })
  })
}
