/** Tests the workflow without an engine, with fakes for the shop and for the Python task. */

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

test('ships a safe order and moves its file', async () => {
  const run = await runWorkflow(orders, ORDER, { tasks: FAKES })

  assert.equal(run.status, 'Completed')
  assert.equal(run.tasks.ship.status, 'Completed')
  assert.equal(run.tasks.hold.status, 'Skipped')
  assert.equal(run.tasks.done.input?.file, 'inbox/7.order')
})

test('holds a risky order', async () => {
  const score = async () => ({ total: 900, risk: 0.5, reasons: ['the total 900.00 is large'] })

  const run = await runWorkflow(orders, ORDER, { tasks: { ...FAKES, score } })

  assert.deepEqual([run.tasks.ship.status, run.tasks.hold.status], ['Skipped', 'Completed'])
  assert.deepEqual(run.tasks.hold.input?.reasons, ['the total 900.00 is large'])
})

test('holds an order that the Python task fails to score', async () => {
  const score = (): never => {
    throw new Error('statistics need data')
  }

  const run = await runWorkflow(orders, ORDER, { tasks: { ...FAKES, score } })

  assert.deepEqual([run.tasks.ship.status, run.tasks.hold.status], ['Skipped', 'Completed'])
  assert.equal(run.tasks.done.status, 'Completed')
})

test('tries six times to reach the shop, then fails without shipping', async () => {
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

test('does not ship an order again if its file is gone', async () => {
  const run = await runWorkflow(orders, ORDER, { tasks: { ...FAKES, check: { is_open: false } } })

  assert.equal(run.status, 'Completed')
  assert.equal(run.tasks.ship.status, 'Skipped')
})
