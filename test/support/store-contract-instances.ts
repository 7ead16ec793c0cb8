/**
 * Store contract tests for engines: leases of triggers, and executions of closed and dead engines.
 * Called by `describeStoreContract`.
 */

import { describe, expect, test } from 'vitest'
import { isServed } from '../../src/engine/actions/action-requests.ts'
import type { LeasedTriggers } from '../../src/engine/store-ports.ts'
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

/** Time without a heartbeat after which an engine is dead. */
const DEAD_AFTER_MS = 10_000
const HEARTBEAT_MS = 3_000

export function describeInstanceContract(context: ContractContext): void {
  const acquire = (instanceId: string, at: number, given: { recover?: boolean; workflows?: readonly string[] } = {}) =>
    context.store.acquireExecutions({ instanceId, workflows: ['ingest'], at, limit: 10, recover: false, ...given })

  /** Advances the clock while the living engines send heartbeats. */
  const pass = async (ms: number, living: readonly string[], store = context.store) => {
    for (let leftMs = ms; leftMs > 0; leftMs -= HEARTBEAT_MS) {
      await context.clock.advance(Math.min(leftMs, HEARTBEAT_MS))
      for (const each of living) await store.heartbeat(each, context.clock.now())
    }
  }
  const triggersOf = ({ held }: LeasedTriggers) => held.map((lease) => lease.trigger)

  /** Leases the trigger `inbox` for an engine, and returns the number of the lease, or 0 without a lease. */
  const leaseNumber = async (instanceId: string) =>
    (await context.store.leaseTriggers(instanceId, ['inbox'])).held[0]?.number ?? 0

  describe('isServed', () => {
    test('returns true only while an engine is open', async () => {
      const before = await isServed(context.store, START)
      await context.store.openInstance('first', START)
      const open = await isServed(context.store, START)
      await context.store.closeInstance('first', START)

      expect([before, open, await isServed(context.store, START)]).toEqual([false, true, false])
    })
  })

  describe('leases of triggers', () => {
    test('only one of two living engines gets the lease of a trigger', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)

      const first = await context.store.leaseTriggers('first', ['inbox'])
      const second = await context.store.leaseTriggers('second', ['inbox'])
      const again = await context.store.leaseTriggers('first', ['inbox'])

      const lease = { trigger: 'inbox', number: 1 }
      expect([first, second, again].map(({ held }) => held)).toEqual([[lease], [], [lease]])
    })

    test('leases are returned in the requested order, without unknown triggers', async () => {
      await context.store.saveTriggers([declaration({ name: 'a' }), declaration({ name: 'b' })], START)
      await context.store.openInstance('first', START)

      const held = await context.store.leaseTriggers('first', ['b', 'nobody', 'a'])

      expect(triggersOf(held)).toEqual(['b', 'a'])
    })

    test('the next engine leases the triggers of a closed engine under a new number', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await context.store.leaseTriggers('first', ['inbox'])

      await context.store.closeInstance('first', START + 1)

      const { held } = await context.store.leaseTriggers('second', ['inbox'])
      expect(held).toEqual([{ trigger: 'inbox', number: 2 }])
    })

    test('an engine loses its triggers after 10 s without a heartbeat, not earlier', async () => {
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
    ])('an engine dies after 10 s without a heartbeat, even if the wall clock is set %s', async (_direction, byMs) => {
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

    test('an engine that was suspended for an hour does not regard other engines as dead', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await context.store.leaseTriggers('first', ['inbox'])

      await context.clock.advance(3_600_000)

      expect(await context.store.leaseTriggers('second', ['inbox'])).toEqual({ held: [], surplus: [] })
    })

    test('the result of a poll is not stored if another engine has taken the lease since', async () => {
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

    test('the result of a poll is stored if no other engine has taken the lease of the closed engine', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      const lease = await leaseNumber('first')
      await context.store.closeInstance('first', START)

      const result = await context.store.recordFired(firedTick({ lease }))

      expect(result).toEqual({ kind: 'started' })
    })

    test('rejects a lease for an engine that was never opened', async () => {
      await context.store.saveTriggers([declaration()], START)

      const lease = context.store.leaseTriggers('nobody', ['inbox'])

      await expect(lease).rejects.toMatchObject({ code: 'DATABASE_FAILED' })
    })
  })

  describe('executions of closed or dead engines', () => {
    /** Stores an execution that `first` owns, with a completed, a running, a waiting and a new task. */
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

    test('another engine continues the execution of a closed engine, and its running task is ready again', async () => {
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

    test('another engine recovers the execution of a dead engine, and its task has one recovery', async () => {
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
      expect(taken).toEqual({
        ...(await context.store.getExecution(id)),
        ownerNumber: 2,
        cancel: null,
        chainId: id,
        waits: [],
      })
    })

    test('an execution is not acquired from a living engine, without recovery, or for another workflow', async () => {
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
      'rejects a settlement by a dead engine after another engine has acquired the execution',
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

    test('the next heartbeat reopens an engine that was removed as dead', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance('first', START)
      await context.store.openInstance('second', START)
      await pass(DEAD_AFTER_MS, ['second'])
      await acquire('second', START + DEAD_AFTER_MS, { recover: true })

      const { wasDead } = await context.store.heartbeat('first', START + DEAD_AFTER_MS + 1)

      expect(wasDead).toBe(true)
      expect(triggersOf(await context.store.leaseTriggers('first', ['inbox']))).toEqual(['inbox'])
    })

    test('closing an unknown engine does nothing', async () => {
      await expect(context.store.closeInstance('nobody', START)).resolves.toBeUndefined()
    })
  })
}
