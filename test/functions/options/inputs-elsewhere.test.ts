/** The `input` schema of a workflow that is started by another process or by a Python script. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { number, object, optional, string } from 'valibot'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Runner, skip, trigger, workflow } from '../../../src/index.ts'
import { ObservedRunner } from '../../support/observed-runner.ts'

const orders = workflow('orders', { input: object({ order_id: number(), note: optional(string(), 'none') }) }).task(
  'ship',
  ({ order_id, note }) => ({ label: `${order_id}: ${note}` }),
)
const inbox = trigger('inbox', { every: '1h', starts: orders }, () => skip('nothing'))
const UNFIT = {
  code: 'INVALID_CONTEXT',
  message: expect.stringContaining('does not match its schema: order_id: '),
  facts: { workflow: 'orders', problems: [{ path: 'order_id', message: expect.any(String) }] },
}

let folder: string
let database: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-inputs-'))
  database = join(folder, 'orders.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('a runner without the code of the workflow', () => {
  it('gets contexts checked and completed by the engine that serves the workflow', async () => {
    await using serving = await ObservedRunner.open({ database })
    await serving.runner.register(orders, inbox)
    await serving.runner.start()
    await using asking = await Runner.open({ database })

    await expect(asking.workflows.submit('orders', { order_id: 'x' })).rejects.toMatchObject(UNFIT)
    await expect(asking.triggers.fire('inbox', { order_id: 'x' })).rejects.toMatchObject(UNFIT)
    await expect(asking.triggers.fire('inbox')).rejects.toMatchObject(UNFIT)
    expect(await asking.executions.list()).toEqual([])

    const id = await asking.workflows.submitText('orders', '{"order_id": 7.0}')
    const { executionId } = await asking.triggers.fire('inbox', { order_id: 8 })
    expect(await asking.executions.wait(id)).toMatchObject({ context: { label: '7: none' } })
    expect(await asking.executions.inputText(id)).toBe('{"order_id":7.0,"note":"none"}')
    expect(await asking.executions.wait(executionId ?? '')).toMatchObject({ context: { label: '8: none' } })
    // The requests for a check are not part of the history.
    expect((await asking.actions.list()).map(({ kind }) => kind)).toEqual(['fire'])
  })

  it('refuses to start a workflow with an input schema while no engine serves it', async () => {
    {
      await using serving = await Runner.open({ database })
      await serving.register(orders)
      await serving.start()
    }
    await using asking = await Runner.open({ database })

    await expect(asking.workflows.submit('orders', { order_id: 7 })).rejects.toMatchObject({
      code: 'ACTION_REFUSED',
      facts: { workflow: 'orders', reason: 'no engine serves this database' },
    })
    expect(await asking.executions.list()).toEqual([])
  })
})

const PROGRAM = (database: string) => `
import cloaca
runner = cloaca.DefaultRunner(${JSON.stringify(`sqlite://${database}`)})

with cloaca.WorkflowBuilder("asks"):
    @cloaca.task()
    def ask(ctx):
        try:
            runner.execute("orders", cloaca.Context({"order_id": "x"}))
        except ValueError as error:
            ctx.set("refused", str(error))
        ctx.set("label", runner.execute("orders", cloaca.Context({"order_id": 9})).final_context.get("label"))
        return ctx
`

it('checks the context when a Python script executes the workflow with a DefaultRunner', async () => {
  await using serving = await ObservedRunner.open({ database })
  await serving.runner.register(orders)
  writeFileSync(join(folder, 'asks.py'), PROGRAM(database))
  await serving.runner.load(join(folder, 'asks.py'))

  expect(await serving.runner.execute('asks', {})).toMatchObject({
    context: {
      refused: expect.stringMatching(
        /^Workflow execution failed: The input of workflow "orders" does not match its schema: order_id: /,
      ),
      label: '9: none',
    },
  })
})
