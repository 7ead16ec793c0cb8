import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { SystemClock } from '../../src/engine/system-clock.ts'
import { ModuleScripts } from '../../src/functions/module-scripts.ts'
import { taskRequest } from './open-functions.ts'

let folder: string
let scripts: ModuleScripts
/** Runner that is passed to default functions. */
const runner = { register: (...values: readonly unknown[]) => scripts.register(values, '__main__') }

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cloaca-modules-')))
  scripts = new ModuleScripts({
    clock: new SystemClock({ keepsProcessAlive: false, onTrouble: () => undefined }),
    printer: { print: () => undefined, ended: () => undefined, drain: () => Promise.resolve() },
    secrets: null,
    logLimits: { attemptBytes: 65_536, pollBytes: 65_536 },
    notice: () => undefined,
    ...({ stdoutTo: 'stderr', prefixes: false, memoryMebibytes: 128 } as const),
    loadDeadlineMs: 60_000,
    packageUrl: new URL('../../src/index.ts', import.meta.url).href,
    runner: () => runner,
  })
})

afterEach(async () => {
  await scripts.close()
  rmSync(folder, { recursive: true })
})

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
}

function load(name = 'orders.ts') {
  return scripts.load(name, join(folder, name))
}

/** Returns the result of the only task of workflow "orders". */
async function shipped(script = 'orders.ts'): Promise<unknown> {
  const outcome = await scripts.runTask({ ...taskRequest(), script })
  return outcome.kind === 'completed' ? JSON.parse(outcome.contextText) : outcome
}

const ORDERS = `
import { workflow } from 'cloaca'
import { carrier } from './lib/carrier.mts'
export const orders = workflow('orders').task('ship', () => ({ carrier: carrier() }))
`

it('loads the exported workflows and triggers of a file, and lists the imported files', async () => {
  write({
    'orders.ts': `${ORDERS}
      import { trigger, skip } from 'cloaca'
      export const inbox: unknown = trigger('inbox', { every: '2s', starts: orders }, () => skip())
      export default orders`,
    'lib/carrier.mts':
      "import names from './names.json' with { type: 'json' }\nexport const carrier = (): string => names[0]",
    'lib/names.json': '["post"]',
  })

  const loaded = await load()

  expect(loaded).toMatchObject({
    fault: null,
    workflows: [{ key: 'orders', script: 'orders.ts', place: { file: join(folder, 'orders.ts'), line: 4 } }],
    triggers: [{ name: 'inbox', workflow: 'orders' }],
  })
  expect(loaded.files).toEqual(['orders.ts', 'lib/carrier.mts', 'lib/names.json'].map((name) => join(folder, name)))
  expect(await shipped()).toEqual({ carrier: 'post' })
})

it('reloads a file together with its changed imports', async () => {
  write({
    'orders.ts': ORDERS,
    'lib/carrier.mts': "import { name } from './name.js'\nexport const carrier = () => name",
    'lib/name.js': "export const name = 'post'",
  })
  await load()

  write({ 'lib/name.js': "export const name = 'courier'" })
  const loaded = await load()

  expect(loaded.workflows[0]?.place).toEqual({ file: join(folder, 'orders.ts'), line: 4 })
  expect(await shipped()).toEqual({ carrier: 'courier' })
})

it('completes a running task with its old function after a reload', async () => {
  write({
    'orders.ts': ORDERS,
    'lib/carrier.mts': 'export const carrier = () => globalThis.cloacaTestGate?.then(() => "old")',
  })
  write({ 'orders.ts': ORDERS.replace('() => ({ carrier: carrier() })', 'async () => ({ carrier: await carrier() })') })
  const gate = Promise.withResolvers<void>()
  Object.assign(globalThis, { cloacaTestGate: gate.promise })
  await load()
  const running = shipped()

  write({ 'lib/carrier.mts': "export const carrier = () => 'new'" })
  await load()
  const after = await shipped()
  gate.resolve()

  expect([await running, after]).toEqual([{ carrier: 'old' }, { carrier: 'new' }])
})

