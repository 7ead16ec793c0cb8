/** Store contract tests for requests to pause, resume and cancel executions. Called by `describeStoreContract`. */

import { describe, expect, test } from 'vitest'
import type { ExecutionEnd } from '../../src/engine/store-ports.ts'
import { acquireAgain, acquiredExecution, OWNER } from './acquired-execution.ts'
import { APPLIED, DONE, NOTHING_STOPPED, REFUSED, steeringOf } from './steering-requests.ts'
import { change, completed, newExecution, START } from './store-builders.ts'
import type { ContractContext } from './store-contract.ts'

const CANCELLED: ExecutionEnd = { status: 'Cancelled', endedAt: START + 9, finalText: '{}', errorMessage: 'no' }

export function describeSteeringContract(context: ContractContext): void {
  const { steer, request, answerTo, settle } = steeringOf(context)
  const pending = async () => {
    const execution = newExecution({ tasks: ['first', 'second'], inputText: '{"given":1}' })
    await context.store.createExecution(execution, { kind: 'call' }, START)
    return execution
  }

  describe('requests for executions without an owner', () => {
    test('a pause and a resume are applied and answered immediately', async () => {
      const { id } = await pending()

      expect(await steer('pause', id, 'a-1', { at: START + 1 })).toEqual(APPLIED)
      const paused = await context.store.getExecution(id)
      expect(await steer('resume', id, 'a-2', { at: START + 2 })).toEqual(APPLIED)
      const resumed = await context.store.getExecution(id)

      expect(paused).toMatchObject({ status: 'Paused', pausedAt: START + 1 })
      expect(resumed).toMatchObject({ status: 'Pending', pausedAt: null })
      expect(await context.store.actions.get('a-1')).toMatchObject({ answer: DONE, answeredAt: START + 1 })
      expect(await context.store.actions.get('a-2')).toMatchObject({ answer: DONE, answeredAt: START + 2 })
    })

    test('a paused execution stays paused for the engine that acquires it, until it is resumed', async () => {
      const { id } = await pending()
      await steer('pause', id, 'a-1', { at: START + 1 })
      await context.store.openInstance(OWNER, START)

      const acquired = await acquireAgain(context.store, id)
      await settle(id, { applied: await request('resume', id, 'a-2') })

      expect(acquired).toMatchObject({ status: 'Paused', pausedAt: START + 1 })
      expect(await context.store.getExecution(id)).toMatchObject({ status: 'Running', pausedAt: null })
    })

    test('a cancel ends the execution with all its tasks, and the input becomes the final context', async () => {
      const { id, workflow, inputText } = await pending()

      const answer = await steer('cancel', id, 'a-1', { reason: 'cancelled: wrong day', at: START + 9 })

      const end = { endedAt: START + 9, errorMessage: 'cancelled: wrong day' }
      expect(answer).toEqual({ kind: 'applied', cancelled: { workflow, ...end } })
      expect(await context.store.getExecution(id)).toMatchObject({
        ...{ status: 'Cancelled', finalText: inputText, cancelRequestedAt: START + 9, ...end },
        tasks: [
          { status: 'Cancelled', endedAt: START + 9 },
          { status: 'Cancelled', endedAt: START + 9 },
        ],
      })
      expect(await context.store.actions.get('a-1')).toMatchObject({ answer: NOTHING_STOPPED, answeredAt: START + 9 })
    })

    test('a cancel keeps completed tasks, and the last output becomes the final context', async () => {
      const { id } = await acquiredExecution(context.store, { tasks: ['first', 'second'] })
      await settle(id, { changes: [completed('first', { outputText: '{"rows":1.0}' })], givenBack: 'unserved' })

      await steer('cancel', id, 'a-1')

      expect(await context.store.getExecution(id)).toMatchObject({
        ...{ status: 'Cancelled', finalText: '{"rows":1.0}' },
        tasks: [{ status: 'Completed' }, { status: 'Cancelled' }],
      })
    })

    test.each(['pause', 'resume', 'cancel'] as const)(
      'a %s of an ended or unknown execution returns the reason, and stores no action',
      async (kind) => {
        const { id } = await pending()
        await steer('cancel', id, 'a-1', { at: START + 9 })

        expect(await steer(kind, id, 'a-2', { at: START + 10 })).toEqual({ kind: 'ended', status: 'Cancelled' })
        expect(await steer(kind, 'none', 'a-3')).toEqual({ kind: 'unknown' })

        expect([await answerTo('a-2'), await answerTo('a-3')]).toEqual([undefined, undefined])
        expect(await context.store.getExecution(id)).toMatchObject({ endedAt: START + 9, pausedAt: null })
      },
    )
  })

  describe('requests for executions with a living owner', () => {
    test('are stored with a number and their action, and change nothing until the owner applies them', async () => {
      const { id } = await acquiredExecution(context.store)
      const before = await context.store.getExecution(id)

      const answer = await steer('cancel', id, 'a-1', { waits: true, reason: 'cancelled: no', at: START + 1 })

      const stored = { kind: 'cancel', actionIds: ['a-1'], waits: true, reason: 'cancelled: no', at: START + 1 }
      expect(answer).toEqual({ kind: 'requested', request: { ...stored, number: 1 } })
      expect(await context.store.getExecution(id)).toEqual(before)
      expect(await context.store.actions.unanswered(10)).toMatchObject([{ id: 'a-1', kind: 'cancel', target: id }])
    })

    test('a pause and a resume are applied and answered when the owner stores its changes', async () => {
      const { id } = await acquiredExecution(context.store)
      const pause = await request('pause', id, 'a-1', { at: START + 1 })
      await context.clock.advance(5)

      await settle(id, { changes: [change('only')], applied: pause })
      const paused = await context.store.getExecution(id)
      const resume = await request('resume', id, 'a-2')
      await settle(id, { applied: resume })

      expect([pause.number, resume.number]).toEqual([1, 2])
      expect(paused).toMatchObject({ status: 'Paused', pausedAt: START + 1, tasks: [{ status: 'Running' }] })
      expect(await context.store.actions.get('a-1')).toMatchObject({ answer: DONE, answeredAt: START + 5 })
      expect(await context.store.getExecution(id)).toMatchObject({ status: 'Running', pausedAt: null })
      expect(await answerTo('a-2')).toEqual(DONE)
    })

    test('a new request replaces a request of another kind, whose action is answered as refused', async () => {
      const { id } = await acquiredExecution(context.store)
      const pause = await request('pause', id, 'a-1')

      const resume = await request('resume', id, 'a-2', { at: START + 3 })
      expect(await context.store.actions.get('a-1')).toMatchObject({
        answer: { isRefused: true, text: 'Before an engine applied this request, a newer request replaced it.' },
        answeredAt: START + 3,
      })
      await settle(id, { applied: pause })
      expect(await context.store.getExecution(id)).toMatchObject({ status: 'Running', pausedAt: null })
      expect(await answerTo('a-2')).toBeNull()
      await settle(id, { applied: resume })

      expect(resume).toMatchObject({ number: 2, actionIds: ['a-2'] })
      expect(await answerTo('a-2')).toEqual(DONE)
    })

    test('a new request joins a request of its kind, and both actions are answered when it is applied', async () => {
      const { id } = await acquiredExecution(context.store)
      const first = await request('pause', id, 'a-1', { at: START + 1 })

      const joined = await request('pause', id, 'a-2', { at: START + 2 })
      await settle(id, { applied: first })
      expect(await context.store.getExecution(id)).toMatchObject({ status: 'Running', pausedAt: null })
      await settle(id, { applied: joined })

      expect(joined).toMatchObject({ number: 2, actionIds: ['a-1', 'a-2'], at: START + 1 })
      expect(await context.store.getExecution(id)).toMatchObject({ status: 'Paused', pausedAt: START + 1 })
      expect([await answerTo('a-1'), await answerTo('a-2')]).toEqual([DONE, DONE])
    })

    test.each([
      [true, true, true],
      [true, false, false],
      [false, true, false],
    ])('two cancels are joined: waits %s and %s become %s, with the first reason', async (first, second, waits) => {
      const { id } = await acquiredExecution(context.store)
      const replaced = await request('cancel', id, 'a-1', { waits: first, reason: 'first' })

      const joined = await request('cancel', id, 'a-2', { waits: second, reason: 'second' })
      await settle(id, { applied: replaced })
      await settle(id, { applied: joined })

      expect(joined).toMatchObject({ number: 2, actionIds: ['a-1', 'a-2'], waits, reason: 'first' })
      expect(await context.store.getExecution(id)).toMatchObject({ cancelRequestedAt: START })
    })

    test('two cancels before the owner applies the first one store the time of the first', async () => {
      const { id } = await acquiredExecution(context.store)
      const first = await request('cancel', id, 'a-1', { at: START + 1 })
      await request('cancel', id, 'a-2', { at: START + 2 })

      await settle(id, { applied: first })
      const cancelling = await context.store.getExecution(id)
      await settle(id, { end: CANCELLED })

      expect(cancelling).toMatchObject({ status: 'Running', cancelRequestedAt: START + 1 })
      expect(await context.store.getExecution(id)).toMatchObject({ ...CANCELLED, cancelRequestedAt: START + 1 })
      expect([await answerTo('a-1'), await answerTo('a-2')]).toEqual([NOTHING_STOPPED, NOTHING_STOPPED])
    })

    test('a cancel replaces a pause, but nothing replaces a waiting or applied cancel', async () => {
      const { id } = await acquiredExecution(context.store)
      await steer('pause', id, 'a-1')

      const cancel = await request('cancel', id, 'a-2')
      const before = [await steer('pause', id, 'a-3'), await steer('resume', id, 'a-4')]
      await settle(id, { applied: cancel })
      const after = [await steer('pause', id, 'a-5'), await steer('resume', id, 'a-6')]

      expect([...before, ...after]).toEqual(Array(4).fill({ kind: 'cancelling' }))
      expect(await answerTo('a-1')).toEqual(REFUSED)
      const answers = await Promise.all(['a-2', 'a-3', 'a-4', 'a-5', 'a-6'].map(answerTo))
      expect(answers).toEqual([null, undefined, undefined, undefined, undefined])
    })

    test('a request does not join an applied request of its kind, and has the next number', async () => {
      const { id } = await acquiredExecution(context.store)
      await settle(id, { applied: await request('pause', id, 'a-1', { at: START + 1 }) })
      expect(await context.store.applyRequest(id, START)).toEqual(APPLIED)

      const second = await request('pause', id, 'a-2', { at: START + 2 })

      expect(second).toMatchObject({ number: 2, actionIds: ['a-2'], at: START + 2 })
      expect([await answerTo('a-1'), await answerTo('a-2')]).toEqual([DONE, null])
    })

    context.sharedTest('another store object sends a request and is notified of the answer', async () => {
      const { id } = await acquiredExecution(context.store)
      const another = await context.openAnother()
      const seen: string[] = []
      context.store.onForeignChange(() => seen.push('request'))
      another.onForeignChange(() => seen.push('answer'))
      await context.clock.advance(1_000)
      seen.length = 0

      const pause = await request('pause', id, 'a-1', {}, another)
      await context.clock.advance(1_000)
      const afterRequest = [...seen]
      await settle(id, { applied: pause })
      await context.clock.advance(1_000)

      expect(afterRequest).toContain('request')
      expect(seen).toContain('answer')
      expect((await another.actions.get('a-1'))?.answer).toEqual(DONE)
    })
  })

  describe('requests and the end of an execution', () => {
    test('an applied cancel is answered with its report when the execution has ended', async () => {
      const { id } = await acquiredExecution(context.store)
      await settle(id, { applied: await request('cancel', id, 'a-1', { at: START + 2 }) })
      const cancelling = await context.store.getExecution(id)
      const answerBefore = await answerTo('a-1')
      const joined = await request('cancel', id, 'a-2', { at: START + 4 })
      const changes = [change('only', { status: 'Cancelled', endedAt: START + 9, finishedOrder: 1 })]
      const cancelReport = '{"stopped":1,"lostScripts":["a.py"]}'

      await settle(id, { changes, applied: joined, cancelReport, end: CANCELLED })

      expect(cancelling).toMatchObject({ status: 'Running', cancelRequestedAt: START + 2, endedAt: null })
      expect(answerBefore).toBeNull()
      expect(await context.store.getExecution(id)).toMatchObject({ ...CANCELLED, cancelRequestedAt: START + 2 })
      for (const actionId of ['a-1', 'a-2'])
        expect(await context.store.actions.get(actionId)).toMatchObject({
          ...{ answer: { isRefused: false, text: cancelReport }, answeredAt: START + 9 },
        })
    })

    test('a cancel without a report is answered with 0 stopped tasks', async () => {
      const { id } = await acquiredExecution(context.store)

      await settle(id, { applied: await request('cancel', id, 'a-1'), end: CANCELLED })

      expect(await answerTo('a-1')).toEqual(NOTHING_STOPPED)
    })

    test.each([
      ['cancel', 'Completed'],
      ['cancel', 'Failed'],
      ['pause', 'Completed'],
      ['resume', 'Cancelled'],
    ] as const)('a %s that was not applied is refused if the execution ends as %s', async (kind, status) => {
      const { id } = await acquiredExecution(context.store)
      await steer(kind, id, 'a-1')

      await settle(id, { changes: [completed('only')], end: { ...CANCELLED, status } })

      const answer = { isRefused: true, text: expect.stringContaining(status) }
      expect(await context.store.actions.get('a-1')).toMatchObject({ answer, answeredAt: START + 9 })
      expect(await context.store.getExecution(id)).toMatchObject({ status, pausedAt: null, cancelRequestedAt: null })
    })

    test('a rejected settlement neither applies nor answers a request', async () => {
      const { id } = await acquiredExecution(context.store)
      const pause = await request('pause', id, 'a-1')

      const refused = [
        settle(id, { changes: [change('nobody')], applied: pause }),
        settle(id, { ownerNumber: 2, applied: pause, end: CANCELLED }),
      ]

      for (const each of refused) await expect(each).rejects.toMatchObject({ code: 'EXECUTION_NOT_OWNED' })
      expect(await context.store.getExecution(id)).toMatchObject({ status: 'Running', pausedAt: null, endedAt: null })
      expect(await answerTo('a-1')).toBeNull()
    })
  })
}
