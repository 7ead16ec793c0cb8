/**
 * The manual agrees with the product where a fact can be read from the sources: statuses, settings without effect, missed
 * runs, served files; and its code can be started as it stands.
 */

import { existsSync, globSync, readdirSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isScriptFile } from '../src/runner/script-sources.ts'
import { codeIn, fencedBlocks, readDocument, tableRows } from './support/documents.ts'
import { ROOT } from './support/source-tree.ts'

const PAGES = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)

describe('what the manual says of the behaviour', () => {
  const paragraphs = (page: string) => readDocument(page).split(/\n\n|\n(?=[|-] ?)/)

  it('names every status of executions and tasks, and no other', () => {
    const union = (name: string) =>
      [
        ...(new RegExp(`export type ${name} =(.*)`).exec(readDocument('src/model/execution.ts'))?.[1] ?? '').matchAll(
          /'(\w+)'/g,
        ),
      ].map((match) => match[1])

    const [executions = [], tasks = []] = tableRows(readDocument('docs/concepts.md'), 'Status of').map(
      ([, names = '']) => codeIn(names),
    )

    expect(union('ExecutionStatus').length).toBeGreaterThan(4)
    expect(executions).toEqual(union('ExecutionStatus'))
    expect(tasks).toEqual(union('TaskStatus'))
  })

  it('names the same settings without effect as Python', () => {
    const settings = tableRows(readDocument('docs/native-engine.md'), 'Node').flatMap(([, name = '']) => codeIn(name))
    const python = [...readDocument('python/cloaca/_config.py').matchAll(/^ {8}(\w+): Validated but not used/gm)].map(
      (match) => match[1],
    )

    expect(settings).toHaveLength(2)
    expect(python.toSorted()).toEqual(settings.toSorted())
  })

  it('mentions `catchup` wherever it tells how many missed runs start', () => {
    const telling = PAGES.flatMap((page) => paragraphs(page).map((text) => ({ page, text }))).filter(({ text }) =>
      /missed (run|time)/.test(text),
    )

    expect(telling.length).toBeGreaterThan(3)
    expect(telling.filter(({ text }) => !/catchup|catch(?:es)? up/.test(text))).toEqual([])
  })

  it('names every kind of file that is served of a folder', () => {
    const row = tableRows(readDocument('docs/serving.md'), 'Place').find(([place]) => place === '`jobs`')?.[1] ?? ''
    const named = codeIn(row).filter((code) => code.startsWith('.'))

    expect(named).toEqual(
      ['.py', '.ts', '.mts', '.js', '.mjs', '.cjs', '.cts'].filter((end) => isScriptFile(`inbox${end}`)),
    )
  })
})

describe('the code of the manual', () => {
  const DOCUMENTS = [...PAGES, 'README.md', 'python/README.md']

  it('has an install line for each package that a program of the page imports', () => {
    const missing = DOCUMENTS.flatMap((page) => {
      const blocks = fencedBlocks(readDocument(page))
      const commands = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text)
      const installed = commands.flatMap((text) =>
        [...text.matchAll(/npm install (.*)/g)].flatMap((match) => (match[1] ?? '').split(/\s+/)),
      )
      const imported = blocks.filter(({ language }) => /^[jt]s$/.test(language)).flatMap(({ text }) => packagesIn(text))
      return [...new Set(imported)].filter((name) => !installed.includes(name)).map((name) => `${page}: ${name}`)
    })

    expect(missing).toEqual([])
  })

  it('has every package that an example imports among the dependencies of the example', () => {
    const files = globSync('examples/*/*.ts', { cwd: ROOT })
    const missing = files.flatMap((file) => {
      const settings = join(dirname(file), 'package.json')
      const project = existsSync(join(ROOT, settings)) ? readDocument(settings) : ''
      return packagesIn(readDocument(file))
        .filter((name) => !project.includes(`"${name}"`))
        .map((name) => `${file}: ${name}`)
    })

    expect(files.length).toBeGreaterThan(5)
    expect(missing).toEqual([])
  })

  it('starts no service through npx or npm, which pass on no signals', () => {
    const texts = [
      ...DOCUMENTS.flatMap((page) => fencedBlocks(readDocument(page)).map(({ text }) => ({ page, text }))),
      ...globSync('examples/**/*.{yml,yaml}', { cwd: ROOT }).map((page) => ({ page, text: readDocument(page) })),
    ]
    const starts = texts.flatMap(({ page, text }) =>
      [...text.matchAll(/^\s*(?:command:|CMD|ENTRYPOINT|ExecStart=).*/gm)].map(([line]) => `${page}: ${line.trim()}`),
    )

    expect(starts.length).toBeGreaterThan(3)
    expect(starts.filter((line) => /\bnp[mx]\b/.test(line))).toEqual([])
  })

  it('has no marks of a merge', () => {
    const marks = DOCUMENTS.flatMap((page) => {
      const lines = readDocument(page).split('\n')
      return lines
        .filter((line) => /^\s*(?:<{7}|={7}|>{7}|(?:> ){6}>)(?:\s|$)/.test(line))
        .map((line) => `${page}: ${line}`)
    })

    expect(marks).toEqual([])
  })
})

/** The packages that a program imports, but for cloaca itself and what Node brings. */
function packagesIn(text: string): readonly string[] {
  const names = [...text.matchAll(/(?:from|import) '((?:@[\w-]+\/)?[a-z][\w-]*)(?:\/[^']*)?'/g)].map(
    (match) => match[1] ?? '',
  )
  return names.filter((name) => name !== 'cloaca' && name !== 'node' && !isBuiltin(name))
}
