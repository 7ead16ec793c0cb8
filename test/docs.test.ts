/** Compares the documents for contributors with the sources: error codes, tables of rooms, names of files, links. */

import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ERRORS_PAGE, errorClasses, errorsPage } from '../tools/error-codes.ts'
import { exportedNames, NAMES_PAGE, namesPage } from '../tools/exported-names.ts'
import { readDocument, tableRows } from './support/documents.ts'
import { ROOT, sourceFiles } from './support/source-tree.ts'

const ARCHITECTURE = readDocument('ARCHITECTURE.md')
const BIG_ROOMS = ['engine', 'store', 'host', 'interpreter', 'page', 'http', 'runner']

describe('docs/errors.md', () => {
  it('is the text that tools/error-codes.ts writes', () => {
    expect(readFileSync(ERRORS_PAGE, 'utf8')).toBe(errorsPage())
  })

  it('lists each code under the class that has it', () => {
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

  it.each(["| 'LOST'", "/** Meaning only. */\n  | 'LOST'"])('is not written if a code has no remedy: %j', (member) => {
    const source = `export type ErrorCode =\n  // HostError\n  ${member}\n\n/** Died. */\nexport class HostError {}\n`

    expect(() => errorClasses(source)).toThrow('"LOST" of src/errors.ts has no comment')
  })
})

describe('docs/exported-names.md', () => {
  it('is the text that tools/exported-names.ts writes', () => {
    expect(readFileSync(NAMES_PAGE, 'utf8')).toBe(namesPage())
  })

  it('lists each name that the package exports at run time', async () => {
    const names = Object.keys(await import('../src/index.ts'))
    const listed = exportedNames(join(ROOT, 'src', 'index.ts')).map(({ name }) => name)

    expect(names.length).toBeGreaterThan(25)
    expect(names.filter((name) => !listed.includes(name))).toEqual([])
  })
})

describe('the files that the documents name', () => {
  const existing = new Set(
    ['src', 'python', 'test', 'tools'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
    ),
  )
  // Placeholders for any file of a kind.
  const placeholders = new Set(['_noun.py', 'name.py', 'name.test.ts', 'script.py'])

  it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', ...BIG_ROOMS.map((room) => `src/${room}/README.md`)])(
    'exist, in %s',
    (document) => {
      const named = [...readDocument(document).matchAll(/(?<![\w*-])[\w./-]*\w\.(?:ts|py|sql)\b/g)].map(
        ([name]) => name,
      )

      const missing = named.filter((name) =>
        name.includes('/') && /^(src|python|test|tools)\//.test(name)
          ? !existsSync(join(ROOT, name)) && !placeholders.has(basename(name))
          : !existing.has(basename(name)) && !placeholders.has(basename(name)),
      )

      expect(missing).toEqual([])
    },
  )

  it('declare the methods that the flow picture names', () => {
    const ports = ['ports', 'store'].map((name) => readDocument(`src/engine/${name}.ts`)).join()
    const named = [...ARCHITECTURE.matchAll(/\b(?:Store|ScriptHost)\.(\w+)/g)].map((match) => match[1])

    expect(named.filter((method) => !new RegExp(`\\b${method}\\(`).test(ports))).toEqual([])
  })
})

describe('the links of the documents', () => {
  const documents = globSync('**/*.md', { cwd: ROOT, exclude: ['**/node_modules/**', '**/.*/**', 'docs/reference/**'] })

  it.each(documents)('lead to files that exist, in %s', (document) => {
    expect(linksOf(document).filter(({ file }) => !existsSync(join(ROOT, file)))).toEqual([])
  })

  it.each(documents)('lead to headings that exist, in %s', (document) => {
    const anchored = linksOf(document).filter(({ file, anchor }) => anchor !== '' && file.endsWith('.md'))

    expect(anchored.filter(({ file, anchor }) => !anchorsOf(file).has(anchor))).toEqual([])
  })
})

describe('ARCHITECTURE.md', () => {
  it('has at most 16 KB, and at most 20 words in its glossary', () => {
    expect(Buffer.byteLength(ARCHITECTURE)).toBeLessThanOrEqual(16 * 1024)
    expect(tableRows(ARCHITECTURE, 'Word').length).toBeLessThanOrEqual(20)
  })

  it.each(BIG_ROOMS)('links to the README of %s', (room) => {
    expect(linksOf('ARCHITECTURE.md').map(({ file }) => file)).toContain(`src/${room}/README.md`)
  })
})

describe('the table of a room', () => {
  it.each(BIG_ROOMS)('lists each file and folder of src/%s', (room) => {
    const rows = roomRows(room)
    const listed = rows.flatMap(({ entries }) => entries)
    const existing = readdirSync(join(ROOT, 'src', room)).filter((name) => name !== 'README.md')

    expect([...listed].sort()).toEqual(existing.sort())
    expect(rows.filter(({ role, forbidden }) => !/\w/.test(role) || !/\w/.test(forbidden))).toEqual([])
  })
})

describe('README.md', () => {
  // Question, link to a room in README.md, file that the room's README links to, and a text in that file.
  it.each([
    ['hang', 'src/host/README.md', 'src/host/process/watchdog.ts', 'deadline'],
    ['deduplication', 'src/store/README.md', 'src/store/sql/firing-sql.ts', 'AND context_hash = '],
    ['`recv`', 'src/interpreter/README.md', 'python/cloaca/_adapt/sockets/transfers.py', 'def recv'],
    ['`recv`', 'src/interpreter/README.md', 'src/interpreter/network/stream-socket.ts', 'override read('],
    ['`--grace`', 'src/settings/README.md', 'src/settings/engine-settings.ts', '--grace'],
    ['`limits.memory`', 'src/settings/README.md', 'src/settings/engine-settings.ts', 'limits.memory'],
  ])('leads from the question about %s through %s to %s', (word, room, file, text) => {
    const questions = tableRows(readDocument('README.md'), 'Question about').filter(([question]) =>
      question?.includes(word),
    )
    const lines = readDocument(room)
      .split('\n')
      .filter((line) => line.includes(word))

    expect(questions.map(([, link]) => link)).toEqual([expect.stringContaining(`](${room})`)])
    expect(lines.flatMap((line) => linksIn(line, room)).map((link) => link.file)).toContain(file)
    expect(readDocument(file)).toContain(text)
  })
})

interface RoomRow {
  readonly entries: readonly string[]
  readonly role: string
  readonly forbidden: string
}

/** Rows of the table in the README of a room: `entries` are names of files and folders directly in the room. */
function roomRows(room: string): readonly RoomRow[] {
  const readme = `src/${room}/README.md`
  return tableRows(readDocument(readme), 'File').map(([files = '', role = '', forbidden = '']) => ({
    entries: linksIn(files, readme).map(({ file }) => relative(join('src', room), file).replace(/\/README\.md$/, '')),
    role,
    forbidden,
  }))
}

interface Link {
  readonly file: string
  readonly anchor: string
}

/** Returns the relative links of a document, from the root. */
function linksOf(document: string): readonly Link[] {
  return linksIn(readDocument(document).replace(/^```[\s\S]*?^```/gm, ''), document)
}

/** Returns the relative links in a part of a document, from the root. */
function linksIn(markdown: string, document: string): readonly Link[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^\w+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#')
      return { file: path === '' ? document : normalize(join(dirname(document), path)), anchor }
    })
}

/** Returns the headings of a document, as GitHub names them in links. */
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
