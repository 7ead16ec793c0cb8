/**
 * Store contract tests for the owners of executions: their numbers, and requests that an owner did not apply because it
 * was closed, released the execution, or died. Called by `describeStoreContract`.
 */

import { describe, expect, test } from 'vitest'
import type { AcquiredExecution } from '../../src/model/execution.ts'
import { acquireAgain, acquiredExecution, OWNER } from './acquired-execution.ts'
import { APPLIED, DONE, NOTHING_STOPPED, steeringOf } from './steering-requests.ts'
import { change, completed, declaration, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const OTHER = '22222222-2222-4222-8222-222222222222'
/** Time without a heartbeat after which an owner is dead. */
const DEAD_AFTER_MS = 10_000
const HEARTBEAT_MS = 3_000

const CANCELLED = { status: 'Cancelled', endedAt: START + 9, finalText: '{}', errorMessage: 'cancelled' } as const
const NOT_OWNED = { code: 'EXECUTION_NOT_OWNED' }

export function describeOwnerContract(context: ContractContext): void {
  const { steer, request, answerTo, settle } = steeringOf(context)

  /** Stores an execution with a waiting request, closes its owner, and returns its id. */
  const left = async (kind: 'pause' | 'resume' | 'cancel'): Promise<string> => {
    const { id } = await acquiredExecution(context.store)
    await steer(kind, id, 'a-1', { at: START + 1 })
    await context.store.closeInstance(OWNER, START + 2)
    return id
  }

  /** Advances the clock while only `OTHER` sends heartbeats. */
  const pass = async (ms: number) => {
    for (let leftMs = ms; leftMs > 0; leftMs -= HEARTBEAT_MS) {
      await context.clock.advance(Math.min(leftMs, HEARTBEAT_MS))
      await context.store.heartbeat(OTHER, context.clock.now())
    }
  }

  /** Acquires the oldest execution of dead owners for `OTHER`. */
  const recover = () =>
    context.store.acquireExecutions({
      ...{ instanceId: OTHER, workflows: ['ingest'], at: context.clock.now(), limit: 1, recover: true },
    })

  /** Stores an execution with a running task, and lets its owner die. */
  const ofDeadOwner = async (): Promise<AcquiredExecution> => {
    await context.store.openInstance(OTHER, START)
    const execution = await acquiredExecution(context.store, { tasks: ['running', 'next'] })
    await settle(execution.id, { changes: [change('running', { startedAt: START + 1 })] })
    await pass(DEAD_AFTER_MS)
    return execution
  }

  describe('the number of an owner', () => {
    test('is 1 after the first acquisition, and higher after each further acquisition', async () => {
      const first = await acquiredExecution(context.store)
      await settle(first.id, { givenBack: 'unserved' })
      await context.store.openInstance(OTHER, START)

      const second = await acquireAgain(context.store, first.id, OTHER)
      await context.store.closeInstance(OTHER, START)
      const third = await acquireAgain(context.store, first.id)

      expect([first, second, third].map(({ ownerNumber }) => ownerNumber)).toEqual([1, 2, 3])
    })

    test('rejects a settlement by a former owner, even if the new owner has the same instance id', async () => {
      const { id } = await acquiredExecution(context.store)
      await context.store.closeInstance(OWNER, START)
      await context.store.openInstance(OWNER, START)
      const { ownerNumber } = await acquireAgain(context.store, id)

      const late = settle(id, { ownerNumber: ownerNumber - 1, changes: [completed('only')], end: CANCELLED })
      const early = settle(id, { ownerNumber: ownerNumber + 1, changes: [completed('only')] })

      for (const each of [late, early])
        await expect(each).rejects.toMatchObject({ ...NOT_OWNED, facts: { executionId: id } })
      expect(await context.store.getExecution(id)).toMatchObject({
        status: 'Running',
        tasks: [{ status: 'NotStarted' }],
      })
      await settle(id, { ownerNumber, changes: [completed('only')] })
      expect(await context.store.getExecution(id)).toMatchObject({ tasks: [{ status: 'Completed' }] })
    })

    context.sharedTest('allows another store object to settle the execution', async () => {
      const { id, ownerNumber } = await acquiredExecution(context.store)
      const another = await context.openAnother()

      await another.settle({ executionId: id, ownerNumber, changes: [completed('only')], end: null })

      expect(await context.store.getExecution(id)).toMatchObject({ tasks: [{ status: 'Completed' }] })
    })
  })

  describe('a request that waits while the execution changes owners', () => {
    test.each([
      ['pause', { status: 'Paused', pausedAt: START + 1 }],
      ['resume', { status: 'Running', pausedAt: null }],
    ] as const)('is applied and answered by the next acquisition: %s', async (kind, expected) => {
      const id = await left(kind)
      await context.store.openInstance(OTHER, START)

      const acquired = await acquireAgain(context.store, id, OTHER)

      expect(acquired).toMatchObject({ ...expected, cancel: null })
      expect(acquired).toMatchObject({ ...(await context.store.getExecution(id)) })
      expect(await answerTo('a-1')).toEqual(DONE)
    })

    test('resumes a paused execution with the next acquisition', async () => {
      const { id } = await acquiredExecution(context.store)
      await settle(id, { applied: await request('pause', id, 'a-1') })
      await steer('resume', id, 'a-2')
      await context.store.closeInstance(OWNER, START)
      await context.store.openInstance(OTHER, START)

      expect(await acquireAgain(context.store, id, OTHER)).toMatchObject({ status: 'Running', pausedAt: null })

      expect(await answerTo('a-2')).toEqual(DONE)
    })

    test('is returned by the next acquisition if it is a cancel, and answered when the execution ends', async () => {
      const id = await left('cancel')
      await context.store.openInstance(OTHER, START)

      const { cancel, ownerNumber, ...acquired } = await acquireAgain(context.store, id, OTHER)
      const answerBefore = await answerTo('a-1')
      await settle(id, { ownerNumber, end: CANCELLED })

      expect(cancel).toEqual({
        ...{ kind: 'cancel', number: 1, actionIds: ['a-1'], waits: false, reason: 'cancelled', at: START + 1 },
      })
      expect(acquired).toMatchObject({ status: 'Running', cancelRequestedAt: START + 1 })
      expect([answerBefore, await answerTo('a-1')]).toEqual([null, NOTHING_STOPPED])
    })

    test('is returned by each acquisition if it is a cancel, with the time of the first request', async () => {
      const { id } = await acquiredExecution(context.store)
      await settle(id, { applied: await request('cancel', id, 'a-1', { at: START + 1 }), givenBack: 'unserved' })

      const second = await acquireAgain(context.store, id)
      await settle(id, { ownerNumber: second.ownerNumber, givenBack: 'unserved' })
      const third = await acquireAgain(context.store, id)

      for (const each of [second, third])
        expect(each).toMatchObject({ cancelRequestedAt: START + 1, cancel: { number: 1, actionIds: ['a-1'] } })
    })

    test('keeps its number after an acquisition, so that the next request has a higher number', async () => {
      const id = await left('pause')
      await context.store.openInstance(OTHER, START)
      await acquireAgain(context.store, id, OTHER)

      expect(await request('resume', id, 'a-2')).toMatchObject({ number: 2 })
    })
  })

  describe('applyRequest', () => {
    test('leaves the waiting request to a living owner', async () => {
      const { id } = await acquiredExecution(context.store)
      const pause = await request('pause', id, 'a-1')

      expect(await context.store.applyRequest(id, START)).toEqual({ kind: 'requested', request: pause })

      expect(await context.store.getExecution(id)).toMatchObject({ status: 'Running', pausedAt: null })
      expect(await answerTo('a-1')).toBeNull()
    })

    test('applies the waiting request if the owner is closed', async () => {
      const id = await left('pause')

      expect(await context.store.applyRequest(id, START + 5)).toEqual(APPLIED)

      expect(await context.store.getExecution(id)).toMatchObject({ status: 'Paused', pausedAt: START + 1 })
      expect(await context.store.actions.get('a-1')).toMatchObject({ answer: DONE, answeredAt: START + 5 })
    })

    test('ends the execution for a cancel, at the time of the call and with the reason of the request', async () => {
      const id = await left('cancel')

      const answer = await context.store.applyRequest(id, START + 5)

      const end = { endedAt: START + 5, errorMessage: 'cancelled' }
      expect(answer).toEqual({ kind: 'applied', cancelled: { workflow: 'ingest', ...end } })
      const stored = { status: 'Cancelled', cancelRequestedAt: START + 1, ...end }
      expect(await context.store.getExecution(id)).toMatchObject(stored)
      expect(await context.store.actions.get('a-1')).toMatchObject({ answer: NOTHING_STOPPED, answeredAt: START + 5 })
    })

    test('applies the waiting request if the owner released the execution', async () => {
      const { id } = await acquiredExecution(context.store)
      await steer('pause', id, 'a-1')
      await settle(id, { givenBack: 'unserved' })

      expect(await context.store.applyRequest(id, START)).toEqual(APPLIED)

      expect(await answerTo('a-1')).toEqual(DONE)
    })

    test('changes nothing without a waiting request, and for an ended or unknown execution', async () => {
      const { id } = await acquiredExecution(context.store)
      const running = [await context.store.getExecution(id), await context.store.applyRequest(id, START)]
      await settle(id, { end: CANCELLED })

      expect(running).toEqual([running[0], APPLIED])
      expect(await context.store.applyRequest(id, START)).toEqual({ kind: 'ended', status: 'Cancelled' })
      expect(await context.store.applyRequest('none', START)).toEqual({ kind: 'unknown' })
    })
  })

  describe('an owner without heartbeats', () => {
    test('receives requests for up to 10 s after its last heartbeat', async () => {
      await context.store.openInstance(OTHER, START)
      const { id } = await acquiredExecution(context.store)
      await pass(DEAD_AFTER_MS - 1)

      expect(await steer('pause', id, 'a-1')).toMatchObject({ kind: 'requested' })
      await context.clock.advance(1)

      expect(await context.store.applyRequest(id, context.clock.now())).toEqual(APPLIED)
    })

    test.each([
      ['pause', { status: 'Paused', pausedAt: START + 2 }],
      ['resume', { status: 'Pending', pausedAt: null }],
    ] as const)('loses the execution to a %s, and cannot settle it later', async (kind, expected) => {
      const { id, ownerNumber } = await ofDeadOwner()

      expect(await steer(kind, id, 'a-1', { at: START + 2 })).toEqual(APPLIED)
      const late = settle(id, { ownerNumber, changes: [completed('running')], end: CANCELLED })

      await expect(late).rejects.toMatchObject(NOT_OWNED)
      expect(await answerTo('a-1')).toEqual(DONE)
      expect(await context.store.getExecution(id)).toMatchObject({
        ...{ ...expected, endedAt: null },
        tasks: [{ status: 'Ready', recoveries: 1 }, { status: 'NotStarted' }],
      })
      expect(await context.store.listAttempts(id)).toMatchObject([
        { taskId: 'running', attempt: 1, outcome: 'lost', startedAt: START + 1 },
      ])
    })

    test('loses the execution to a cancel, which ends the execution, and cannot settle it later', async () => {
      const { id, ownerNumber } = await ofDeadOwner()

      const answer = await steer('cancel', id, 'a-1', { reason: 'cancelled: no', at: START + 2 })
      const late = settle(id, { ownerNumber, changes: [completed('running')] })

      expect(answer).toMatchObject({
        kind: 'applied',
        cancelled: { endedAt: START + 2, errorMessage: 'cancelled: no' },
      })
      await expect(late).rejects.toMatchObject(NOT_OWNED)
      expect(await context.store.getExecution(id)).toMatchObject({
        ...{ status: 'Cancelled', endedAt: START + 2, errorMessage: 'cancelled: no' },
        tasks: [{ status: 'Cancelled' }, { status: 'Cancelled' }],
      })
      expect(await context.store.listAttempts(id)).toMatchObject([{ taskId: 'running', outcome: 'lost' }])
      expect(await answerTo('a-1')).toEqual(NOTHING_STOPPED)
    })

    test('cannot settle the execution under a former number after a new acquisition by any engine', async () => {
      const { id, ownerNumber } = await ofDeadOwner()
      await steer('resume', id, 'a-1')

      const byOther = await acquireAgain(context.store, id, OTHER)
      await settle(id, { ownerNumber: byOther.ownerNumber, givenBack: 'unserved' })
      const again = await acquireAgain(context.store, id)

      expect(byOther.ownerNumber).toBeGreaterThan(ownerNumber)
      expect(again.ownerNumber).toBeGreaterThan(byOther.ownerNumber)
      for (const former of [ownerNumber, byOther.ownerNumber])
        await expect(settle(id, { ownerNumber: former, changes: [completed('next')] })).rejects.toMatchObject(NOT_OWNED)
      await settle(id, { ownerNumber: again.ownerNumber, changes: [completed('next')] })
    })

    test('is notified once, by its next heartbeat, that another engine recovered its execution', async () => {
      await context.store.openInstance(OTHER, START)
      const { id } = await acquiredExecution(context.store)
      const alive = await context.store.heartbeat(OWNER, START)
      await pass(DEAD_AFTER_MS)
      const taken = await recover()

      const beats = [await context.store.heartbeat(OWNER, START), await context.store.heartbeat(OWNER, START)]

      expect(taken).toMatchObject([{ id, ownerNumber: 2 }])
      expect([alive, ...beats].map(({ wasDead }) => wasDead)).toEqual([false, true, false])
    })

    test('loses its remaining executions at its next heartbeat, before another engine acquires them', async () => {
      const { id } = await ofDeadOwner()
      const later = newExecution()
      await context.store.createExecution(later, { kind: 'call' }, START + 1)
      const { ownerNumber } = await acquireAgain(context.store, later.id)
      await settle(later.id, { ownerNumber, changes: [change('only')] })
      expect(await recover()).toMatchObject([{ id }])

      const { wasDead } = await context.store.heartbeat(OWNER, context.clock.now())
      const late = settle(later.id, { ownerNumber, changes: [completed('only')] })

      expect(wasDead).toBe(true)
      await expect(late).rejects.toMatchObject(NOT_OWNED)
      expect(await acquireAgain(context.store, later.id, OTHER)).toMatchObject({
        ...{ ownerNumber: 2, status: 'Running' },
        tasks: [{ status: 'Ready', recoveries: 1 }],
      })
    })

    test('is notified by its next heartbeat that another engine has taken its lease', async () => {
      await context.store.saveTriggers([declaration()], START)
      await context.store.openInstance(OTHER, START)
      await acquiredExecution(context.store)
      await context.store.leaseTriggers(OWNER, ['inbox'])
      await pass(DEAD_AFTER_MS)
      const { held } = await context.store.leaseTriggers(OTHER, ['inbox'])

      const { wasDead } = await context.store.heartbeat(OWNER, context.clock.now())

      expect(held).toEqual([{ trigger: 'inbox', number: 2 }])
      expect(wasDead).toBe(true)
    })

    test.each(['pause', 'cancel'] as const)('is notified by a heartbeat that a %s took its execution', async (kind) => {
      const { id } = await ofDeadOwner()
      const steered = await steer(kind, id, 'a-1')

      const { wasDead } = await context.store.heartbeat(OWNER, context.clock.now())

      expect(steered.kind).toBe('applied')
      expect(wasDead).toBe(true)
    })

    test('leaves a waiting request to the acquisition that recovers the execution', async () => {
      await context.store.openInstance(OTHER, START)
      const { id } = await acquiredExecution(context.store)
      await steer('pause', id, 'a-1', { at: START + 1 })
      await pass(DEAD_AFTER_MS)

      const taken = await recover()

      expect(taken).toMatchObject([{ id, ownerNumber: 2, status: 'Paused', pausedAt: START + 1 }])
      expect(await answerTo('a-1')).toEqual(DONE)
    })
  })
}
