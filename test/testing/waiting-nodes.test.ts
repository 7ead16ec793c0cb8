/** `runWorkflow` of cloaca/testing with nodes that wait: delays, signals and approvals of the test. */

import { number, object } from 'valibot'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { workflow } from '../../src/index.ts'
import { FakeClock, runWorkflow } from '../../src/testing/index.ts'

describe('a delay in a test', () => {
  it('jumps on the clock of the test, and its node passes on the context', async () => {
    const flow = workflow('refund')
      .task('prepare', () => ({ price: 1 }))
      .delay('cool', { after: 'prepare', for: '24h' })
      .task('pay', { after: 'cool' }, ({ price }) => ({ paid: price }))

    const run = await runWorkflow(flow, {})

    expect(run.context).toEqual({ price: 1, paid: 1 })
  })
})

describe('nodes that wait, in a test', () => {
  const form = object({ amount: number() })
  const refund = (options: object = {}) =>
    workflow('refund', { input: object({ order_id: number() }) })
      .waitForSignal('decided', { signal: 'refund-decision', key: '{order_id}', ...options })
      .task('pay', { after: 'decided' }, ({ order_id }) => ({ paid: order_id }))
  const asking = (options: object = {}) =>
    workflow('asking')
      .approval('ok', { title: 'Refund?', form, ...options })
      .task('pay', { after: 'ok' }, ({ ok }) => ({ paid: ok.values.amount }))

  it('use the first signal with their name and key, and add its payload', async () => {
    const signals = [
      { name: 'refund-decision', key: '8', payload: { by: 'Alan' } },
      { name: 'refund-decision', key: '7', payload: { by: 'Ada' } },
    ]

    const run = await runWorkflow(refund({ timeout: '3d' }), { order_id: 7 }, { signals })

    expect(run.context).toEqual({ order_id: 7, decided: { by: 'Ada' }, paid: 7 })
    expect(run.tasks.decided).toMatchObject({ status: 'Completed', attempts: 0, input: { order_id: 7 } })
    expect(run.endedAt).toEqual(run.startedAt)
  })

  it('use each signal once', async () => {
    const flow = workflow('twice')
      .waitForSignal('one', { signal: 'go' })
      .waitForSignal('two', { after: 'one', signal: 'go' })
      .waitForSignal('three', { after: 'two', signal: 'go', timeout: '1h', onTimeout: 'continue' })

    const run = await runWorkflow(flow, {}, { signals: [{ name: 'go', payload: 1 }, { name: 'go' }] })

    expect(run.context).toEqual({ one: 1, two: null, three: null })
    expect(run.endedAt.toISOString()).toBe('2000-01-01T01:00:00.000Z')
  })

  it.each([
    [{ timeout: '3d' }, 'Failed', 'WaitTimeout', 'Skipped'],
    [{ timeout: '3d', onTimeout: 'skip' }, 'Skipped', 'WaitTimeout', 'Skipped'],
    [{ timeout: '3d', onTimeout: 'continue' }, 'Completed', null, 'Completed'],
  ])('time out on the clock of the test with the options %o', async (options, status, errorType, after) => {
    const run = await runWorkflow(refund(options), { order_id: 7 })

    expect(run.tasks.decided).toMatchObject({ status, errorType })
    expect(run.tasks.pay.status).toBe(after)
    expect(run.endedAt.toISOString()).toBe('2000-01-04T00:00:00.000Z')
  })

  it('fail the test by name without an event and without a timeout', async () => {
    await expect(
      runWorkflow(refund(), { order_id: 7 }, { signals: [{ name: 'refund-decision', key: '8' }] }),
    ).rejects.toThrow(
      'Node "decided" of workflow "refund" has no timeout and still waits for signal "refund-decision" with key "7": ' +
        'pass signals: [{ name: "refund-decision", key: "7", payload: … }]. ' +
        'The test sends other signals: "refund-decision" with key "8".',
    )
    await expect(runWorkflow(asking(), {})).rejects.toThrow('pass approvals: { "ok": true }')
  })

  it('are approved with the answer of the test', async () => {
    const clock = new FakeClock('2030-01-02T00:00:00Z')
    const approvals = { ok: { approved: true, values: { amount: 1.5 }, note: 'fine' } }

    const run = await runWorkflow(asking(), {}, { clock, approvals })

    expect(run.context).toEqual({
      ok: { approved: true, values: { amount: 1.5 }, by: 'test', at: Date.UTC(2030, 0, 2), note: 'fine' },
      paid: 1.5,
    })
  })

  it.each([false, { approved: false, note: 'too much' }])('fail if the test rejects: %o', async (ok) => {
    const run = await runWorkflow(asking(), {}, { approvals: { ok } })

    expect(run.tasks.ok).toMatchObject({ status: 'Failed', errorType: 'ApprovalRejected' })
    expect(run.tasks.pay).toMatchObject({ status: 'Skipped', errorType: 'WaitNotCompleted' })
  })

  it('accept a fake instead of their wait', async () => {
    const run = await runWorkflow(refund(), { order_id: 7 }, { tasks: { decided: { decided: 1 } } })

    expect(run.context).toMatchObject({ decided: 1, paid: 7 })
  })

  it.each([
    ['values that do not match the form', { ok: { approved: true, values: { amount: 'much' } } }, '"amount" must be'],
    ['an approval without the values of its form', { ok: true }, '"amount" is missing'],
    ['an answer to an unknown approval', { okk: true }, 'has no approval "okk", so its answer is never used. Did you'],
    ['an answer to a task', { pay: true }, 'has no approval "pay"'],
    ['an answer that is a text', { ok: 'yes' }, 'true, false, or an object such as'],
    ['answers that are an array', [true], 'an object that maps ids of approvals to answers'],
  ])('refuse %s', async (_, approvals, message) => {
    await expect(runWorkflow(asking(), {}, { approvals: approvals as never })).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    )
  })

  it.each([
    ['signals that are an object', { name: 'go' }, 'an array of signals'],
    ['a signal without a name', [{ key: '7' }], '"signals'],
    ['a signal with an unknown member', [{ name: 'go', keys: '7' }], 'keys'],
    ['a payload that is not JSON', [{ name: 'go', payload: 1n }], 'signals[0].payload'],
  ])('refuse %s', async (_, signals, message) => {
    await expect(runWorkflow(refund(), { order_id: 7 }, { signals: signals as never })).rejects.toThrow(message)
  })

  it('have values with the types of their schemas', async () => {
    const typed = workflow('typed').waitForSignal('go', { signal: 'go', payload: object({ by: number() }) })
    const run = await runWorkflow(typed, {}, { signals: [{ name: 'go', payload: { by: 1 } }] })

    if (run.status === 'Completed') expectTypeOf(run.context.go.by).toEqualTypeOf<number>()
    // @ts-expect-error: the workflow has no node "gone"
    await expect(runWorkflow(typed, {}, { approvals: { gone: true } })).rejects.toThrow('"gone"')
  })
})
