/**
 * Checks the structure of the tree: permitted imports, owners of modules, and sizes of files. A new area gets a row in
 * `support/import-table.ts` with its reason, not an exception here.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDocument } from './support/documents.ts'
import { isPermitted, type Row, rowsWithoutReason } from './support/import-rows.ts'
import { TABLE } from './support/import-table.ts'
import { ROOT, type SourceFile, sourceFiles } from './support/source-tree.ts'

/** What only the named files may touch. */
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
    owners: /^src\/(store\/(sqlite|postgres|sql|steps)\/|interpreter\/sqlite\.ts$)/,
  },
  { what: 'process.exit', pattern: /process\.exit\b(?!Code)/, owners: /^src\/(cli\/|interpreter\/session\.ts$)/ },
  { what: 'the console', pattern: /\bconsole\.\w/, owners: /^src\/(cli\/|testing\/output\.ts$)/ },
  {
    what: 'the wall clock',
    pattern: /\bDate\.now\(\)/,
    owners: /^src\/(engine\/clock|interpreter\/output\/call-logs|page\/api\/engine-time)\.ts$/,
  },
  {
    what: 'timers',
    pattern: /\b(setTimeout|setInterval)\(/,
    owners:
      /^src\/(engine\/clock|interpreter\/(stacks\/stack-waits|descriptors\/named-pipe|output\/call-logs|control-worker)|output\/(outlet|whole-lines)|cli\/(serve\/watch|npm)|page\/live\/clock|testing\/real-limit)\.ts$/,
  },
  {
    what: 'threads',
    pattern: /\bnew Worker\(/,
    owners:
      /^src\/(functions\/(isolation\/live-worker|blocking\/loop-watch)|threads\/request-thread|interpreter\/process-control|page\/graph\/place)\.ts$/,
  },
]

/** A time that has passed, in TypeScript or Python, with something that it is less than. */
const ELAPSED_AT_MOST = /\b(now|monotonic|perf_counter|time)\(\) - \w+\)?( <|\.toBeLess)/

const LARGEST_FILE_LINES = 400
const LARGEST_FUNCTION_LINES = 60
const LARGEST_FOLDER_FILES = 17

const sources = sourceFiles('src', '.ts', '.tsx')
const folders = [...new Set(sourceFiles('src', '.ts', '.tsx', '.cc').map((file) => dirname(file.path)))]

