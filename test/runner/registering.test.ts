/** `runner.register`: workflows and triggers of a Node program, and uncaught errors in that program. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { afterAll, expect, it } from 'vitest'
import { limit, Runner, skip, trigger, workflow } from '../../src/index.ts'
import { ObservedRunner } from '../support/observed-runner.ts'

const folder = mkdtempSync(join(tmpdir(), 'cloaca-registering-'))
afterAll(() => rmSync(folder, { recursive: true }))

const orders = workflow('orders', { input: v.object({ order_id: v.number(), gift: v.optional(v.boolean(), false) }) })
  .task('fetch', ({ order_id }) => ({ lines: [order_id, order_id + 1] }))
  .task('ship', { after: 'fetch' }, ({ lines, gift }) => ({ shipped: lines.length, gift }))

it('executes a registered workflow by its object and by its name', async () => {
  await using runner = await Runner.open({ database: ':memory:' })
  await runner.register(orders)

  const byValue = await runner.execute(orders, { order_id: 7 })
  const byName = await runner.execute('orders', { order_id: 8, gift: true })

  if (byValue.status !== 'Completed') throw new Error(String(byValue.errorMessage))
  // The annotation also checks the inferred type.
  const shipped: number = byValue.context.shipped
  expect(shipped).toBe(2)
  expect(byValue.context).toEqual({ order_id: 7, gift: false, lines: [7, 8], shipped: 2 })
  expect(byName.context).toMatchObject({ gift: true, lines: [8, 9] })
})

it('rejects a context that does not match the input schema in every call, and starts no execution', async () => {
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

it('lists and submits its workflows before the start as after it, and says that they are served', async () => {
  await using runner = await Runner.open({ database: ':memory:' })
  const before = await runner.workflows.isServed()
  await runner.register(orders)
  const answers = async () => ({
    listed: (await runner.workflows.list()).map(({ key }) => key),
    version: (await runner.workflows.get('orders')).version,
    isServed: await runner.workflows.isServed(),
  })

  const early = await answers()
  const id = await runner.workflows.submit('orders', { order_id: 7 })
  await runner.start()
  const ended = await runner.executions.wait(id)

  expect(before).toBe(false)
  expect(early).toEqual({ listed: ['orders'], version: expect.any(String), isServed: true })
  expect(await answers()).toEqual(early)
  expect(ended).toMatchObject({ status: 'Completed', context: { shipped: 2 } })
})

it('polls a trigger that is registered after the start of the runner', async () => {
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

it('rejects a duplicate name, a value that is not a workflow, and a workflow without tasks', async () => {
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

it('accepts a limit that a loaded script declares with equal values, and rejects two of its own', async () => {
  await using runner = await Runner.open({ database: ':memory:' })
  writeFileSync(
    join(folder, 'limited.mjs'),
    "import { limit } from 'cloaca'\nexport const crm = limit('crm', { maxActive: 3 })\n",
  )
  await runner.load(join(folder, 'limited.mjs'))
  await runner.register(limit('crm', { maxActive: 3 }))
  await expect(runner.register(limit('api', { maxActive: 1 }), limit('api', { maxActive: 2 }))).rejects.toMatchObject({
    code: 'LIMIT_CONFLICT',
    message: expect.stringMatching(/registering\.test\.ts:\d+ and at .*registering\.test\.ts:\d+/),
  })
})

it('rejects a limit that a loaded script declares with different values', async () => {
  await using runner = await Runner.open({ database: ':memory:' })
  writeFileSync(
    join(folder, 'other.mjs'),
    "import { limit } from 'cloaca'\nexport const crm = limit('crm', { maxActive: 4 })\n",
  )
  await runner.load(join(folder, 'other.mjs'))

  await expect(runner.register(limit('crm', { maxActive: 3 }))).rejects.toMatchObject({
    code: 'LIMIT_CONFLICT',
    facts: { limit: 'crm' },
    message: expect.stringContaining('other.mjs:2'),
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
  ['continues after late errors of its tasks', '', 0, ''],
  [
    'ends with code 1 after an unhandled rejection outside of a task',
    "Promise.reject(new RangeError('of the program')); await new Promise((resolve) => setTimeout(resolve, 10_000))",
    1,
    'RangeError: of the program',
  ],
  [
    'ends with code 1 after an error in its own timer',
    "setTimeout(() => { throw new RangeError('of the program') })\n" +
      'await new Promise((resolve) => setTimeout(resolve, 10_000))',
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
