/** Places of declarations: the file and line that messages, `check` and the page show. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ROOT } from '../support/source-tree.ts'

const folder = mkdtempSync(join(tmpdir(), 'cloaca-places-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PROGRAM = `import { trigger, workflow } from '${join(ROOT, 'src/index.ts')}'
interface Line { sku: string }
const declare = (name: string) =>
  workflow(name)

const orders = declare('orders')
  .task('fetch', () => ({ line: { sku: 'a' } as Line }))
  .task(
    'ship', { after: 'fetch' }, () => {})
const inbox = trigger('inbox', { starts: orders },
  () => true)
const { tasks, place } = orders.declared
console.log(JSON.stringify([place, ...tasks.map((task) => task.place), inbox.declared.place]))
`

function placesIn(file: string, program: string): readonly unknown[] {
  const path = join(folder, file)
  writeFileSync(path, program)
  return JSON.parse(execFileSync(process.execPath, ['--enable-source-maps', path], { encoding: 'utf8' }))
}

describe('the place of a declaration', () => {
  it('is the line of its call in a TypeScript file', () => {
    const file = join(folder, 'orders.ts')

    expect(placesIn('orders.ts', PROGRAM)).toEqual([4, 7, 8, 10].map((line) => ({ file, line })))
  })

  it('is the line in the original source if a compiled file has a source map', () => {
    writeFileSync(join(folder, 'origin.ts'), 'one\ntwo\n')
    const map = { version: 3, sources: ['origin.ts'], names: [], mappings: 'AAAA;AAGA' }
    const built = `import { workflow } from '${join(ROOT, 'src/index.ts')}'
const flow = workflow('built'); console.log(JSON.stringify([flow.declared.place]))
//# source${''}MappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}
`

    expect(placesIn('built.mjs', built)).toEqual([{ file: join(folder, 'origin.ts'), line: 4 }])
  })
})
