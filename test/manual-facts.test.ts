/**
 * Facts in the manual, compared with the sources: statuses, settings without effect, missed runs and served files. The
 * code of the manual can be started unchanged.
 */

import { existsSync, globSync, readdirSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { projectOptions } from '../src/runner/project-options.ts'
import { runnerOptions } from '../src/runner/runner-options.ts'
import { isScriptFile } from '../src/runner/script-sources.ts'
import { codeIn, fencedBlocks, readDocument, tableRows } from './support/documents.ts'
import { ROOT } from './support/source-tree.ts'
import { temporaryFolder } from './support/store-sites.ts'

const PAGES = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)

interface CheckJob {
  readonly 'continue-on-error': string
  readonly strategy: { readonly matrix: { readonly system: readonly string[]; readonly parts: readonly string[] } }
}

describe('the manual', () => {
  const paragraphs = (page: string) => readDocument(page).split(/\n\n|\n(?=[|-] ?)/)

  it('names every status of executions and tasks, and no other', () => {
    const union = (name: string) =>
      [
        ...(
          new RegExp(`export type ${name} =((?:.|\\n {2})*)`).exec(readDocument('src/model/execution.ts'))?.[1] ?? ''
        ).matchAll(/'(\w+)'/g),
      ].map((match) => match[1])

    const [executions = [], tasks = []] = tableRows(readDocument('docs/concepts.md'), 'Status of').map(
      ([, names = '']) => codeIn(names),
    )

    expect(union('ExecutionStatus').length).toBeGreaterThan(4)
    expect(executions).toEqual(union('ExecutionStatus'))
    expect(tasks).toEqual(union('TaskStatus'))
  })

  it('names the same settings without effect as the Python package', () => {
    const settings = tableRows(readDocument('docs/native-engine.md'), 'Node').flatMap(([, name = '']) => codeIn(name))
    const python = [...readDocument('python/cloaca/_config.py').matchAll(/^ {8}(\w+): Validated but not used/gm)].map(
      (match) => match[1],
    )

    expect(settings).toHaveLength(2)
    expect(python.toSorted()).toEqual(settings.toSorted())
  })

  it('names the systems on which CI requires that the tests pass', () => {
    const { check } = (parse(readDocument('.github/workflows/ci.yml')) as { jobs: { check: CheckJob } }).jobs
    const allowed = /^\$\{\{ startsWith\(matrix\.system, '(\w+)'\) \}\}$/.exec(check['continue-on-error'])?.[1] ?? ''
    const systems = check.strategy.matrix.system.map((system) => system.replace('-latest', ''))

    expect(systems).toEqual(['ubuntu', 'macos', 'windows'])
    expect(allowed).toBe('windows')
    expect(check.strategy.matrix.parts.join(' ')).toMatch(/^core live deep page documents .*scenarios/)
    expect(readDocument('docs/get-started.md')).toContain(
      'Linux and macOS are supported, and each change must pass the tests on both; the slowest tests run every night',
    )
  })

  it('mentions `catchup` in each paragraph about missed runs', () => {
    const telling = PAGES.flatMap((page) => paragraphs(page).map((text) => ({ page, text }))).filter(({ text }) =>
      /missed (run|time)/.test(text),
    )

    expect(telling.length).toBeGreaterThan(3)
    expect(telling.filter(({ text }) => !/catchup|catch(?:es)? up/.test(text))).toEqual([])
  })

  it('names every kind of script file in a served folder', () => {
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

  it('has a dependency in the example for each package that an example imports', () => {
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

  it('starts no service through npx or npm, because they pass no signals on', () => {
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

  it('has only settings that cloaca accepts', () => {
    const folder = temporaryFolder()
    const blocks = PAGES.flatMap((page) =>
      fencedBlocks(readDocument(page))
        .filter(({ language }) => language === 'toml')
        .map(({ text }) => ({ page, text })),
    )
    const refused = blocks.flatMap(({ page, text }) => {
      writeFileSync(folder.file('cloaca.toml'), text, { mode: 0o600 })
      try {
        // Other options name files of the reader's project.
        const { alerts = {} } = projectOptions({ folder: folder.file('.'), environment: {} })
        runnerOptions({ alerts })
        return []
      } catch (thrown) {
        return [`${page}: ${String(thrown)}`]
      }
    })
    folder[Symbol.dispose]()

    expect(blocks.length).toBeGreaterThan(12)
    expect(refused).toEqual([])
  })

  it('has no merge conflict markers', () => {
    const marks = DOCUMENTS.flatMap((page) => {
      const lines = readDocument(page).split('\n')
      return lines
        .filter((line) => /^\s*(?:<{7}|={7}|>{7}|(?:> ){6}>)(?:\s|$)/.test(line))
        .map((line) => `${page}: ${line}`)
    })

    expect(marks).toEqual([])
  })
})

/** Returns the packages that a program imports, except for cloaca and the built-in modules of Node. */
function packagesIn(text: string): readonly string[] {
  const names = [...text.matchAll(/(?:from|import) '((?:@[\w-]+\/)?[a-z][\w-]*)(?:\/[^']*)?'/g)].map(
    (match) => match[1] ?? '',
  )
  return names.filter((name) => name !== 'cloaca' && name !== 'node' && !isBuiltin(name))
}
