/** ARCHITECTURE and CONTRIBUTING are true: their tables agree with the sources, and what they name exists. */

import { existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeIn, readDocument, tableRows } from './support/documents.ts'
import { ROOT, sourceFiles } from './support/source-tree.ts'

const ARCHITECTURE = readDocument('ARCHITECTURE.md')
const sources = sourceFiles('src', '.ts')

describe('the import table of ARCHITECTURE.md', () => {
  const rows = tableRows(ARCHITECTURE, 'Files').map(([files = '', may = '', mayTypes = '']) => ({
    files: codeIn(files),
    may: codeIn(may),
    mayTypes: codeIn(mayTypes),
  }))
  const rowOf = (path: string) => rows.find((row) => row.files.some((file) => path.startsWith(file)))

  it('has a row for every source file', () => {
    expect(sources.filter(({ path }) => rowOf(path) === undefined).map(({ path }) => path)).toEqual([])
  })

  it('allows every import that there is', () => {
    const offences = sources.flatMap(({ path, imports }) => {
      const row = rowOf(path)
      return imports
        .filter(({ target, isTypeOnly }) => {
          const allowed = [...(row?.may ?? []), ...(isTypeOnly ? (row?.mayTypes ?? []) : [])]
          return !allowed.some((start) => target.startsWith(start))
        })
        .map(({ target }) => `${path} imports ${target}`)
    })

    expect(offences).toEqual([])
  })

  it('names no file that does not exist', () => {
    const named = rows.flatMap(({ files, may, mayTypes }) => [...files, ...may, ...mayTypes])

    expect(named.filter((name) => name.startsWith('src/') && !existsSync(join(ROOT, name)))).toEqual([])
  })
})

describe('the error codes of ARCHITECTURE.md', () => {
  it('are those of src/errors.ts, each with its meaning and what to do', () => {
    const union = /export type ErrorCode =([\s\S]*?)\n\n/.exec(readDocument('src/errors.ts'))?.[1] ?? ''
    const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map((match) => match[1])
    const rows = tableRows(ARCHITECTURE, 'Code')

    expect(rows.map(([code = '']) => codeIn(code)[0])).toEqual(codes)
    expect(rows.filter(([, meaning, advice]) => !meaning || !advice)).toEqual([])
  })
})

describe('the files that the documents name', () => {
  const existing = new Set(
    ['src', 'python', 'test', 'tools'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
    ),
  )
  // Names that stand for any of a kind.
  const placeholders = new Set(['_noun.py', 'name.py', 'name.test.ts', 'script.py'])

  it.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('exist, in %s', (document) => {
    const named = [...readDocument(document).matchAll(/(?<![\w*-])[\w./-]*\w\.(?:ts|py|sql)\b/g)].map(([name]) => name)

    const missing = named.filter((name) =>
      name.includes('/') && /^(src|python|test|tools)\//.test(name)
        ? !existsSync(join(ROOT, name)) && !placeholders.has(basename(name))
        : !existing.has(basename(name)) && !placeholders.has(basename(name)),
    )

    expect(missing).toEqual([])
  })

  it('hold the classes and methods that the flow picture names', () => {
    const ports = readDocument('src/engine/ports.ts')
    const named = [...ARCHITECTURE.matchAll(/\b(?:Store|ScriptHost)\.(\w+)/g)].map((match) => match[1])

    expect(named.filter((method) => !new RegExp(`\\b${method}\\(`).test(ports))).toEqual([])
  })
})