describe('the structure of the tree', () => {
  it('has a row of the import table for every source file', () => {
    const homeless = sources.filter((file) => rowOf(file) === undefined).map((file) => file.path)

    expect(homeless).toEqual([])
  })

  it('states a reason in each row of the import table', () => {
    expect(rowsWithoutReason(TABLE)).toEqual([])
  })

  it('permits only imports of files that exist and of dependencies', () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(readDocument('package.json'))
    const packages = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
    const targets = [...sources.map((file) => file.path), ...builtinModules.map((name) => `node:${name}`), ...packages]
    const patterns = TABLE.flatMap(({ files, may, mayTypes = [] }) => [files, ...may, ...mayTypes])

    expect(patterns.filter((pattern) => !targets.some((target) => pattern.test(target)))).toEqual([])
  })

  it('imports in the directions of the table only', () => {
    const offences = sources.flatMap((file) => {
      const row = rowOf(file)
      return file.imports.filter((one) => !isPermitted(one, row)).map(({ target }) => `${file.path} imports ${target}`)
    })

    expect(offences).toEqual([])
  })

  it('has no import cycles', () => {
    expect(findCycles(sources)).toEqual([])
  })

  it('starts Python for a program before it loads the engine, the store and what serves', () => {
    const late =
      /^(src\/(store\/sqlite\/sqlite-store|native\/index|engine\/engine|runner\/runner|index)\.ts|pino|commander|croner|better-sqlite3)$/

    expect([...importedWith('src/cli/run.ts')].filter((target) => late.test(target))).toEqual([])
    expect([...importedWith('src/index.ts')].filter((target) => late.test(target))).toContain('src/runner/runner.ts')
  })

  it.each(OWNERS)('leaves $what to its owner', ({ pattern, owners }) => {
    const offenders = sources.filter((file) => pattern.test(withoutComments(file.text)) && !owners.test(file.path))

    expect(offenders.map((file) => file.path)).toEqual([])
  })

  it('has no test that fails because something took long', () => {
    const tests = [...sourceFiles('test', '.ts', '.py'), ...sourceFiles('python/tests', '.py')]
    const offenders = tests.filter((file) => ELAPSED_AT_MOST.test(file.text))

    expect(offenders.map((file) => file.path)).toEqual([])
  })

  it('has no default exports and no wildcard re-exports', () => {
    const offenders = sources.filter((file) => /^export (default|\*)/m.test(file.text))

    expect(offenders.map((file) => file.path)).toEqual([])
  })

  it('has no files for leftovers', () => {
    const leftovers = sources.filter((file) =>
      /\/(utils?|helpers?|common|lib|misc|manager|handler|base)\.tsx?$/.test(file.path),
    )

    expect(leftovers.map((file) => file.path)).toEqual([])
  })

  it(`keeps every folder within ${LARGEST_FOLDER_FILES} files`, () => {
    const large = folders
      .map((folder) => ({ folder, files: nounsIn(folder).size }))
      .filter(({ files }) => files > LARGEST_FOLDER_FILES)

    expect(large).toEqual([])
  })

  it('says in the README of each folder what lives there, and in which process', () => {
    const silent = folders.filter((folder) => {
      const path = join(ROOT, folder, 'README.md')
      return !existsSync(path) || !/^Process: \S/m.test(readFileSync(path, 'utf8'))
    })

    expect(silent).toEqual([])
  })

  it(`keeps every file within ${LARGEST_FILE_LINES} lines`, () => {
    const everything = [
      ...sources,
      ...sourceFiles('test', '.ts'),
      ...sourceFiles('python', '.py'),
      ...sourceFiles('src', '.cc', '.h'),
    ]
    const large = everything
      .map((file) => ({ path: file.path, lines: file.text.trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > LARGEST_FILE_LINES)

    expect(large).toEqual([])
  })

  it(`keeps every function within ${LARGEST_FUNCTION_LINES} lines`, () => {
    expect(sources.flatMap(longFunctions)).toEqual([])
  })

  it('says at the head of each file what it is for', () => {
    const silent = sources.filter((file) => !/^(#!.*\n)?\/\*\*/.test(file.text)).map((file) => file.path)

    expect(silent).toEqual([])
  })
})

/** The nouns of a folder: a source in C++ and its header are one. */
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

/** All that is loaded when a file is imported. */
function importedWith(path: string, found: Set<string> = new Set()): ReadonlySet<string> {
  const imports = sources.find((file) => file.path === path)?.imports ?? []
  for (const { target, isTypeOnly, isDynamic } of imports) {
    if (isTypeOnly || isDynamic || found.has(target)) continue
    found.add(target)
    importedWith(target, found)
  }
  return found
}

/** Cycles of run-time imports, each as `a → b → a`. Types vanish before anything runs, so they close no cycle. */
function findCycles(files: readonly SourceFile[]): string[] {
  const targets = new Map(
    files.map((file) => [file.path, file.imports.filter((each) => !each.isTypeOnly).map((each) => each.target)]),
  )
  const cycles = new Set<string>()
  const done = new Set<string>()
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.add([...trail.slice(start), path].join(' → '))
    if (start >= 0 || done.has(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of targets.keys()) visit(path, [])
  return [...cycles]
}

/** Functions and methods by their opening line and the closing brace at the same indentation. */
function longFunctions(file: SourceFile): string[] {
  const lines = file.text.split('\n')
  const opening = /^(\s*)(?:export )?(?:(?:static |async |private )*(?:function\*? )?#?\w+(?:<[^>]*>)?\(.*\{)$/
  return lines.flatMap((line, index) => {
    const match = opening.exec(line)
    // `call({` begins an object, not a body.
    if (match === null || /^\s*(if|for|while|switch|catch|return)\b|^\s*[\w.]+\(\{$/.test(line)) return []
    const end = lines.findIndex((other, at) => at > index && other === `${match[1]}}`)
    const length = end - index + 1
    return end >= 0 && length > LARGEST_FUNCTION_LINES ? [`${file.path}:${index + 1} has ${length} lines`] : []
  })
}
