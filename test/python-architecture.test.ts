/**
 * Holds the structure of the Python package, as `architecture.test.ts` holds that of `src/`.
 * The table is that of ARCHITECTURE.md. A new area gets a row in both, not an exception here.
 */

import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type PythonFile, pythonFile, pythonFiles } from './support/python-tree.ts'

interface Row {
  /** Files that the row is about, from the package's folder: the first row that matches a file counts. */
  readonly files: RegExp
  /** Files of the package that they may import. */
  readonly may: readonly RegExp[]
  /** What they may import as types only. */
  readonly mayTypes?: readonly RegExp[]
}

/** Where the package's files are: for the checks of whose frame it is. */
const PLACE = /^_package\.py$/
const BORDER = /^_border\//
const LOOPS = /^_loops\//
const ADAPT_BASE = /^_adapt\/(?!__init__)\w+\.py$/

const ADAPTATIONS = [
  'children',
  'files',
  'hashes',
  'imports',
  'process',
  'signals',
  'sockets',
  'sqlite',
  'threads',
  'tls',
]
/** Of the packages of adaptations, which use another: no others know of each other. */
const USES: Readonly<Record<string, string>> = { tls: 'sockets', sockets: 'files', signals: 'process' }

const TABLE: readonly Row[] = [
  { files: PLACE, may: [] },
  { files: /^_missing\//, may: [] },
  { files: /^_values\//, may: [/^_values\//] },
  { files: BORDER, may: [BORDER, PLACE], mayTypes: [/^_declarations\/declaration\.py$/] },
  // The event loops of scripts, as far as stacks and threads drive them alike.
  { files: LOOPS, may: [LOOPS, BORDER] },
  { files: /^_declarations\//, may: [/^_declarations\//, BORDER, PLACE, /^_policy\.py$/] },
  // What type checkers are told of the functions and dicts of programs.
  { files: /^_types\//, may: [/^_types\//, /^_(context|handle|result)\.py$/] },
  // The authoring API: one noun each, all in one folder.
  // Starts the engine of a program, when it is first needed.
  {
    files: /^__init__\.py$/,
    may: [/^_?\w+\.py$/, /^_(admin|graphs|types|values|declarations)\//, BORDER, /^_cpython\/around\/engine\.py$/],
  },
  { files: /^_?\w+\.py$/, may: [/^_?\w+\.py$/, /^_(admin|graphs|types|values|declarations)\//, BORDER] },
  // Computation graphs, in a folder of their own.
  {
    files: /^_graphs\//,
    may: [/^_graphs\//, /^_(context|sealed)\.py$/, /^_(types|values|declarations)\//, BORDER],
  },
  { files: /^_admin\//, may: [/^_admin\//, /^_sealed\.py$/, /^_values\//, BORDER] },
  { files: /^_packages\//, may: [/^_packages\//] },
  // What users' unit tests import: it runs attempts and polls as the engine does, without it.
  {
    files: /^testing\//,
    may: [
      /^testing\//,
      BORDER,
      /^_(types|values|declarations)\//,
      /^_engine\/(attempt|poll)\.py$/,
      /^_(context|policy|sealed|task|workflow)\.py$/,
    ],
  },
  {
    files: /^_engine\/entry\.py$/,
    may: [/^_engine\//, BORDER, /^_declarations\//, /^_adapt\/(__init__|interrupts|threads\/threads)\.py$/],
  },
  {
    files: /^_engine\//,
    may: [
      /^_engine\//,
      LOOPS,
      BORDER,
      PLACE,
      /^_(declarations|values)\//,
      /^_graphs\/(plan|invocation)\.py$/,
      /^_(context|handle|result)\.py$/,
      /^_packages\/replacements\.py$/,
    ],
  },
  // A process of CPython: its conversation with the engine, and where calls run there.
  { files: /^_cpython\/channel\//, may: [/^_cpython\/channel\//, PLACE] },
  {
    files: /^_cpython\/calls\//,
    may: [/^_cpython\/calls\//, /^_cpython\/channel\/helpers\.py$/, LOOPS, BORDER, /^_engine\/(finish|poll)\.py$/],
  },
  { files: /^_cpython\/output\//, may: [/^_cpython\/(output|channel)\//, /^_cpython\/calls\/threads\.py$/, BORDER] },
  {
    files: /^_cpython\//,
    may: [
      /^_cpython\//,
      BORDER,
      PLACE,
      /^_(declarations|logs)\//,
      /^_engine\/(?!entry|script_loop|workers|stack_report)/,
    ],
  },
  { files: /^_logs\//, may: [/^_logs\//, BORDER] },
  { files: /^_adapt\/__init__\.py$/, may: [/^_logs\//, /^_adapt\//] },
  { files: ADAPT_BASE, may: [ADAPT_BASE, BORDER, PLACE] },
  ...ADAPTATIONS.map((name) => ({
    files: new RegExp(`^_adapt/${name}/`),
    may: [
      new RegExp(`^_adapt/${name}/`),
      ...(USES[name] === undefined ? [] : [new RegExp(`^_adapt/${USES[name]}/`)]),
      ADAPT_BASE,
      BORDER,
      PLACE,
    ],
  })),
]

/** What speaks to JavaScript: the border, and what replaces a part of Pyodide's own way to it. */
const JAVASCRIPT_OWNERS = /^(_border\/javascript|_adapt\/threads\/run_sync)\.py$/

/** Those that put the rest together: the public names of two modules, and the adaptations in their order. */
const JOINTS = ['__init__.py', '_adapt/__init__.py', 'testing/__init__.py']

const LARGEST_FOLDER_FILES = 15

const files = pythonFiles()

describe('the structure of the Python package', () => {
  it('has a row of the import table for every file', () => {
    expect(files.filter((file) => rowOf(file) === undefined).map((file) => file.path)).toEqual([])
  })

  it('imports in the directions of the table only', () => {
    const offences = files.flatMap((file) => {
      const row = rowOf(file)
      return file.imports
        .filter(({ target, isTypeOnly }) => {
          const allowed = [...(row?.may ?? []), ...(isTypeOnly ? (row?.mayTypes ?? []) : [])]
          return isOurs(target) && !allowed.some((pattern) => pattern.test(target))
        })
        .map(({ target }) => `${file.path} imports ${target}`)
    })

    expect(offences).toEqual([])
  })

  it('has no import cycles, inside functions either', () => {
    expect(findCycles(files)).toEqual([])
  })

  it('speaks to JavaScript at the border only', () => {
    const offenders = files.filter(
      ({ path, imports }) =>
        !JAVASCRIPT_OWNERS.test(path) && imports.some(({ target }) => /^(js|_?pyodide)\b/.test(target)),
    )

    expect(offenders.map((file) => file.path)).toEqual([])
  })

  it(`keeps every folder within ${LARGEST_FOLDER_FILES} files`, () => {
    const sizes = new Map<string, number>()
    for (const { path } of files) sizes.set(dirname(path), (sizes.get(dirname(path)) ?? 0) + 1)

    expect([...sizes].filter(([, size]) => size > LARGEST_FOLDER_FILES)).toEqual([])
  })

  it('says at the head of each folder what lives there, and in which process', () => {
    const heads = new Map(files.map((file) => [file.path, file.docstring]))
    const folders = [...new Set(files.map((file) => dirname(file.path)))].filter((folder) => !/^_missing/.test(folder))
    const silent = folders.filter((folder) => {
      const head = heads.get(folder === '.' ? '__init__.py' : `${folder}/__init__.py`)
      return head === undefined || !/\bprocess(es)?\b/.test(head)
    })

    expect(silent).toEqual([])
  })

  it('has nothing else at the head of a folder, so that importing one of its files runs no other', () => {
    const busy = files.filter(
      ({ path, hasCode }) => /__init__\.py$/.test(path) && hasCode && !/^_missing/.test(path) && !JOINTS.includes(path),
    )

    expect(busy.map((file) => file.path)).toEqual([])
  })

  it('says at the head of each file what it is for', () => {
    expect(files.filter((file) => file.docstring === '').map((file) => file.path)).toEqual([])
  })
})

describe('the reader of imports', () => {
  const paths = new Set(['__init__.py', '_a.py', '_room/__init__.py', '_room/b.py', '_room/c.py'])
  const importsOf = (path: string, text: string) => pythonFile(path, text, paths).imports

  it.each([
    ['from . import b', '_room/b.py'],
    ['from . import b as other', '_room/b.py'],
    ['from .c import name', '_room/c.py'],
    ['from .. import _a', '_a.py'],
    ['from .._a import (\n    name,\n    other,\n)', '_a.py'],
    ['from cloaca import _a', '_a.py'],
    ['from cloaca._room import b', '_room/b.py'],
    ['import cloaca._room.b', '_room/b.py'],
    ['def f():\n    from . import b', '_room/b.py'],
    ['    import pyodide.ffi', 'pyodide.ffi'],
    ['from ._gone import name', '_room/_gone: nothing is there'],
  ])('finds what "%s" imports', (text, target) => {
    expect(importsOf('_room/c.py', `${text}\n`)).toEqual([{ target, isTypeOnly: false }])
  })

  it('takes no text for an import', () => {
    expect(importsOf('_a.py', '"""Text.\n\nfrom . import b\n"""\n# from . import b\n')).toEqual([])
  })

  it('knows what is imported for type checkers only', () => {
    const text = 'if TYPE_CHECKING:\n    from ._room import b\n\nfrom ._room import c\n'

    expect(importsOf('_a.py', text).map((each) => each.isTypeOnly)).toEqual([true, false])
  })
})

function rowOf(file: PythonFile): Row | undefined {
  return TABLE.find((row) => row.files.test(file.path))
}

/** Whether a target is a file of the package, or should be one. */
function isOurs(target: string): boolean {
  return target.endsWith('.py') || target.includes(':')
}

/** Groups of files that import each other, directly or not: each as `a, b`. */
function findCycles(all: readonly PythonFile[]): string[] {
  const targets = new Map(
    all.map(({ path, imports }) => [path, imports.filter((each) => !each.isTypeOnly).map((each) => each.target)]),
  )
  const reachable = (from: string): ReadonlySet<string> => {
    const found = new Set<string>()
    const todo = [...(targets.get(from) ?? [])]
    for (const target of todo) {
      if (found.has(target)) continue
      found.add(target)
      todo.push(...(targets.get(target) ?? []))
    }
    return found
  }
  const reached = new Map(all.map(({ path }) => [path, reachable(path)]))
  const groups = all
    .filter(({ path }) => reached.get(path)?.has(path))
    .map(({ path }) => [...(reached.get(path) ?? [])].filter((other) => reached.get(other)?.has(path)).sort())
  return [...new Set(groups.map((group) => group.join(', ')))]
}
