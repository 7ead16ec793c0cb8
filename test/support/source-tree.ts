/** Reads source files with their imports, for the tests of the structure. */

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

interface SourceImport {
  /** Package or relative path, as in the source. */
  readonly specifier: string
  /** Path from the root for a relative import, else the specifier. */
  readonly target: string
  readonly isTypeOnly: boolean
  /** Whether the import is a call of `import()`, which runs later than the file is loaded. */
  readonly isDynamic: boolean
}

export interface SourceFile {
  /** Path from the root, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly imports: readonly SourceImport[]
}

/** Returns the files below a folder whose names have one of the endings, sorted by path. */
export function sourceFiles(folder: string, ...endings: readonly string[]): readonly SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .filter((name) => !/node_modules|__pycache__|corpus/.test(name))
    .sort()
    .map((name) => read(join(folder, name)))
}

const IMPORT = /^(?:import|export)\s+(type\s+)?(?:([^'";]*?)\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm

function read(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const imports = [...text.matchAll(IMPORT)].map((match): SourceImport => {
    const specifier = match[3] ?? match[4] ?? ''
    const isRelative = specifier.startsWith('.')
    const target = isRelative ? relative(ROOT, normalize(join(ROOT, dirname(path), specifier))) : specifier
    const names = match[2] ?? ''
    const isTypeOnly = match[1] !== undefined || isOnlyTypes(names)
    return { specifier, target, isTypeOnly, isDynamic: match[4] !== undefined }
  })
  return { path, text, imports }
}

function isOnlyTypes(clause: string): boolean {
  const names =
    /^\{([^}]*)\}$/
      .exec(clause.trim())?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '') ?? []
  return names.length > 0 && names.every((name) => name.trim().startsWith('type '))
}
