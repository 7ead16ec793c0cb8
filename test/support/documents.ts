/**
 * Parses documentation for tests: fenced blocks, tables and commands. Masks ids, times and other volatile output.
 * Used by the tests of README, ARCHITECTURE and the examples.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './source-tree.ts'

export interface FencedBlock {
  readonly language: string
  readonly text: string
  /** Last heading before the block. */
  readonly heading: string
  /** Text between the block and the previous block or heading. */
  readonly introduction: string
}

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Returns the fenced blocks of a Markdown text, in order. */
export function fencedBlocks(markdown: string): readonly FencedBlock[] {
  const blocks: FencedBlock[] = []
  let heading = ''
  let prose: string[] = []
  let open: { readonly language: string; readonly lines: string[] } | null = null
  for (const line of markdown.split('\n')) {
    const fence = /^```(\w*)$/.exec(line)
    if (open !== null) {
      if (fence === null) open.lines.push(line)
      else {
        blocks.push({ language: open.language, text: open.lines.join('\n'), heading, introduction: prose.join('\n') })
        prose = []
        open = null
      }
    } else if (fence !== null) {
      open = { language: fence[1] ?? '', lines: [] }
    } else if (/^#+ /.test(line)) {
      heading = line.replace(/^#+ /, '')
      prose = []
    } else {
      prose.push(line)
    }
  }
  return blocks
}

/** Returns the file name in the first line of a block, as in `# jobs.py` or `// main.ts`, or null. */
export function fileNameOf({ language, text }: FencedBlock): string | null {
  if (!SHOWN_FILES.has(language)) return null
  return /^(?:#|\/\/) ([\w./[\]-]+\.\w+)$/.exec(text.split('\n', 1)[0] ?? '')?.[1] ?? null
}

/** Languages of blocks that may show a file of the reader's project. */
const SHOWN_FILES: ReadonlySet<string> = new Set(['python', 'ts', 'js', 'toml'])

/** Returns the blocks of a page by their second-level heading, or by the title of the page before the first one. */
export function sectionsOf(markdown: string): ReadonlyMap<string, readonly FencedBlock[]> {
  const parts = markdown.replace(/^# /, '').split(/^## /m)
  return new Map(parts.map((part) => [part.split('\n', 1)[0] ?? '', fencedBlocks(part)]))
}

/** Returns the cells of the first table whose first column has the given title, row by row. */
export function tableRows(markdown: string, firstColumn: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n')
  const start = lines.findIndex((line) => line.split('|')[1]?.trim() === firstColumn)
  if (start < 0) throw new Error(`there is no table with the first column "${firstColumn}"`)
  const rest = lines.slice(start + 2)
  const end = rest.findIndex((line) => !line.startsWith('|'))
  return rest.slice(0, end < 0 ? undefined : end).map((line) =>
    line
      .slice(1, line.lastIndexOf('|'))
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  )
}

/** Returns the texts between backticks. */
export function codeIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
}

/** Command of a `console` block with its output. */
export interface Step {
  /** Null for further lines of a running server. */
  readonly command: string | null
  readonly output: readonly string[]
}

/** Returns the commands of a `console` block, which has lines `$ command` followed by the output. */
export function stepsOf(text: string): readonly Step[] {
  const steps: { readonly command: string | null; readonly output: string[] }[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: [] })
    else if (steps.length > 0) steps.at(-1)?.output.push(line)
    else steps.push({ command: null, output: [line] })
  }
  return steps
}

const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID'],
  [/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?\+0[02]:00/g, 'INSTANT'],
  [/\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{3})? [+-]\d{2}:\d{2}/g, 'INSTANT'],
  [/\d{2}:\d{2}:\d{2}\.\d{3}/g, 'CLOCK'],
  [/\b[0-9a-f]{16}\b/g, 'HASH'],
  [/\bin \d+\.\d+s\b/g, 'in SECONDS'],
  [/\bport \d+\b/g, 'port PORT'],
  [/\bHTTP is at http:\/\/127\.0\.0\.1:\d+/g, 'HTTP is at URL'],
  [/\bhost [\w.-]+/g, 'host HOST'],
  [/\b\d+ms\b/g, 'MILLISECONDS'],
  [/\b\d+(\.\d)? m?s\b/g, 'DURATION'],
  [/\b\d+ jobs\b/g, 'N jobs'],
  [/ +/g, ' '],
]

/** Replaces the parts of an output that differ in each run, such as ids and times, by words. */
export function masked(lines: readonly string[]): readonly string[] {
  return lines.map((line) =>
    VOLATILE.reduce((text, [pattern, word]) => text.replace(pattern, word), readable(line)).trimEnd(),
  )
}

/** Returns the masked lines as one text, to match with `outputPattern`. */
export function maskedText(lines: readonly string[]): string {
  return masked(lines)
    .map((line) => `${line}\n`)
    .join('')
}

/** Converts a JSON line of `serve` to the format of a terminal; leaves other lines unchanged. */
function readable(line: string): string {
  if (!line.startsWith('{"level":')) return line
  const { level, time, msg, stream } = JSON.parse(line) as Record<'level' | 'time' | 'msg', string> & {
    stream?: string
  }
  if (stream === 'stdout' || stream === 'stderr') return msg
  return `${time.replace('Z', '+00:00')} ${level.toUpperCase().padEnd(5)} ${msg}`
}

/** Returns a pattern for an output. A line `…` of the document matches any number of lines. */
export function outputPattern(lines: readonly string[]): RegExp {
  const parts = masked(lines).map((line) => (line === '…' ? '(?:.*\\n)*' : `${escaped(line)}\\n`))
  return new RegExp(`^${parts.join('')}$`)
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
