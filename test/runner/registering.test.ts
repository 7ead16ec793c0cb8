/** `runner.register`: workflows and triggers of a Node program, and what becomes of the program itself. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { afterAll, expect, it } from 'vitest'
import { Runner, skip, trigger, workflow } from '../../src/index.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const folder = mkdtempSync(join(tmpdir(), 'cloaca-registering-'))
afterAll(() => rmSync(folder, { recursive: true }))

const orders = workflow('orders', { input: v.object({ order_id: v.number(), gift: v.optional(v.boolean(), false) }) })
  .task('fetch', ({ order_id }) => ({ lines: [order_id, order_id + 1] }))
  .task('ship', { after: 'fetch' }, ({ lines, gift }) => ({ shipped: lines.length, gift }))

it('executes a workflow that was registered, by its value and by its name, without a script', async () => {
  await using runner = await Runner.open({ database: ':memory:' })
  await runner.register(orders)

  const byValue = await runner.execute(orders, { order_id: 7 })
  const byName = await runner.execute('orders', { order_id: 8, gift: true })

  if (byValue.status !== 'Completed') throw new Error(String(byValue.errorMessage))
  // The compiler knows it, too.
  const shipped: number = byValue.context.shipped
  expect(shipped).toBe(2)
  expect(byValue.context).toEqual({ order_id: 7, gift: false, lines: [7, 8], shipped: 2 })
  expect(byName.context).toMatchObject({ gift: true, lines: [8, 9] })
})

it('refuses what does not fit the input, wherever it is handed in, and starts nothing', async () => {
  await using runner = await Runner.open({ database: ':memory:' })
  await runner.register(
    orders,
    trigger('by_hand', { every: '1h', starts: orders }, () => skip()),
  )
  await runner.start()
  const wrong = { order_id: 'seven' }
  const refused = expect.objectContaining({ code: 'INVALID_CONTEXT', message: expect.stringContaining('order_id') })

  await expect(runner.execute('orders', wrong)).rejects.toEqual(refused)
  await expect(runner.executeText('orders', '{"order_id":"seven"}')).rejects.toEqual(refused)
  await expect(runner.workflows.submit('orders', wrong)).rejects.toEqual(refused)
  await expect(runner.triggers.fire('by_hand', wrong)).rejects.toEqual(refused)
  await expect(runner.triggers.fire('by_hand')).rejects.toEqual(refused)

  expect(await runner.executions.list()).toEqual([])
})

it('polls triggers that are registered later, beside those that were', async () => {
  await using served = await ObservedRunner.open()
  await served.runner.start()
  let polls = 0
  await served.runner.register(orders)
  await served.runner.register(
    trigger('inbox', { every: '10ms', starts: orders }, () => (++polls === 2 ? { order_id: 7 } : skip('nothing new'))),
  )

  const [run] = await served.runsOf('inbox')

  expect(run?.context).toMatchObject({ order_id: 7, trigger_name: 'inbox', shipped: 2 })
})

it('refuses a name that is taken, what is no workflow, and one without tasks', async () => {
  await using runner = await Runner.open({ database: ':memory:' })
  writeFileSync(
    join(folder, 'taken.mjs'),
    "import { workflow } from 'cloaca'\nexport const w = workflow('orders').task('t', () => undefined)\n",
  )
  await runner.load(join(folder, 'taken.mjs'))

  await expect(runner.register(orders)).rejects.toMatchObject({
    code: 'DECLARED_TWICE',
    message: expect.stringContaining('taken.mjs'),
  })
  await expect(runner.register({} as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(runner.register(workflow('empty'))).rejects.toMatchObject({ code: 'EMPTY_WORKFLOW' })
  await expect(runner.execute(workflow('unknown').task('t', () => undefined))).rejects.toMatchObject({
    code: 'WORKFLOW_NOT_FOUND',
  })
})

const PROGRAM = `
import { Runner, workflow } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}
await using runner = await Runner.open({ database: ':memory:' })
await runner.register(
  workflow('guilty').task('leaves', { retries: 0 }, async () => {
    void Promise.reject(new Error('of the task'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }),
  workflow('late').task('leaves', () => void setTimeout(() => { throw new Error('after its end') }, 5)),
)
const { status, tasks } = await runner.execute('guilty')
console.log(status, tasks[0].error)
console.log((await runner.execute('late')).status)
await new Promise((resolve) => setTimeout(resolve, 50))
console.log('the program goes on')
`

it.each([
  ['goes on whatever its tasks leave behind', '', 0, ''],
  [
    'still ends of a rejection of its own',
    "Promise.reject(new RangeError('of the program')); await new Promise((resolve) => setTimeout(resolve, 10_000))",
    1,
    'RangeError: of the program',
  ],
  [
    'still ends of what it throws itself in a timer',
    "setTimeout(() => { throw new RangeError('of the program') }); await new Promise((resolve) => setTimeout(resolve, 10_000))",
    1,
    'RangeError: of the program',
  ],
])('a program %s', (_what, end, exitCode, complaint) => {
  const path = join(folder, 'program.mjs')
  writeFileSync(path, PROGRAM + end)

  const { stdout, stderr, status } = spawnSync(process.execPath, [path], { encoding: 'utf8' })

  expect(stdout).toBe(
    'Failed Task execution failed in the background: Error: of the task\nCompleted\nthe program goes on\n',
  )
  expect(stderr).toContain(complaint)
  expect(status).toBe(exitCode)
})
