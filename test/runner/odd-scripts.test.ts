/** Scripts whose globals and exceptions raise when their attributes are read. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Runner } from '../../src/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cloaca-odd-scripts-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, code: string): string {
  const path = join(folder, name)
  writeFileSync(path, code)
  return path
}

const open = () => Runner.open({ database: join(folder, 'served.db'), log: () => {} })

const shop = (answer: string, more = '') => `
import cloaca
${more}

with cloaca.WorkflowBuilder("shop"):

    @cloaca.task()
    def sell(context):
        context.set("answer", ${answer})
        return context
`

it.each([
  ['a global proxy whose __class__ raises', 'class P:\n    __class__ = property(no)\nrequest = P()'],
  ['a global whose attributes all raise', 'class P:\n    __getattribute__ = no\n    __call__ = no\nrequest = P()'],
  ['a class whose __module__ raises', 'class K(type):\n    __module__ = property(no)\nclass P(metaclass=K): pass'],
  ['another object in place of its module', 'class M:\n    __slots__ = ()\nimport sys\nsys.modules[__name__] = M()'],
  [
    'a lazy module in place of its own',
    'import sys, types\nclass M(types.ModuleType):\n    __getattr__ = no\nsys.modules[__name__] = M("m")',
  ],
])('loads and reloads a script with %s', async (_, code) => {
  const no = 'def no(*arguments): raise RuntimeError("nothing is looked at")\n'
  const path = write('proxies.py', shop('1', no + code))
  await using runner = await open()
  await runner.load(path)
  expect((await runner.execute('shop')).context).toMatchObject({ answer: 1 })

  write('proxies.py', `${shop('2', no + code)}\nraise ValueError("not today")\n`)
  const [broken] = await runner.loadAll([path])
  write('proxies.py', shop('3', no + code))
  const [good] = await runner.loadAll([path])

  expect(broken?.error?.message).toContain('not today')
  expect(good).toMatchObject({ error: null, files: [path] })
  expect((await runner.execute('shop')).context).toMatchObject({ answer: 3 })
})

it.each([
  [
    'whose str() raises',
    'class E(Exception):\n    def __str__(self): raise SystemExit(3)\nraise E()',
    'E: <exception str\\(\\) failed>',
  ],
  ['ImportError whose name is not a string', 'raise ImportError("gone", name=5)', 'ImportError: gone'],
  ['SyntaxError whose position is invalid', 'raise SyntaxError(5, (b"f", "l", "o", 7))', 'SyntaxError: 5'],
])('reports an exception %s, and loads the other scripts', async (_, code, message) => {
  await using runner = await open()
  const good = write('good.py', shop('1'))

  const reports = await runner.loadAll([write('odd.py', code), good])

  expect(reports).toMatchObject([{ error: { message: expect.stringMatching(`: ${message}$`) } }, { error: null }])
})
