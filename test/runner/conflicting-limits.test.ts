/** Scripts of one runner that declare a limit with different values. */

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Runner } from '../../src/index.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/store-sites.ts'

const CLOACA = fileURLToPath(new URL('../../src/index.ts', import.meta.url))

let folder: TemporaryFolder
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder[Symbol.dispose]())

function typescript(name: string, maxActive: number): string {
  const path = folder.file(`${name}.ts`)
  const code = `
import { limit, workflow } from '${CLOACA}'

const crm = limit('crm', { maxActive: ${maxActive} })
export const flow = workflow('${name}').task('a', { limits: [crm] }, () => ({ by: '${name}' }))
`
  writeFileSync(path, code)
  return path
}

function python(name: string, maxActive: number): string {
  const path = folder.file(`${name}.py`)
  const code = `
import cloaca

crm = cloaca.limit("crm", max_active=${maxActive})

with cloaca.WorkflowBuilder("${name}"):

    @cloaca.task(limits=[crm])
    def a(context):
        context.set("by", "${name}")
        return context
`
  writeFileSync(path, code)
  return path
}

it.each([
  ['TypeScript', typescript],
  ['Python', python],
])('refuses a second script, in %s, until the values are equal, and serves the first one', async (_, write) => {
  await using runner = await Runner.open({ database: folder.file('served.db'), log: () => {} })
  const first = typescript('first', 1)
  await runner.load(first)
  const second = write('second', 2)

  await expect(runner.load(second)).rejects.toMatchObject({
    code: 'SCRIPT_LOAD_FAILED',
    message: expect.stringMatching(
      /LIMIT_CONFLICT: Limit "crm" is declared with different values at \S*first\.ts:4 and at \S*second\.\w+:\d/,
    ) as string,
  })
  await runner.start()
  expect((await runner.execute('first')).context).toEqual({ by: 'first' })
  await expect(runner.execute('second')).rejects.toMatchObject({ code: 'WORKFLOW_NOT_FOUND' })
  expect(await runner.limits.get('crm')).toMatchObject({ maxActive: 1 })

  typescript('first', 2)
  const { loaded } = await runner.reload([second, first], [first])
  expect(loaded.map(({ error }) => error)).toEqual([null, null])
  expect((await runner.execute('second')).context).toMatchObject({ by: 'second' })
})

it.each([
  ['TypeScript', typescript],
  ['Python', python],
])('serves scripts in %s, whose values change when an error in them is corrected', async (_, write) => {
  await using runner = await Runner.open({ database: folder.file('served.db'), log: () => {} })
  const files = [write('first', 1), write('second', 1)]
  for (const file of files) await runner.load(file)
  await runner.start()
  for (const file of files) writeFileSync(file, '(')
  expect((await runner.reload(files, files)).loaded).toMatchObject([{ isKept: true }, { isKept: true }])

  for (const name of ['first', 'second']) write(name, 2)
  const { loaded } = await runner.reload(files, files)

  expect(loaded.map(({ error }) => error)).toEqual([null, null])
  for (const name of ['first', 'second']) expect((await runner.execute(name)).context).toMatchObject({ by: name })
  expect(await runner.limits.get('crm')).toMatchObject({ maxActive: 2 })
})
