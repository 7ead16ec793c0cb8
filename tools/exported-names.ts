/**
 * Writes `docs/exported-names.md` from the entry points of the package and the comments at the exported declarations.
 * Run it after a change of one of them; a test compares the two.
 *
 *     npx node tools/exported-names.ts
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { markdownTable } from './markdown-table.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const NAMES_PAGE = join(ROOT, 'docs', 'exported-names.md')

const ENTRY_POINTS = { cloaca: 'src/index.ts', 'cloaca/testing': 'src/testing/index.ts' }
const EXPORTS = /^export (?:type )?(?:\{([^}]*)\}|\*) from '([^']+)'/gm

export interface ExportedName {
  readonly name: string
  /** Keyword of the declaration, such as `interface`. */
  readonly kind: string
  /** First sentence of the comment at the declaration. */
  readonly summary: string
}

/** `export { declaredAs as name }`. */
interface Export {
  readonly name: string
  readonly declaredAs: string
}

const HEAD = `<!-- Generated from src/index.ts and src/testing/index.ts by tools/exported-names.ts. -->

# Exported names

The npm package has two entry points: \`cloaca\`, and \`cloaca/testing\` for [unit tests](unit-tests.md).
Editors show the complete documentation of each name.
[From Node](from-node.md) explains how to use the API.
`

/** Returns the text that `docs/exported-names.md` must have. */
export function namesPage(): string {
  const sections = Object.entries(ENTRY_POINTS).map(([entry, file]) => {
    const cells = exportedNames(join(ROOT, file)).map(({ name, kind, summary }) => [
      `\`${name}\``,
      kind,
      summary.replaceAll('|', '\\|'),
    ])
    return `\n## ${entry}\n\n${markdownTable(['Name', 'Kind', 'Description'], cells)}`
  })
  return HEAD + sections.join('')
}

/** Returns the names that a file exports from other files, in alphabetical order. Throws if one has no comment. */
export function exportedNames(file: string): readonly ExportedName[] {
  const names = exportsOf(file).flatMap(({ names, from }) => names.map((name) => described(name, from)))
  return names.sort((one, other) => one.name.localeCompare(other.name, 'en'))
}

function described({ name, declaredAs }: Export, file: string): ExportedName {
  const found = declarationOf(declaredAs, file)
  if (found === null) throw new Error(`"${declaredAs}" is not declared in ${file}`)
  const text = found.comment
    .replace(/^ *\* ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
  const summary = /^(?!@).*?\.(?= |$)/.exec(text)?.[0]
  if (summary === undefined) throw new Error(`The comment of "${name}" in ${file} has no sentence`)
  return { name, kind: found.kind, summary }
}

/** Searches a declaration in a file, and in the files that it exports from. */
function declarationOf(name: string, file: string): { readonly comment: string; readonly kind: string } | null {
  const comment = '(?:/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\n)?'
  const keywords = '(?:abstract |async )?(class|const|function|interface|type)'
  const declaration = new RegExp(`${comment}^export ${keywords} ${name}\\b`, 'm')
  const [, text = '', kind] = declaration.exec(readFileSync(file, 'utf8')) ?? []
  if (kind !== undefined) return { comment: text, kind }
  for (const { names, from } of exportsOf(file)) {
    const found = names.length === 0 || names.some((each) => each.name === name) ? declarationOf(name, from) : null
    if (found !== null) return found
  }
  return null
}

/** Returns the exports of a file from other files. `names` is empty for `*`. */
function exportsOf(file: string): readonly { readonly names: readonly Export[]; readonly from: string }[] {
  return [...readFileSync(file, 'utf8').matchAll(EXPORTS)].map(([, list = '', from = '']) => ({
    names: [...list.matchAll(/(?:(\w+) as )?(\w+)\s*(?:,|$)/g)].map(([, declaredAs, name = '']) => {
      return { name, declaredAs: declaredAs ?? name }
    }),
    from: join(dirname(file), from),
  }))
}

if (import.meta.main) writeFileSync(NAMES_PAGE, namesPage())
