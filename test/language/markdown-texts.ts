/** Reads the paragraphs, list items, headings and table cells of Markdown. */

import { type Line, paragraphs, type Text } from './text.ts'

export function markdownTexts(source: string): readonly Text[] {
  const blocks: Line[][] = [[]]
  let fence: string | null = null
  for (const [index, text] of source.split('\n').entries()) {
    const mark = /^\s*(```+|~~~+)/.exec(text)?.[1]
    if (fence !== null) {
      if (mark?.startsWith(fence)) fence = null
      continue
    }
    if (mark !== undefined) fence = mark
    else if (/^\s*\|/.test(text)) blocks.push(...cells(text).map((cell) => [{ line: index + 1, text: cell }]), [])
    else if (/^#+ |^\s*$|^\s*([-*]|\d+\.) /.test(text)) blocks.push([{ line: index + 1, text: withoutMarks(text) }])
    else blocks.at(-1)?.push({ line: index + 1, text: withoutMarks(text) })
    if (/^#+ /.test(text)) blocks.push([])
  }
  return blocks.flatMap((lines) => paragraphs('markdown', lines))
}

const cells = (row: string): readonly string[] =>
  /^\s*\|[\s:|-]+$/.test(row) ? [] : row.split(/(?<!\\)\|/).map((cell) => cell.trim())

/** Leaves the words of a line: no marks of lists, headings and quotes, and no targets of links. */
const withoutMarks = (line: string): string =>
  line
    .replace(/^\s*(?:#+ |>\s?|[-*] |\d+\. )/, '')
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/<!--.*?-->/g, '')
    .trim()
