/**
 * Reads documentation for the tests that keep it true: fenced blocks, tables, and what volatile output looks like when
 * ids, times and paths are masked. Pure; used by the tests of README, ARCHITECTURE and the examples.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './source-tree.ts'

export interface FencedBlock {
  readonly language: string
  readonly text: string
  /** The heading that it stands under. */
  readonly heading: string
  /** The text between it and what stands before it. */
  readonly introduction: string
}

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Every fenced block of a Markdown text, in order. */
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

/** The name that the first line of a block gives to the file that it shows: `# jobs.py`, `// main.ts`. */
export function fileNameOf({ language, text }: FencedBlock): string | null {
  if (!SHOWN_FILES.has(language)) return null
  return /^(?:#|\/\/) ([\w./[\]-]+\.\w+)$/.exec(text.split('\n', 1)[0] ?? '')?.[1] ?? null
}

/** The languages of blocks that are files of the reader's project. */
const SHOWN_FILES: ReadonlySet<string> = new Set(['python', 'ts', 'js', 'toml'])

/** The blocks of a page, by the second-level heading that they stand under; the first ones by the page's title. */
export function sectionsOf(markdown: string): ReadonlyMap<string, readonly FencedBlock[]> {
  const parts = markdown.replace(/^# /, '').split(/^## /m)
  return new Map(parts.map((part) => [part.split('\n', 1)[0] ?? '', fencedBlocks(part)]))
}

/** The rows of the first table whose first column has this title: cells without their code marks. */
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

/** The texts in code marks. */
export function codeIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
}

/** One command of a `console` block with the lines that it prints. */
export interface Step {
  /** Null for further lines of the server that is running. */
  readonly command: string | null
  readonly output: readonly string[]
}

/** The commands of a `console` block: `$ command`, then its output. */
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
  [/\d{2}:\d{2}:\d{2}\.\d{3}/g, 'CLOCK'],
  [/\b[0-9a-f]{16}\b/g, 'HASH'],
  [/\bin \d+\.\d+s\b/g, 'in SECONDS'],
  [/\bport \d+\b/g, 'port PORT'],
  [/\b\d+ms\b/g, 'MILLISECONDS'],
  [/\b\d+ jobs\b/g, 'N jobs'],
  [/ +/g, ' '],
]

/** Lines of an output without what differs from run to run. */
export function masked(lines: readonly string[]): readonly string[] {
  return lines.map((line) =>
    VOLATILE.reduce((text, [pattern, word]) => text.replace(pattern, word), readable(line)).trimEnd(),
  )
}

/** The same as one text, for `outputPattern`. */
export function maskedText(lines: readonly string[]): string {
  return masked(lines)
    .map((line) => `${line}\n`)
    .join('')
}

/** A log line as a terminal shows it: where there is no terminal, logs are JSON. */
function readable(line: string): string {
  if (!line.startsWith('{"level":')) return line
  const { level, time, msg } = JSON.parse(line) as { level: string; time: string; msg: string }
  return `${time.replace('Z', '+00:00')} ${level.toUpperCase().padEnd(5)} ${msg}`
}

/** What an output must match: its lines, with any lines at all where the document has `…`. */
export function outputPattern(lines: readonly string[]): RegExp {
  const parts = masked(lines).map((line) => (line === '…' ? '(?:.*\\n)*' : `${escaped(line)}\\n`))
  return new RegExp(`^${parts.join('')}$`)
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
