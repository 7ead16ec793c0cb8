/** Reads the files of the Python package with their docstrings and imports, for the test of its structure. */

import { dirname, join, normalize, relative } from 'node:path'
import { sourceFiles } from './source-tree.ts'

/** Path of the package from the root. */
export const PACKAGE = 'python/cloaca'

interface PythonImport {
  /** Path from the package's folder for a file of the package, else the name of the module. */
  readonly target: string
  /** Whether the import is under `if TYPE_CHECKING:`, so that it never runs. */
  readonly isTypeOnly: boolean
}

export interface PythonFile {
  /** Path from the package's folder, with forward slashes. */
  readonly path: string
  /** Docstring of the module; may be empty. */
  readonly docstring: string
  /** Imports of the file, including those inside functions. */
  readonly imports: readonly PythonImport[]
  /** Whether the file contains code besides its docstring. */
  readonly hasCode: boolean
}

/** Returns the files of the package, sorted by path. */
export function pythonFiles(): readonly PythonFile[] {
  const files = sourceFiles(PACKAGE, '.py').map(({ path, text }) => ({ path: relative(PACKAGE, path), text }))
  const paths = new Set(files.map(({ path }) => path))
  return files.map(({ path, text }) => pythonFile(path, text, paths))
}

/** Parses the text of a file. `paths` are the paths of all files of the package. */
export function pythonFile(path: string, text: string, paths: ReadonlySet<string>): PythonFile {
  const code = text.replace(TRIPLE_QUOTED, '').replace(/#.*$/gm, '')
  const typeOnly = [...code.matchAll(TYPE_ONLY_BLOCK)].map(({ index, 0: block }) => [index, index + block.length])
  const imports = [...code.matchAll(IMPORT)].flatMap((match) => {
    const isTypeOnly = typeOnly.some(([start = 0, end = 0]) => match.index >= start && match.index < end)
    return targetsOf(match, path, paths).map((target): PythonImport => ({ target, isTypeOnly }))
  })
  return { path, docstring: DOCSTRING.exec(text)?.[1] ?? '', imports, hasCode: code.trim() !== '' }
}

const DOCSTRING = /^"""([\s\S]*?)"""/
const TRIPLE_QUOTED = /("""|''')[\s\S]*?\1/g
const TYPE_ONLY_BLOCK = /^if TYPE_CHECKING:\n(?:(?: +.*)?\n)*/gm
/** Matches `from PLACE import NAMES`, with or without parentheses, and `import NAMES`. */
const IMPORT = /^[ \t]*(?:from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]+)|import[ \t]+([\w. ,]+))$/gm

function targetsOf(match: RegExpExecArray, path: string, paths: ReadonlySet<string>): string[] {
  const [, dots = '', place = '', names = '', modules] = match
  if (modules !== undefined) return namesIn(modules).map((name) => packageFile(name, paths) ?? name)
  const found = namesIn(names).map((name) => {
    if (dots === '') return packageFile(`${place}.${name}`, paths) ?? packageFile(place, paths) ?? place
    const folder = normalize(join(dirname(path), '../'.repeat(dots.length - 1), place.replaceAll('.', '/')))
    return fileOf(join(folder, name), paths) ?? fileOf(folder, paths) ?? `${folder}: nothing is there`
  })
  return [...new Set(found)]
}

function namesIn(clause: string): string[] {
  return clause
    .replace(/[()]/g, '')
    .split(',')
    .map((name) => name.trim().replace(/ as \w+$/, ''))
    .filter((name) => name !== '')
}

function packageFile(module: string, paths: ReadonlySet<string>): string | undefined {
  if (!/^cloaca\b/.test(module)) return undefined
  return fileOf(module.replace(/^cloaca\.?/, '').replaceAll('.', '/') || '.', paths)
}

function fileOf(place: string, paths: ReadonlySet<string>): string | undefined {
  return [`${place}.py`, join(place, '__init__.py')].find((path) => paths.has(path))
}
