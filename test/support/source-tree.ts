/** Reads the source tree for the tests that guard its structure: files, their imports, their sizes. */

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface SourceImport {
  /** As written: a package or a relative path. */
  readonly specifier: string
  /** Path from the root for a relative import, else the specifier. */
  readonly target: string
  readonly isTypeOnly: boolean
  /** It is imported when it is needed, not with the file. */
  readonly isDynamic: boolean
}

export interface SourceFile {
  /** Path from the root, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly imports: readonly SourceImport[]
}

/** Every file under a folder whose name ends with one of the endings, sorted. */
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
