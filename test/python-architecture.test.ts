/**
 * Checks the structure of the Python package, as `architecture.test.ts` checks that of `src/`. A new area gets a row in
 * the table below with its reason, not an exception.
 */

import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isPermitted, type Row, rowsWithoutReason } from './support/import-rows.ts'
import { type PythonFile, pythonFile, pythonFiles } from './support/python-tree.ts'

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

/** Permitted imports of files of the package, from the folder of the package. */
const TABLE: readonly Row[] = [
  { files: PLACE, reason: 'Recognizes frames of the package for every other folder, so it imports none.', may: [] },
  {
    files: /^_missing\//,
    reason: 'Modules of the standard library that Pyodide leaves out, which must not need the package.',
    may: [],
  },
  { files: /^_values\//, reason: 'Checks and conversions of plain values are pure functions.', may: [] },
  {
    files: BORDER,
    reason: 'Every call to the engine leaves through it, so it imports none of its callers.',
    may: [PLACE],
    mayTypes: [/^_declarations\/declaration\.py$/],
  },
  { files: LOOPS, reason: 'Event loops of scripts do the same on stacks and on threads.', may: [BORDER] },
  {
    files: /^_declarations\//,
    reason: 'Declarations are recorded as values, before an engine reads them.',
    may: [BORDER, PLACE, /^_policy\.py$/],
  },
  {
    files: /^_types\//,
    reason: 'Describes the functions and dicts of programs for type checkers, with the nouns of the public API.',
    may: [/^_(context|handle|result)\.py$/],
  },
  {
    files: /^__init__\.py$/,
    reason: 'Exports the public names, and starts the engine of a program when it is first needed.',
    may: [/^_?\w+\.py$/, /^_(admin|graphs|types|values|declarations)\//, BORDER, /^_cpython\/around\/engine\.py$/],
  },
  {
    files: /^_?\w+\.py$/,
    reason: 'The public API has one file for each noun, all in one folder, and works on CPython without an engine.',
    may: [/^_(admin|graphs|types|values|declarations)\//, BORDER],
  },
  {
    files: /^_graphs\//,
    reason: 'Computation graphs are a part of the public API that runs entirely in Python.',
    may: [/^_(context|sealed)\.py$/, /^_(types|values|declarations)\//, BORDER],
  },
  {
    files: /^_admin\//,
    reason: 'Administration of a database needs no workflow and no trigger.',
    may: [/^_sealed\.py$/, /^_values\//, BORDER],
  },
  { files: /^_packages\//, reason: 'No script imports it, because pip runs as a program of its own.', may: [] },
  {
    files: /^testing\//,
    reason: 'Unit tests of users run attempts and polls with the code of the engine, but without an engine.',
    may: [
      BORDER,
      /^_(types|values|declarations)\//,
      /^_engine\/(attempt|poll)\.py$/,
      /^_(context|policy|sealed|task|workflow)\.py$/,
    ],
  },
  {
    files: /^_engine\/entry\.py$/,
    reason: 'The interpreter calls this file first; it installs the adaptations, then calls the other files.',
    may: [/^_engine\//, BORDER, /^_declarations\//, /^_adapt\/(__init__|interrupts|threads\/threads)\.py$/],
  },
  {
    files: /^_engine\//,
    reason: 'Runs the code of users for the engine, on Pyodide and partly on CPython, so it needs no adaptation.',
    may: [
      LOOPS,
      BORDER,
      PLACE,
      /^_(declarations|values)\//,
      /^_graphs\/(plan|invocation)\.py$/,
      /^_(context|handle|result)\.py$/,
      /^_packages\/replacements\.py$/,
    ],
  },
  {
    files: /^_cpython\/channel\//,
    reason: 'Lines between CPython and the engine carry messages, and do not depend on their meaning.',
    may: [PLACE],
  },
  {
    files: /^_cpython\/calls\//,
    reason: 'Calls run on threads and are stopped there, whatever the message was that started them.',
    may: [/^_cpython\/channel\/helpers\.py$/, LOOPS, BORDER, /^_engine\/(finish|poll)\.py$/],
  },
  {
    files: /^_cpython\/output\//,
    reason: 'Printed text belongs to the call of the thread that prints it, and leaves through the channel.',
    may: [/^_cpython\/channel\//, /^_cpython\/calls\/threads\.py$/, BORDER],
  },
  {
    files: /^_cpython\//,
    reason:
      'A process of CPython has threads in place of stacks, so it leaves out the files of `_engine` about stacks.',
    may: [BORDER, PLACE, /^_(declarations|logs)\//, /^_engine\/(?!entry|script_loop|workers|stack_report)/],
  },
  { files: /^_logs\//, reason: 'Log records are sent to the engine, and need nothing else.', may: [BORDER] },
  {
    files: /^_adapt\/__init__\.py$/,
    reason: 'Installs all adaptations, in their order.',
    may: [/^_logs\//, /^_adapt\//],
  },
  {
    files: ADAPT_BASE,
    reason: 'Adaptations share these files, so they import no adaptation.',
    may: [BORDER, PLACE],
  },
  ...ADAPTATIONS.map((name) => ({
    files: new RegExp(`^_adapt/${name}/`),
    reason: 'An adaptation can be deleted without the others, except for those that build on it.',
    may: [...(USES[name] === undefined ? [] : [new RegExp(`^_adapt/${USES[name]}/`)]), ADAPT_BASE, BORDER, PLACE],
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

  it('states a reason in each row of the import table', () => {
    expect(rowsWithoutReason(TABLE)).toEqual([])
  })

  it('imports in the directions of the table only', () => {
    const offences = files.flatMap((file) => {
      const row = rowOf(file)
      return file.imports
        .filter((one) => isOurs(one.target) && !isPermitted(one, row))
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