it('shares a helper module between scripts', async () => {
  write({
    'one.ts': ORDERS.replace('./lib/carrier.mts', './count.ts').replace('carrier()', 'carrier()'),
    'other.ts': ORDERS.replace('./lib/carrier.mts', './count.ts').replace("workflow('orders')", "workflow('orders')"),
    'count.ts': 'let count = 0\nexport const carrier = () => ++count',
  })
  await load('one.ts')
  await load('other.ts')

  expect([await shipped('one.ts'), await shipped('other.ts')]).toEqual([{ carrier: 1 }, { carrier: 2 }])
})

it.each([
  ['TypeScript', 'helper.ts', 'export const carrier = 1\nlet x: = 5\n', 'SyntaxError', 2],
  [
    'JavaScript',
    'helper.mjs',
    'export const carrier = () => {\n  return {\n    a: 1\n    b: 2\n  }\n}\n',
    'SyntaxError',
    4,
  ],
  ['TypeScript that Node does not support', 'helper.ts', '\nexport enum Carrier { Post }\n', 'SyntaxError', 2],
  ['a thrown error', 'helper.ts', "\nexport const carrier = 1\nthrow new RangeError('no carrier')\n", 'RangeError', 3],
])('names file and line of an error in a helper: %s', async (_what, helper, text, type, line) => {
  write({ 'orders.ts': ORDERS.replace('./lib/carrier.mts', `./${helper}`), [helper]: text })

  const { fault, files } = await load()

  expect(fault).toMatchObject({ type, place: { file: join(folder, helper), line } })
  expect(files).toEqual([join(folder, 'orders.ts'), join(folder, helper)])
})

it('names the file and line of an import of a missing file', async () => {
  write({ 'orders.ts': ORDERS })

  const { fault, files } = await load()

  const place = { file: join(folder, 'orders.ts'), line: 3 }
  expect(fault).toMatchObject({ message: expect.stringContaining('Cannot find module'), place })
  expect(files).toContain(join(folder, 'lib/carrier.mts'))
})

it('keeps the loaded functions while the file is broken, and replaces them when the file is mended', async () => {
  write({ 'orders.ts': ORDERS, 'lib/carrier.mts': "export const carrier = () => 'post'" })
  await load()

  write({ 'orders.ts': `${ORDERS}\nexport const x: = 1` })
  const broken = await load()
  const meanwhile = await shipped()
  write({ 'orders.ts': ORDERS.replace('carrier()', '"courier"') })
  const good = await load()

  expect([broken.fault?.type, meanwhile, good.fault, await shipped()]).toEqual([
    'SyntaxError',
    { carrier: 'post' },
    null,
    { carrier: 'courier' },
  ])
})

it('calls the default function with the runner, and adds its registered workflows to the script', async () => {
  write({
    'orders.ts': `
      import { workflow } from 'cloaca'
      export default async function (runner) {
        await undefined
        await runner.register(workflow('orders').task('ship', () => ({ by: 'default' })))
      }`,
  })

  expect(await load()).toMatchObject({ fault: null, workflows: [{ key: 'orders', script: 'orders.ts' }] })
  expect(await shipped()).toEqual({ by: 'default' })
})

it('reports an error in the declarations of a file', async () => {
  write({
    'orders.ts': `import { workflow } from 'cloaca'
      export const one = workflow('orders').task('ship', () => undefined)
      export const other = workflow('orders').task('ship', () => undefined)`,
  })

  expect(await load()).toMatchObject({
    fault: { type: 'UsageError', message: expect.stringContaining('Two different workflows are named "orders"') },
    workflows: [],
  })
})

it('times out a file whose import never ends', async () => {
  await scripts.close()
  scripts = new ModuleScripts({
    clock: new SystemClock({ keepsProcessAlive: false, onTrouble: () => undefined }),
    printer: { print: () => undefined, ended: () => undefined, drain: () => Promise.resolve() },
    secrets: null,
    logLimits: { attemptBytes: 65_536, pollBytes: 65_536 },
    notice: () => undefined,
    ...({ stdoutTo: 'stderr', prefixes: false, memoryMebibytes: 128 } as const),
    loadDeadlineMs: 50,
    packageUrl: new URL('../../src/index.ts', import.meta.url).href,
    runner: () => runner,
  })
  write({ 'orders.ts': 'await new Promise(() => {})' })

  expect(await load()).toMatchObject({
    fault: { type: 'TimeoutError', message: expect.stringContaining('its import did not end within 0.05 s. ') },
  })
})
