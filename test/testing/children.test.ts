/** `runWorkflow`: stored results, keys and child workflows. */

import { expect, it } from 'vitest'
import { workflow } from '../../src/index.ts'
import { FakeClock, runWorkflow } from '../../src/testing/index.ts'

const billing = workflow('billing').task('bill', { retries: 0 }, async (context, tools) => {
  await tools.deferUntil(() => true, { pollEvery: '100s' })
  if (context.amount === 0) throw new Error('no money')
  return { billed: context.amount ?? null }
})

const order = (amount: number) =>
  workflow('order').task('pay', { timeout: '10s', retries: 1 }, async (_, tools) => {
    const attempt = await tools.once('first', () => tools.attempt)
    if (tools.attempt === 1) throw new Error('later')
    const [one, other] = await Promise.all([
      tools.run('billing', { amount }, { key: 'a' }),
      tools.run('billing', { amount: 2 }, { key: 'b' }),
    ])
    const again = await tools.run('billing', { amount: 9 }, { key: 'a' })
    return {
      ...{ attempt, isSame: one.id === again.id && one.id !== other.id, key: tools.key('first') },
      children: [one.status, one.errorMessage, one.context.billed ?? null, other.context.billed ?? null],
    }
  })

it('remembers results between attempts, and runs each child once on the same clock', async () => {
  const clock = new FakeClock()

  const run = await runWorkflow(order(7), {}, { clock, children: [billing] })

  expect(run.errorMessage).toBeNull()
  expect(run.tasks.pay).toMatchObject({ attempts: 2 })
  expect(run.context).toMatchObject({ attempt: 1, isSame: true, children: ['Completed', null, 7, 2] })
  expect(run.endedAt.getTime() - run.startedAt.getTime()).toBeGreaterThanOrEqual(200_000)
})

it('returns a failed child as a result', async () => {
  const run = await runWorkflow(order(0), {}, { children: [billing] })

  expect(run.context).toMatchObject({ children: ['Failed', expect.stringContaining('no money'), null, 2] })
})

it('fails a task that runs a workflow which is not passed as a child', async () => {
  const run = await runWorkflow(order(7), {})

  expect(run).toMatchObject({ status: 'Failed', errorMessage: expect.stringContaining('{ children: [billing] }') })
})

it('calls the function of simultaneous once() calls with one name once, and again after an error', async () => {
  let calls = 0
  const charge = async () => {
    calls += 1
    await Promise.resolve()
    if (calls === 1) throw new Error('first')
    return calls
  }
  const pays = workflow('pays').task('pay', { retries: 0 }, async (_, tools) => {
    const ends = await Promise.allSettled([1, 2, 3].map(() => tools.once('charge', charge)))
    const other = await tools.once('outer', async () => [await tools.once('inner', () => 1)])
    return { ends: ends.map((end) => (end.status === 'fulfilled' ? end.value : String(end.reason))), other }
  })

  const run = await runWorkflow(pays, {})

  expect(run.context).toEqual({ ends: ['Error: first', 2, 2], other: [1] })
})

it.each([
  ['is not JSON', () => new Map(), 'has run, but its result cannot be stored'],
  ['has more than 1 MiB', () => 'ü'.repeat(512 * 1024), 'it has 1048578 bytes of JSON, but at most 1048576 are stored'],
])('throws a TypeError for a result of once() that %s, and stores nothing', async (_, charge, reason) => {
  const pays = workflow('pays').task('pay', { retries: 0 }, async (_, tools) => {
    const error = await tools
      .once<unknown>('charge', charge)
      .catch((thrown: Error) => `${thrown.name}: ${thrown.message}`)
    return { error, again: (await tools.once('charge', () => 'ü'.repeat(512 * 1024 - 1))).length }
  })

  const run = await runWorkflow(pays, {})

  expect(run.context).toEqual({
    error: expect.stringMatching(/^TypeError: The function of once\("charge"\) has run/),
    again: 512 * 1024 - 1,
  })
  expect(run.context).toMatchObject({ error: expect.stringContaining(reason) })
})
