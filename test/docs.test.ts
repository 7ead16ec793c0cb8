/** ARCHITECTURE and CONTRIBUTING are true: their tables agree with the sources, and what they name exists. */

import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ERRORS_PAGE, errorClasses, errorsPage } from '../tools/error-codes.ts'
import { readDocument, tableRows } from './support/documents.ts'
import { ROOT, sourceFiles } from './support/source-tree.ts'

const ARCHITECTURE = readDocument('ARCHITECTURE.md')

describe('docs/errors.md', () => {
  it('is the text that tools/error-codes.ts writes', () => {
    expect(readFileSync(ERRORS_PAGE, 'utf8')).toBe(errorsPage())
  })

  it('lists each code below the class of the errors that have it', () => {
    const codes = errorClasses().flatMap(({ name, codes }) => codes.map(({ code }) => [code, name] as const))
    const classes = new Map(codes)
    const thrown = sourceFiles('src', '.ts').flatMap(({ path, text }) =>
      [...text.matchAll(/new (\w+Error)\(\s*(?:\w+ \? )?'([A-Z_]+)'/g)].map(([, name, code = '']) => ({
        path,
        name,
        code,
      })),
    )

    expect(thrown.filter(({ name, code }) => classes.get(code) !== name)).toEqual([])
    expect(codes.filter(([code]) => code !== 'INTERNAL' && !thrown.some((one) => one.code === code))).toEqual([])
  })

  it.each(["| 'LOST'", "/** Meaning only. */\n  | 'LOST'"])(
    'is not written for a code without a remedy: %j',
    (member) => {
      const source = `export type ErrorCode =\n  // HostError\n  ${member}\n\n/** Died. */\nexport class HostError {}\n`

      expect(() => errorClasses(source)).toThrow('"LOST" of src/errors.ts has no comment')
    },
  )
})

describe('the files that the documents name', () => {
  const existing = new Set(
    ['src', 'python', 'test', 'tools'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
    ),
  )
  // Names that stand for any of a kind.
  const placeholders = new Set(['_noun.py', 'name.py', 'name.test.ts', 'script.py'])

  it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('exist, in %s', (document) => {
    const named = [...readDocument(document).matchAll(/(?<![\w*-])[\w./-]*\w\.(?:ts|py|sql)\b/g)].map(([name]) => name)

    const missing = named.filter((name) =>
      name.includes('/') && /^(src|python|test|tools)\//.test(name)
        ? !existsSync(join(ROOT, name)) && !placeholders.has(basename(name))
        : !existing.has(basename(name)) && !placeholders.has(basename(name)),
    )

    expect(missing).toEqual([])
  })

  it('hold the classes and methods that the flow picture names', () => {
    const ports = readDocument('src/engine/ports.ts')
    const named = [...ARCHITECTURE.matchAll(/\b(?:Store|ScriptHost)\.(\w+)/g)].map((match) => match[1])

    expect(named.filter((method) => !new RegExp(`\\b${method}\\(`).test(ports))).toEqual([])
  })
})

describe('the links of the documents', () => {
  const documents = globSync('**/*.md', { cwd: ROOT, exclude: ['**/node_modules/**', '**/.*/**', 'docs/reference/**'] })

  it.each(documents)('lead somewhere, in %s', (document) => {
    expect(linksOf(document).filter(({ file }) => !existsSync(join(ROOT, file)))).toEqual([])
  })

  it.each(documents)('lead to headings that exist, in %s', (document) => {
    const anchored = linksOf(document).filter(({ file, anchor }) => anchor !== '' && file.endsWith('.md'))

    expect(anchored.filter(({ file, anchor }) => !anchorsOf(file).has(anchor))).toEqual([])
  })
})

describe('README, ARCHITECTURE and a file', () => {
  // What somebody looks for, and what the file that is found says about it.
  it.each([
    ['hangs', 'src/host/process/watchdog.ts', 'deadline'],
    ['deduplication', 'src/store/sqlite/trigger-queries.ts', 'context_hash = ?'],
    ['`recv`', 'python/cloaca/_adapt/sockets/transfers.py', 'def recv'],
    ['`recv`', 'src/interpreter/network/stream-socket.ts', 'override read('],
    ['`--grace`', 'src/settings/table.ts', '--grace'],
    ['`limits.memory`', 'src/settings/table.ts', 'limits.memory'],
  ])('answer in two links where to look for %s: %s', (word, file, text) => {
    const rows = ARCHITECTURE.split('\n').filter((line) => line.startsWith('|') && line.split('|')[1]?.includes(word))

    expect(linksOf('README.md').map((link) => link.file)).toContain('ARCHITECTURE.md')
    expect(rows.some((row) => row.includes(`](${file})`))).toBe(true)
    expect(readDocument(file)).toContain(text)
  })

  it('has nothing but links in the table of places', () => {
    const places = tableRows(ARCHITECTURE, 'Concern').map(([, place = '']) => place)

    expect(places.filter((place) => !place.startsWith('['))).toEqual([])
  })
})

/** The relative links of a document, from the root. */
function linksOf(document: string): readonly { readonly file: string; readonly anchor: string }[] {
  const prose = readDocument(document).replace(/^```[\s\S]*?^```/gm, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^\w+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#')
      return { file: path === '' ? document : normalize(join(dirname(document), path)), anchor }
    })
}

/** The headings of a document, as GitHub names them in links. */
function anchorsOf(document: string): ReadonlySet<string> {
  const headings = readFileSync(join(ROOT, document), 'utf8').matchAll(/^#+ (.*)$/gm)
  return new Set(
    [...headings].map(([, text = '']) =>
      text
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}
