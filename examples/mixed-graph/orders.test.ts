/** The workflow without an engine: fakes stand for the shop and for the Python task. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runWorkflow } from 'cloaca/testing'
import { orders } from './orders.ts'

const ORDER = { order_id: 7, file: 'inbox/7.order' }
const FAKES = {
  check: { is_open: true },
  fetch: { lines: [{ sku: 'tea', price: 4.5, count: 2 }] },
  score: { total: 9, risk: 0, reasons: [] as string[] },
  ship: { result: 'shipped' },
  hold: { result: 'held' },
  done: {},
}

test('a safe order is shipped, and done', async () => {
  const run = await runWorkflow(orders, ORDER, { tasks: FAKES })

  assert.equal(run.status, 'Completed')
  assert.equal(run.tasks.ship.status, 'Completed')
  assert.equal(run.tasks.hold.status, 'Skipped')
  assert.equal(run.tasks.done.input?.file, 'inbox/7.order')
})

test('a risky order is held', async () => {
  const score = async () => ({ total: 900, risk: 0.5, reasons: ['900.00 is much for one order'] })

  const run = await runWorkflow(orders, ORDER, { tasks: { ...FAKES, score } })

  assert.deepEqual([run.tasks.ship.status, run.tasks.hold.status], ['Skipped', 'Completed'])
  assert.deepEqual(run.tasks.hold.input?.reasons, ['900.00 is much for one order'])
})

test('an order that Python cannot score is held', async () => {
  const score = (): never => {
    throw new Error('statistics need data')
  }

  const run = await runWorkflow(orders, ORDER, { tasks: { ...FAKES, score } })

  assert.deepEqual([run.tasks.ship.status, run.tasks.hold.status], ['Skipped', 'Completed'])
  assert.equal(run.tasks.done.status, 'Completed')
})

test('a shop that does not answer is asked six times; nothing is shipped, and the order stays', async () => {
  const fetch = (): never => {
    throw new Error('the shop answered 503')
  }

  const run = await runWorkflow(orders, ORDER, { tasks: { ...FAKES, fetch } })

  assert.equal(run.status, 'Failed')
  assert.deepEqual(run.tasks.fetch.attemptedAtMs, [0, 500, 1_500, 3_500, 7_500, 15_500])
  assert.deepEqual(
    Object.values(run.tasks).map(({ status }) => status),
    ['Completed', 'Failed', 'Skipped', 'Skipped', 'Skipped', 'Skipped'],
  )
})

test('an order that is done already is not shipped again', async () => {
  const run = await runWorkflow(orders, ORDER, { tasks: { ...FAKES, check: { is_open: false } } })

  assert.equal(run.status, 'Completed')
  assert.equal(run.tasks.ship.status, 'Skipped')
})
