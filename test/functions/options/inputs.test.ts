/** The initial context of a workflow with an `input` schema. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { number, object, optional, string } from 'valibot'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fire, trigger, workflow } from '../../../src/index.ts'
import { ObservedRunner } from '../../support/observed-runner.ts'

let observed: ObservedRunner
beforeEach(async () => {
  observed = await ObservedRunner.open()
})
afterEach(() => observed[Symbol.asyncDispose]())

const orders = workflow('orders', { input: object({ order_id: number(), note: optional(string(), 'none') }) }).task(
  'ship',
  ({ order_id, note }) => ({ label: `${order_id}: ${note}` }),
)

it('checks the input in a call of execute, and adds its defaults', async () => {
  await observed.runner.register(orders)

  expect(await observed.runner.execute(orders, { order_id: 7 })).toMatchObject({ context: { label: '7: none' } })
  await expect(observed.runner.execute('orders', { order_id: 'x' })).rejects.toMatchObject({
    code: 'INVALID_CONTEXT',
    facts: { workflow: 'orders' },
    message: expect.stringMatching(/^The input of workflow "orders" does not match its schema: order_id: /),
  })
})

it('checks the input when a trigger fires, adds its defaults, and fails the poll if it is invalid', async () => {
  const inbox = trigger('inbox', { every: '1h', starts: orders }, () => fire({ order_id: 8 }))
  const wrong = trigger('wrong', { every: '1h', starts: orders }, (() => ({ order: 8 })) as never)
  const named = trigger('named', { every: '1h', starts: 'orders' }, () => fire({ order_id: 9 }))
  const misnamed = trigger('misnamed', { every: '1h', starts: 'orders' }, () => fire({ order: 9 }))
  await observed.runner.register(inbox, wrong, named, misnamed)
  await observed.runner.start()

  const [first] = await observed.runsOf('inbox')
  const [second] = await observed.runsOf('named')
  const failed = await observed.until('triggerFailed', () => true, 2)

  expect(first?.context).toMatchObject({ label: '8: none' })
  expect(second?.context).toMatchObject({ label: '9: none' })
  expect(failed.map(({ trigger }) => trigger).toSorted()).toEqual(['misnamed', 'wrong'])
  for (const { error } of failed)
    expect(error.message).toContain('The input of workflow "orders" does not match its schema')
})

const PYTHON_TRIGGERS = `
import cloaca

@cloaca.trigger(on="orders", poll_interval="1h")
def exact():
    return cloaca.TriggerResult.fire(cloaca.Context({"order_id": 1, "price": 1.0, "big": 2**60, "dropped": True}))

@cloaca.trigger(on="orders", poll_interval="1h")
def wrong():
    return cloaca.TriggerResult.fire(cloaca.Context({"order_id": "x"}))
`

it('checks the input when a Python trigger fires, and keeps its numbers unchanged', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-inputs-'))
  try {
    writeFileSync(join(folder, 'triggers.py'), PYTHON_TRIGGERS)
    const input = object({ order_id: number(), price: number(), big: number(), note: optional(string(), 'none') })
    await observed.runner.register(workflow('orders', { input }).task('ship', () => ({ shipped: true })))
    await observed.runner.load(join(folder, 'triggers.py'))
    await observed.runner.start()

    const [run] = await observed.runsOf('exact')
    const [failed] = await observed.until('triggerFailed')

    expect(run?.contextText).toContain('"order_id":1,"price":1.0,"big":1152921504606846976,"note":"none"')
    expect(run?.contextText).not.toContain('dropped')
    expect(failed).toMatchObject({ trigger: 'wrong' })
    expect(failed?.error.message).toMatch(/^trigger 'wrong' fired with an invalid context: .*order_id: /)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
