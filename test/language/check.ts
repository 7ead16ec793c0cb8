/**
 * Checks the texts of the repository: finds the phrases of `rules.ts` and lines that are too wide, and compares their
 * number per file with `record.json`. Called by `language.test.ts` and `npm run language`.
 */

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../support/source-tree.ts'
import { nativeTexts, pythonTexts } from './c-texts.ts'
import { markdownTexts } from './markdown-texts.ts'
import { findIn, type TextKind } from './rules.ts'
import { lineAt, type Text } from './text.ts'
import { typescriptTexts } from './typescript-texts.ts'

const MAX_COLUMNS = 120
const RECORD = join(ROOT, 'test', 'language', 'record.json')
/** Sentences that are wrong on purpose. */
const SAMPLES = /^test\/(language\/|language\.test\.ts)/
/** Files that are generated, or data of tests. */
const NOT_WRITTEN = /^(docs\/reference\/|test\/fixtures\/)|\/corpus\//
const ACCEPTED = /language-ok: \S/

export interface Match {
  readonly path: string
  readonly line: number
  readonly kind: TextKind | 'width'
  readonly found: string
  readonly advice: string
}

/** Number of matches of each file that has any, and of lines that are marked as right. */
export interface Record {
  readonly acceptedLines: number
  readonly matches: Readonly<{ [path: string]: number }>
}

export interface Report {
  readonly matches: readonly Match[]
  readonly acceptedLines: number
}

export function checkRepository(): Report {
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const paths = stdout.split('\0').filter((path) => READERS.some(([ending]) => ending.test(path)))
  const reports = paths
    .filter((path) => !SAMPLES.test(path) && !NOT_WRITTEN.test(path))
    .sort()
    .flatMap((path) => {
      const source = readIfThere(path)
      return source === null ? [] : [checkFile(path, source)]
    })
  return {
    matches: reports.flatMap(({ matches }) => matches),
    acceptedLines: reports.reduce((sum, { acceptedLines }) => sum + acceptedLines, 0),
  }
}

/** Finds the matches of one file, by line. */
export function checkFile(path: string, source: string): Report {
  const lines = source.split('\n')
  const texts = READERS.find(([ending]) => ending.test(path))?.[1](path, source) ?? []
  const phrases = texts.flatMap((text) =>
    findIn(text.kind, text.text)
      .filter(({ at }) => text.isStart || at > 0)
      .map(({ at, found, advice }) => ({ path, line: lineAt(text, at), kind: text.kind, found, advice })),
  )
  const matches = [...phrases, ...wideLines(path, lines)]
    .filter(({ line }) => !ACCEPTED.test(lines[line - 1] ?? ''))
    .sort((one, other) => one.line - other.line)
  return { matches, acceptedLines: lines.filter((line) => ACCEPTED.test(line)).length }
}

/** Without its samples and fixtures a test has only comments and titles that people read. */
const hasMessages = (path: string): boolean => !/^(test|python\/tests)\//.test(path)

const READERS: readonly (readonly [RegExp, (path: string, source: string) => readonly Text[]])[] = [
  [/\.md$/, (_path, source) => markdownTexts(source)],
  [/\.(ts|tsx|mjs)$/, (path, source) => typescriptTexts(path, source, hasMessages(path))],
  [/\.pyi?$/, (path, source) => pythonTexts(source, hasMessages(path))],
  [/\.(cc|h|c|css)$/, (path, source) => nativeTexts(source, hasMessages(path))],
]

/** Lines over the limit, but for rows of tables, code blocks of Markdown, and words that cannot be wrapped. */
function wideLines(path: string, lines: readonly string[]): readonly Match[] {
  let isFenced = false
  return lines.flatMap((line, index) => {
    if (path.endsWith('.md') && line.trimStart().startsWith('```')) isFenced = !isFenced
    const isLong = line.length > MAX_COLUMNS && !/\S{80}/.test(line)
    if (!isLong || isFenced || (path.endsWith('.md') && line.startsWith('|'))) return []
    return [{ path, line: index + 1, kind: 'width', found: `${line.length} columns`, advice: `wrap at ${MAX_COLUMNS}` }]
  })
}

export function countByFile(matches: readonly Match[]): Record['matches'] {
  const counts: { [path: string]: number } = {}
  for (const { path } of matches) counts[path] = (counts[path] ?? 0) + 1
  return counts
}

export const readRecord = (): Record => JSON.parse(readFileSync(RECORD, 'utf8')) as Record

export const writeRecord = (record: Record): void => writeFileSync(RECORD, `${JSON.stringify(record, null, 2)}\n`)

/**
 * Files that have more matches than the record allows. A new file may have those of files that were removed, so that a
 * file can be moved.
 */
export function increases(recorded: Record['matches'], counted: Record['matches'], exists: (path: string) => boolean) {
  const freed = Object.keys(recorded).filter((path) => !exists(path))
  let credit = freed.reduce((sum, path) => sum + (recorded[path] ?? 0), 0)
  return Object.keys(counted).filter((path) => {
    const more = (counted[path] ?? 0) - (recorded[path] ?? 0)
    if (more <= 0) return false
    if (recorded[path] !== undefined || more > credit) return true
    credit -= more
    return false
  })
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(join(ROOT, path), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
