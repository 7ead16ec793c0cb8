/**
 * Checks the structure of the tree: permitted imports, owners of modules, and sizes of files. A new area gets a row in
 * `support/import-table.ts` with its reason, not an exception here.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDocument } from './support/documents.ts'
import { ignoredErrors, uncodedErrors } from './support/error-rules.ts'
import { findCycles } from './support/import-cycles.ts'
import { isPermitted, type Row, rowsWithoutReason } from './support/import-rows.ts'
import { TABLE } from './support/import-table.ts'
import { namesOfSeveralRooms, SHARED_NAMES } from './support/shared-names.ts'
import { ROOT, type SourceFile, sourceFiles } from './support/source-tree.ts'

/** Modules, globals and languages that only the named files may use. */
const OWNERS: readonly { readonly what: string; readonly pattern: RegExp; readonly owners: RegExp }[] = [
  {
    what: 'Pyodide',
    pattern: /from 'pyodide/,
    owners: /^src\/interpreter\//,
  },
  {
    what: 'better-sqlite3',
    pattern: /from 'better-sqlite3'/,
    owners: /^src\/(store\/(sqlite|postgres)\/|interpreter\/sqlite\.ts$)/,
  },
  {
    what: 'SQL',
    pattern: /\b(SELECT|INSERT INTO|UPDATE|DELETE FROM) \w/,
    owners: /^src\/(store\/(sqlite|postgres|sql|steps)\/|tenants\/|interpreter\/sqlite\.ts$)/,
  },
  {
    what: 'process.exit',
    pattern: /process\.exit\b(?!Code)/,
    owners: /^src\/(cli\/|interpreter\/interpreter-session\.ts$)/,
  },
  { what: 'the console', pattern: /\bconsole\.\w/, owners: /^src\/(cli\/|testing\/output\.ts$)/ },
  {
    what: 'the wall clock',
    pattern: /\bDate\.now\(\)/,
    owners:
      /^src\/(authoring\/try-later|engine\/system-clock|interpreter\/output\/call-logs|output\/printed-lines|page\/api\/engine-time)\.ts$/,
  },
  {
    what: 'timers',
    pattern: /\b(setTimeout|setInterval)\(/,
    owners:
      /^src\/(engine\/system-clock|interpreter\/(stacks\/stack-waits|descriptors\/named-pipe|output\/call-logs|control-worker)|output\/(outlet|whole-lines|printed-lines|unsent-line)|cli\/(serve\/watch|start\/npm)|page\/live\/live-clock|testing\/real-limit)\.ts$/,
  },
  {
    what: 'threads',
    pattern: /\bnew Worker\(/,
    owners:
      /^src\/(functions\/(isolation\/live-worker|blocking\/loop-watch)|threads\/request-thread|interpreter\/process-control|page\/graph\/graph-layout)\.ts$/,
  },
]

/** Comparison of an elapsed time with a maximum, in TypeScript or Python. */
const MAX_ELAPSED = /\b(now|monotonic|perf_counter|time)\(\) - \w+\)?( <|\.toBeLess)/

const MAX_FILE_LINES = 400
const MAX_FUNCTION_LINES = 60
const MAX_FOLDER_FILES = 17

const sources = sourceFiles('src', '.ts', '.tsx')
const folders = [...new Set(sourceFiles('src', '.ts', '.tsx', '.cc').map((file) => dirname(file.path)))]

const EXPORTED_OF = /^export (?:async )?(?:function\*?|const|class|interface|type) (\w+Of)\b/gm
const PERMITTED_OF = ['InputOf', 'OutputOf', 'ResultOf', 'linearIndexOf', 'linearLastIndexOf']

describe('the structure of the tree', () => {
  it('has a row of the import table for every source file', () => {
    const homeless = sources.filter((file) => rowOf(file) === undefined).map((file) => file.path)

    expect(homeless).toEqual([])
  })

  it('states a reason in each row of the import table', () => {
    expect(rowsWithoutReason(TABLE)).toEqual([])
  })

  it('permits only imports of existing files and of dependencies', () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readDocument('package.json'))
    const packages = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
    const targets = [...sources.map((file) => file.path), ...builtinModules.map((name) => `node:${name}`), ...packages]
    const patterns = TABLE.flatMap(({ files, may, mayTypes = [] }) => [files, ...may, ...mayTypes])

    expect(patterns.filter((pattern) => !targets.some((target) => pattern.test(target)))).toEqual([])
  })

  it('imports only in the directions of the table', () => {
    const offences = sources.flatMap((file) => {
      const row = rowOf(file)
      return file.imports.filter((one) => !isPermitted(one, row)).map(({ target }) => `${file.path} imports ${target}`)
    })

    expect(offences).toEqual([])
  })

  it('has no import cycles, including imports of types', () => {
    expect(findCycles(sources)).toEqual([])
  })

  it('is checked for import cycles of more than two files', () => {
    const file = (path: string, ...targets: string[]) => ({ path, imports: targets.map((target) => ({ target })) })

    expect(findCycles([file('a', 'b'), file('b', 'c', 'd'), file('c', 'a'), file('d', 'e'), file('e')])).toEqual([
      'a, b, c',
    ])
    expect(findCycles([file('a', 'b'), file('b', 'c'), file('c')])).toEqual([])
  })

  it('starts Python for a program before it loads the engine, the store and the server', () => {
    const late =
      /^(src\/(store\/sqlite\/sqlite-store|native\/index|engine\/engine|runner\/runner|index)\.ts|pino|commander|croner|better-sqlite3)$/

    expect([...importedWith('src/cli/run-command.ts')].filter((target) => late.test(target))).toEqual([])
    expect([...importedWith('src/index.ts')].filter((target) => late.test(target))).toContain('src/runner/runner.ts')
  })

  it.each(OWNERS)('uses $what only in its owners', ({ pattern, owners }) => {
    const offenders = sources.filter((file) => pattern.test(withoutComments(file.text)) && !owners.test(file.path))

    expect(offenders.map((file) => file.path)).toEqual([])
  })

  it('gives a reason for each ignored error, and for each error without a code', () => {
    const lines = (rule: (text: string) => number[]) =>
      sources.flatMap(({ path, text }) => rule(text).map((line) => `${path}:${line}`))

    expect(lines(ignoredErrors)).toEqual([])
    expect(lines(uncodedErrors)).toEqual([])
  })

  it('has no test that fails because an operation was slow', () => {
    const tests = [...sourceFiles('test', '.ts', '.py'), ...sourceFiles('python/tests', '.py')]
    const offenders = tests.filter((file) => MAX_ELAPSED.test(file.text))

    expect(offenders.map((file) => file.path)).toEqual([])
  })

  it('has no default exports and no wildcard re-exports', () => {
    const offenders = sources.filter((file) => /^export (default|\*)/m.test(file.text))

    expect(offenders.map((file) => file.path)).toEqual([])
  })

  it('exports each name from one room, unless the table gives a reason', () => {
    const permitted = SHARED_NAMES.flatMap(({ names }) => names)
    const found = namesOfSeveralRooms(sources)

    expect(found.filter((line) => !permitted.some((name) => line.startsWith(`${name}:`)))).toEqual([])
    expect(permitted.filter((name) => !found.some((line) => line.startsWith(`${name}:`)))).toEqual([])
    expect(SHARED_NAMES.filter(({ reason }) => !/^[A-Z]\S*( \S+){3,}\.$/.test(reason))).toEqual([])
  })

  it('is checked for names that two rooms export, while one room may repeat a name', () => {
    const store = { path: 'src/store/pages.ts', text: 'export interface Place {\n}\nexport const START = 0' }
    const page = { path: 'src/page/parts/source-place.tsx', text: 'export async function* Place() {}\nconst START = 0' }
    const twin = { path: 'src/store/rows/place.ts', text: 'export type Place = number' }

    expect(namesOfSeveralRooms([store, page, twin])).toEqual([`Place: ${store.path}, ${page.path}, ${twin.path}`])
    expect(namesOfSeveralRooms([store, twin])).toEqual([])
  })

  it('gives each source file its own name, except for entry points', () => {
    const names = sources.map(({ path }) => basename(path).replace(/\.tsx?$/, ''))

    const repeated = names.filter((name, index) => names.indexOf(name) < index)
    expect(repeated.filter((name) => !/^(index|main)$/.test(name))).toEqual([])
  })

  it('exports no name that ends in Of, except for public types and twins of indexOf', () => {
    const names = sources.flatMap(({ text }) => [...text.matchAll(EXPORTED_OF)].map(([, name]) => name))

    expect([...new Set(names)].sort()).toEqual(PERMITTED_OF)
  })

  it('has no files named utils, helpers or the like', () => {
    const leftovers = sources.filter((file) =>
      /\/(utils?|helpers?|common|lib|misc|manager|handler|base)\.tsx?$/.test(file.path),
    )

    expect(leftovers.map((file) => file.path)).toEqual([])
  })

  it(`keeps every folder within ${MAX_FOLDER_FILES} files`, () => {
    const large = folders
      .map((folder) => ({ folder, files: nounsIn(folder).size }))
      .filter(({ files }) => files > MAX_FOLDER_FILES)

    expect(large).toEqual([])
  })

  it('describes content and process of each folder in its README', () => {
    const silent = folders.filter((folder) => {
      const path = join(ROOT, folder, 'README.md')
      return !existsSync(path) || !/^Process: \S/m.test(readFileSync(path, 'utf8'))
    })

    expect(silent).toEqual([])
  })

  it(`keeps every file within ${MAX_FILE_LINES} lines`, () => {
    const everything = [
      ...sources,
      ...sourceFiles('test', '.ts'),
      ...sourceFiles('python', '.py'),
      ...sourceFiles('src', '.cc', '.h'),
    ]
    const large = everything
      .map((file) => ({ path: file.path, lines: file.text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MAX_FILE_LINES)

    expect(large).toEqual([])
  })

  it(`keeps every function within ${MAX_FUNCTION_LINES} lines`, () => {
    expect(sources.flatMap(longFunctions)).toEqual([])
  })

  it('describes the purpose of each file at its head', () => {
    const silent = sources.filter((file) => !/^(#!.*\n)?\/\*\*/.test(file.text)).map((file) => file.path)

    expect(silent).toEqual([])
  })
})

describe('the rules for errors', () => {
  it.each([
    'work.catch(() => undefined)',
    'await client.end().catch(() => {})',
    'const body = await response.json().catch(() => null)',
    "child.once('error', () => undefined)",
    'try {\n  kill()\n} catch {}',
    'try {\n  kill()\n} catch (error) {\n  // The process may be gone.\n}',
    'work.catch(() => undefined) // Ignored:',
  ])('reject the ignored error in %j', (code) => {
    expect(ignoredErrors(code)).toHaveLength(1)
  })

  it.each([
    'work.catch(() => undefined) // Ignored: the caller receives the error',
    '// Ignored: the caller receives the error\nwork.catch(() => undefined)',
    'try {\n  kill()\n} catch {\n  // Ignored: the process may be gone\n}',
    'try {\n  kill()\n} catch {\n  return null\n}',
    'work.catch((error) => report(error))',
    "child.once('error', (error) => report(error))",
  ])('permit %j', (code) => {
    expect(ignoredErrors(code)).toEqual([])
  })

  it.each(["throw new Error('no server')", 'reject(new Error(text, { cause }))'])(
    'reject the error without a code in %j',
    (code) => {
      expect(uncodedErrors(`const text = 'failed'\n${code}`)).toEqual([2])
    },
  )

  it.each([
    "throw new Error('no server') // Uncoded: becomes an OSError in Python",
    "// Uncoded: becomes an OSError in Python\nthrow new Error('no server')",
    "throw new HostError('INTERPRETER_LOST', 'no server')",
    'const stack = new Error().stack',
    'throw Object.assign(new Error(message), { code })',
  ])('permit %j', (code) => {
    expect(uncodedErrors(code)).toEqual([])
  })
})

/** Returns the names of the files in a folder. A C++ source and its header have one name. */
function nounsIn(folder: string): ReadonlySet<string> {
  const files = readdirSync(join(ROOT, folder), { withFileTypes: true }).filter((entry) => entry.isFile())
  return new Set(files.map(({ name }) => name.replace(/\.(cc|h)$/, '')).filter((name) => name !== 'README.md'))
}

function rowOf(file: SourceFile): Row | undefined {
  return TABLE.find((row) => row.files.test(file.path))
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')
}

/** Returns all modules that the import of a file loads. */
function importedWith(path: string, found: Set<string> = new Set()): ReadonlySet<string> {
  const imports = sources.find((file) => file.path === path)?.imports ?? []
  for (const { target, isTypeOnly, isDynamic } of imports) {
    if (isTypeOnly || isDynamic || found.has(target)) continue
    found.add(target)
    importedWith(target, found)
  }
  return found
}

/** Finds long functions, from their opening line to the closing brace at the same indentation. */
function longFunctions(file: SourceFile): string[] {
  const lines = file.text.split('\n')
  const opening = /^(\s*)(?:export )?(?:(?:static |async |private )*(?:function\*? )?#?\w+(?:<[^>]*>)?\(.*\{)$/
  return lines.flatMap((line, index) => {
    const match = opening.exec(line)
    // `call({` begins an object, not a function body.
    if (match === null || /^\s*(if|for|while|switch|catch|return)\b|^\s*[\w.]+\(\{$/.test(line)) return []
    const end = lines.findIndex((other, at) => at > index && other === `${match[1]}}`)
    const length = end - index + 1
    return end >= 0 && length > MAX_FUNCTION_LINES ? [`${file.path}:${index + 1} has ${length} lines`] : []
  })
}
