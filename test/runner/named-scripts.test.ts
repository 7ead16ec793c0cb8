/** Scripts that only a task of another script names: they are loaded and removed together with that script. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Runner, type ScriptReport } from '../../src/index.ts'

const CLOACA = new URL('../../src/index.ts', import.meta.url).href

const workflow = (python: string) => `
import { workflow } from '${CLOACA}'
export const orders = workflow('orders').task('score', { retries: 0, python: ${python} })
`
const score = (value: string) => `
import cloaca
with cloaca.WorkflowBuilder("scoring"):
    @cloaca.task()
    def score(ctx):
        ctx["score"] = ${value}
        return ctx
`

describe('a script that only a task names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cloaca-named-'))
  const path = (name: string) => join(folder, name)
  const write = (name: string, text: string) => writeFileSync(path(name), text)
  const declared = (reports: readonly ScriptReport[]) => reports.map(({ workflows }) => workflows[0])
  const executed = async () => (await runner.execute('orders')).contextText
  let runner: Runner
  beforeAll(async () => {
    write('orders.ts', workflow("{ script: 'score.py', task: 'score' }"))
    write('score.py', score('1.0'))
    runner = await Runner.open({ database: 'sqlite://:memory:' })
  })
  afterAll(async () => {
    await runner.close()
    rmSync(folder, { recursive: true })
  })

  it('is found in the folder of the file that names it, and loaded with that file', async () => {
    expect(declared(await runner.load(path('orders.ts')))).toEqual(['orders', 'scoring'])
    expect(await executed()).toBe('{"score":1.0}')
  })

  it('is loaded again when its file changes', async () => {
    write('score.py', score('20'))
    const report = await runner.reload([path('orders.ts')], [path('score.py')])

    expect(declared(report.loaded)).toEqual(['scoring'])
    expect(report.removed).toEqual([])
    expect(await executed()).toBe('{"score":20}')
  })

  it('is not loaded twice when a call of load() names it with another spelling of its path', async () => {
    expect(await runner.load(`${folder}/./score.py`)).toMatchObject([{ workflows: ['scoring'], problems: [] }])
  })

  it('is removed when the task names another script, which is loaded instead', async () => {
    write('other.py', score('"other"'))
    write('orders.ts', workflow("{ script: 'other.py', task: 'score' }"))
    const report = await runner.reload([path('orders.ts')], [path('orders.ts')])

    expect(report.removed).toHaveLength(1)
    expect(await executed()).toBe('{"score":"other"}')
  })

  it('makes register() throw if it cannot be loaded', async () => {
    write('broken.py', 'def score(:\n')
    write('program.ts', workflow("{ script: 'broken.py', task: 'score' }").replaceAll('orders', 'broken'))
    const { broken } = await import(pathToFileURL(path('program.ts')).href)

    await expect(runner.register(broken)).rejects.toMatchObject({
      code: 'SCRIPT_LOAD_FAILED',
      message: expect.stringContaining('broken.py'),
    })
  })
})
