/** Commands for scripts in TypeScript and JavaScript, with and without Python scripts. */

import { afterAll, describe, expect, it } from 'vitest'
import { type CloacaProcess, Terminal } from '../support/cloaca-process.ts'

const ORDERS = `
import { skip, trigger, workflow } from 'cloaca'
import { carrier } from './carrier.ts'

interface Order { readonly order_id: number }

export const orders = workflow('orders')
  .task('score', { python: { script: 'score.py', task: 'score' } })
  .task('ship', { after: 'score' }, ({ score }, { log }) => {
    log.info('shipping', { score })
    console.log('shipped by', carrier)
    return { by: carrier }
  })

let isNew = true
export const inbox = trigger('inbox', { every: '10ms', starts: orders }, (): Order | ReturnType<typeof skip> => {
  const wasNew = isNew
  isNew = false
  return wasNew ? { order_id: 7 } : skip('nothing new')
})
`
const CARRIER = "export const carrier: string = 'post'\n"
const SCORE = `
import cloaca
with cloaca.WorkflowBuilder("scoring"):
    @cloaca.task()
    def score(ctx):
        ctx["score"] = 1.0
        return ctx
`

function shop(): Terminal {
  const terminal = new Terminal()
  terminal.write('jobs/orders.ts', ORDERS)
  terminal.write('jobs/carrier.ts', CARRIER)
  terminal.write('jobs/score.py', SCORE)
  terminal.write('jobs/orders.test.ts', 'throw new Error("nobody loads tests")')
  return terminal
}

describe('TypeScript scripts beside Python scripts', () => {
  const terminal = shop()
  afterAll(() => terminal[Symbol.asyncDispose]())

  it('are served from one folder, print and log, and are reloaded when a helper changes', async () => {
    const serving = await watching(terminal)
    await serving.logs("workflow 'orders' completed")
    await serving.prints('shipped by post')

    terminal.write('jobs/carrier.ts', CARRIER.replace('post', 'courier'))
    await serving.prints('shipped by courier')
    terminal.write('jobs/carrier.ts', 'export const carrier: = 1\n')
    await serving.logs('script "jobs/orders.ts" could not be reloaded, and its old version stays in use: SyntaxError: ')
    terminal.write('jobs/carrier.ts', CARRIER.replace('post', 'drone'))
    await serving.prints('shipped by drone')

    serving.kill('SIGTERM')
    expect(await serving.ended).toMatchObject({ exitCode: 0 })
    const logs = await terminal.run(['execution', 'list', '--json', ...DATABASE])
    const { id } = JSON.parse(logs.stdout).at(-1)
    const shown = await terminal.run(['execution', 'logs', id, ...DATABASE])
    expect(shown.stdout).toMatch(/INFO shipping score=[\s\S]*shipped by post/)
    const workflow = await terminal.run(['workflow', 'show', 'orders', ...DATABASE])
    expect(workflow.stdout).toMatch(/^score +score of score\.py /m)
    const history = await terminal.run(['trigger', 'history', 'inbox', '--json', ...DATABASE])
    expect(JSON.parse(history.stdout)).toHaveLength(3)
  })

  it('are checked: declarations are listed, and missing scripts and tasks are problems', async () => {
    const all = await terminal.run(['check', 'jobs'])
    expect(all).toMatchObject({ exitCode: 0, stderr: '' })
    expect(all.stdout).toContain(
      'jobs/orders.ts\n  trigger inbox: every 10ms, starts orders (line 16)\n  workflow orders: 2 tasks',
    )

    const alone = await terminal.run(['check', 'jobs/orders.ts'])
    expect(alone, 'the script of a task is searched beside its workflow').toMatchObject({ exitCode: 0, stderr: '' })
    expect(alone.stdout).toContain('jobs/score.py\n  workflow scoring: 1 task')

    terminal.write('alone/orders.ts', ORDERS)
    terminal.write('alone/carrier.ts', CARRIER)
    const missing = await terminal.run(['check', 'alone/orders.ts'])
    expect(missing.exitCode).toBe(1)
    expect(missing.stdout).toContain(
      '\nalone/orders.ts:8: Task "score" of workflow "orders" cannot run: script "score.py" is not loaded.',
    )

    terminal.write('empty.js', "import { workflow } from 'cloaca'\nexport const empty = workflow('empty')\n")
    expect((await terminal.run(['check', 'empty.js'])).stdout).toMatch(
      /^empty\.js: Cannot load the script: UsageError: Workflow "empty" \(.*empty\.js:2\) has no task\./,
    )
  })

  it('have their triggers tested without Python, with the file and line of errors', async () => {
    const fired = await terminal.run(['trigger', 'test', 'jobs/orders.ts', 'inbox'])
    expect(fired).toMatchObject({ exitCode: 0, stdout: 'Trigger "inbox" fired.\ncontext  {"order_id":7}\n' })

    terminal.write(
      'fails.mjs',
      "import { trigger } from 'cloaca'\n" +
        "export const t = trigger('t', { every: '1s', starts: 'x' }, () => { throw new RangeError('no') })\n",
    )
    const failed = await terminal.run(['trigger', 'test', 'fails.mjs', 't'])
    expect(failed.exitCode).toBe(1)
    expect(failed.stderr).toMatch(
      /^RangeError: no\n {4}at .*fails\.mjs:2:\d+\ncloaca: trigger 't' raised exception: RangeError: no\n$/,
    )
  })
})

const CHECKED = `
import { workflow } from 'cloaca'

const isOrder = (value: unknown): value is { order_id: number } =>
  typeof (value as { order_id?: unknown }).order_id === 'number'
const issues = [{ message: 'expected a number', path: ['order_id'] }]
const validate = (value: unknown) => isOrder(value) ? { value } : { issues }
const input = { '~standard': { version: 1, vendor: 'test', validate } } as const

export const checked = workflow('checked', { input }).task('ship', ({ order_id }) => ({ shipped: order_id }))
`

it('a --context that does not match the input schema is rejected, and starts no execution', async () => {
  await using terminal = new Terminal()
  terminal.write('checked.ts', CHECKED)
  const serving = terminal.start(['serve', 'checked.ts', '--no-http', ...DATABASE], {})
  await serving.logs('serving ')

  const refused = await terminal.run(['workflow', 'run', 'checked', '--context', '{"order_id": "x"}', ...DATABASE])
  const run = ['workflow', 'run', 'checked', '--wait', '--context']
  const accepted = await terminal.run([...run, '{"order_id": 7}', ...DATABASE])
  const listed = await terminal.run(['execution', 'list', '--json', ...DATABASE])

  expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
  expect(refused.stderr).toContain(
    'The input of workflow "checked" does not match its schema: order_id: expected a number.',
  )
  expect(accepted).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"shipped":7') })
  expect(JSON.parse(listed.stdout)).toHaveLength(1)
})

const DATABASE = ['--db', 'sqlite://shop.db']

async function watching(terminal: Terminal): Promise<CloacaProcess> {
  const serving = terminal.start(['serve', 'jobs', '--watch', ...DATABASE], {})
  await serving.logs('serving ')
  return serving
}
