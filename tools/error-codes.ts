/**
 * Writes `docs/errors.md` from the comments in `src/errors.ts`. Run it after a change of an error code; a test compares
 * the two.
 *
 *     npx node tools/error-codes.ts
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { markdownTable } from './markdown-table.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const ERRORS_PAGE = join(ROOT, 'docs', 'errors.md')

export interface ErrorClass {
  readonly name: string
  readonly description: string
  readonly codes: readonly ErrorCodeEntry[]
}

interface ErrorCodeEntry {
  readonly code: string
  readonly meaning: string
  readonly fix: string
}

const HEAD = `<!-- Generated from src/errors.ts by tools/error-codes.ts: change the comments there. -->

# Error codes

Every error that cloaca throws intentionally is a \`CloacaError\`.
Its \`code\` is one of the codes below.
Codes do not change between versions, but messages can, so programs should compare the code.
\`facts\` contains the names and values of the message as fields, and \`cause\` the original error, if there is one.
`

/** Returns the text that `docs/errors.md` must have. */
export function errorsPage(): string {
  const sections = errorClasses().map(({ name, description, codes }) => {
    const cells = codes.map(({ code, meaning, fix }) => [`\`${code}\``, meaning, fix])
    return `\n## ${name}\n\n${description}\n\n${markdownTable(['Code', 'Meaning', 'What to do'], cells)}`
  })
  return HEAD + sections.join('')
}

/** Reads the classes and codes of `src/errors.ts`, in their order. Throws if a comment is missing or has no `Fix:`. */
export function errorClasses(source = readFileSync(join(ROOT, 'src', 'errors.ts'), 'utf8')): readonly ErrorClass[] {
  const union = /export type ErrorCode =\n([\s\S]*?)\n\n/.exec(source)?.[1] ?? ''
  return union.split(/^ *\/\/ (?=\w+$)/m).flatMap((section) => {
    const [name = '', ...lines] = section.split('\n')
    return name === '' ? [] : [{ name, description: describe(name, source), codes: entriesOf(lines.join('\n')) }]
  })
}

function describe(name: string, source: string): string {
  const description = new RegExp(`^/\\*\\* (.*) \\*/\\nexport class ${name} `, 'm').exec(source)?.[1]
  if (description === undefined) throw new Error(`src/errors.ts has no one-line comment for the class "${name}"`)
  return description
}

function entriesOf(section: string): readonly ErrorCodeEntry[] {
  return [...section.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?\| '(\w+)'/g)].map(
    ([, comment = '', code = '']) => {
      const text = comment.replace(/^ *\*/gm, '').replace(/\s+/g, ' ').trim()
      const [meaning = '', fix = ''] = text.split(/ Fix: /)
      if (meaning === '' || fix === '')
        throw new Error(`"${code}" of src/errors.ts has no comment "Meaning. Fix: remedy."`)
      return { code, meaning, fix }
    },
  )
}

if (import.meta.main) writeFileSync(ERRORS_PAGE, errorsPage())
