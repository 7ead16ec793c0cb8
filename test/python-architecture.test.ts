/**
 * Checks the structure of the Python package, as `architecture.test.ts` checks that of `src/`. A new area gets a row in
 * the table below with its reason, not an exception.
 */

import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findCycles } from './support/import-cycles.ts'
import { isPermitted, type Row, rowsWithoutReason } from './support/import-rows.ts'
import { PACKAGE, type PythonFile, pythonFile, pythonFiles } from './support/python-tree.ts'
import { sourceFiles } from './support/source-tree.ts'

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
/** Packages of adaptations that use another one. All others are independent of each other. */
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
    may: [BORDER, PLACE, /^_policy\.py$/, /^_types\/waits\.py$/, /^_values\/limit_arguments\.py$/],
  },
  {
    files: /^_types\//,
    reason: 'Describes the functions and dicts of programs for type checkers, with the nouns of the public API.',
    may: [/^_(context|handle|result)\.py$/],
  },
  {
    files: /^__init__\.py$/,
    reason: 'Exports the public names, and starts the engine of a program when it is first needed.',
    may: [
      /^_?\w+\.py$/,
      /^_(admin|graphs|limits|waits|types|values|declarations)\//,
      BORDER,
      /^_cpython\/around\/engine\.py$/,
    ],
  },
  {
    files: /^_?\w+\.py$/,
    reason: 'The public API has one file for each noun, all in one folder, and works on CPython without an engine.',
    may: [/^_(admin|graphs|limits|waits|types|values|declarations)\//, BORDER, /^_logs\/call_warnings\.py$/],
  },
  {
    files: /^_graphs\//,
    reason: 'Computation graphs are a part of the public API that runs entirely in Python.',
    may: [/^_(context|sealed)\.py$/, /^_(types|values|declarations)\//, BORDER],
  },
  {
    files: /^_waits\//,
    reason: 'Nodes that wait are tasks without functions, and results of tasks are stored by the engine.',
    may: [/^_(policy|rules|sealed|task)\.py$/, /^_(types|values|declarations)\//, BORDER],
  },
  {
    files: /^_limits\//,
    reason: 'Limits are declared by name and applied by the engine.',
    may: [/^_sealed\.py$/, /^_(values|declarations)\//, BORDER],
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
      /^_limits\/try_later\.py$/,
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
    may: [/^_cpython\/channel\/(helpers|lines)\.py$/, LOOPS, BORDER, /^_engine\/(finish|poll)\.py$/],
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

/** Files that call JavaScript: the border, and the replacement of a part of Pyodide's own calls. */
const JAVASCRIPT_OWNERS = /^(_border\/javascript|_adapt\/threads\/run_sync)\.py$/

/** Files that combine others: the public names of two modules, and the adaptations in their order. */
const JOINTS = ['__init__.py', '_adapt/__init__.py', 'testing/__init__.py']

const MAX_FOLDER_FILES = 15

/** Values without a type in the code of the package. The numbers may only decrease: lower them after such a change. */
const UNTYPED = { usesOfAny: 1_427, typeIgnores: 127 }

const files = pythonFiles()

describe('the structure of the Python package', () => {
  it('has a row of the import table for every file', () => {
    expect(files.filter((file) => rowOf(file) === undefined).map((file) => file.path)).toEqual([])
  })

  it('states a reason in each row of the import table', () => {
    expect(rowsWithoutReason(TABLE)).toEqual([])
  })

  it('imports only in the directions of the table', () => {
    const offences = files.flatMap((file) => {
      const row = rowOf(file)
      return file.imports
        .filter((one) => isOurs(one.target) && !isPermitted(one, row))
        .map(({ target }) => `${file.path} imports ${target}`)
    })

    expect(offences).toEqual([])
  })

  it('has no import cycles, including imports of types and inside functions', () => {
    expect(findCycles(files)).toEqual([])
  })

  it('calls JavaScript only at the border', () => {
    const offenders = files.filter(
      ({ path, imports }) =>
        !JAVASCRIPT_OWNERS.test(path) && imports.some(({ target }) => /^(js|_?pyodide)\b/.test(target)),
    )

    expect(offenders.map((file) => file.path)).toEqual([])
  })

  it(`keeps every folder within ${MAX_FOLDER_FILES} files`, () => {
    const sizes = new Map<string, number>()
    for (const { path } of files) sizes.set(dirname(path), (sizes.get(dirname(path)) ?? 0) + 1)

    expect([...sizes].filter(([, size]) => size > MAX_FOLDER_FILES)).toEqual([])
  })

  it('describes content and process of each folder in its __init__.py', () => {
    const heads = new Map(files.map((file) => [file.path, file.docstring]))
    const folders = [...new Set(files.map((file) => dirname(file.path)))].filter((folder) => !/^_missing/.test(folder))
    const silent = folders.filter((folder) => {
      const head = heads.get(folder === '.' ? '__init__.py' : `${folder}/__init__.py`)
      return head === undefined || !/\bprocess(es)?\b/.test(head)
    })

    expect(silent).toEqual([])
  })

  it('has no code in __init__.py, so that the import of one file runs no other', () => {
    const busy = files.filter(
      ({ path, hasCode }) => /__init__\.py$/.test(path) && hasCode && !/^_missing/.test(path) && !JOINTS.includes(path),
    )

    expect(busy.map((file) => file.path)).toEqual([])
  })

  it('has the recorded number of untyped values, which may only decrease', () => {
    const counts = sourceFiles(PACKAGE, '.py').map(({ text }) => untypedIn(text))

    expect({
      usesOfAny: counts.reduce((sum, each) => sum + each.usesOfAny, 0),
      typeIgnores: counts.reduce((sum, each) => sum + each.typeIgnores, 0),
    }).toEqual(UNTYPED)
  })

  it('describes the purpose of each file at its head', () => {
    expect(files.filter((file) => file.docstring === '').map((file) => file.path)).toEqual([])
  })
})

describe('the counter of untyped values', () => {
  it.each([
    ['def call(value: Any, *rest: Dict[str, Any]) -> object:\n    return value', 2, 0],
    ['value = cast(Any, other)  # type: ignore[assignment]', 1, 1],
    ['from typing import Any, Dict', 0, 0],
    ['from typing import (\n    Any,\n    Dict,\n)', 0, 0],
    ['"""Returns Any."""\n# Any value\nAnything = typing', 0, 0],
  ])('counts %j', (text, usesOfAny, typeIgnores) => {
    expect(untypedIn(text)).toEqual({ usesOfAny, typeIgnores })
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
  ])('finds the import in "%s"', (text, target) => {
    expect(importsOf('_room/c.py', `${text}\n`)).toEqual([{ target, isTypeOnly: false }])
  })

  it('ignores imports in strings and comments', () => {
    expect(importsOf('_a.py', '"""Text.\n\nfrom . import b\n"""\n# from . import b\n')).toEqual([])
  })

  it('recognizes imports for type checkers only', () => {
    const text = 'if TYPE_CHECKING:\n    from ._room import b\n\nfrom ._room import c\n'

    expect(importsOf('_a.py', text).map((each) => each.isTypeOnly)).toEqual([true, false])
  })
})

function rowOf(file: PythonFile): Row | undefined {
  return TABLE.find((row) => row.files.test(file.path))
}

/** Returns whether a target is a file of the package, or should be one. */
function isOurs(target: string): boolean {
  return target.endsWith('.py') || target.includes(':')
}

function untypedIn(text: string): { readonly usesOfAny: number; readonly typeIgnores: number } {
  const code = text
    .replace(/("""|''')[\s\S]*?\1/g, '')
    .replace(/#.*$/gm, '')
    .replace(/^from typing import (\([^)]*\)|.*)$/gm, '')
  return {
    usesOfAny: code.match(/\bAny\b/g)?.length ?? 0,
    typeIgnores: text.match(/# type: ignore/g)?.length ?? 0,
  }
}
