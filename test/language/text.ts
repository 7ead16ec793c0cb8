/** A text as a reader sees it: a paragraph, a message, a title; and the lines of the file that it comes from. */

import type { TextKind } from './rules.ts'

export interface Text {
  readonly kind: TextKind
  readonly text: string
  /** Each piece of the text: where it begins in the text, and on which line of the file, from 1. */
  readonly pieces: readonly Piece[]
  /** Whether the first words are those of a whole comment, so that rules about beginnings apply. */
  readonly isStart: boolean
}

interface Piece {
  readonly at: number
  readonly line: number
}

export interface Line {
  readonly line: number
  readonly text: string
}

/** Joins lines by a blank into a text. */
export function joinLines(kind: TextKind, lines: readonly Line[], isStart = true): Text {
  const pieces: Piece[] = []
  let text = ''
  for (const { line, text: more } of lines) {
    if (text !== '') text += ' '
    pieces.push({ at: text.length, line })
    text += more.trim()
  }
  return { kind, text, pieces, isStart }
}

export function lineAt({ pieces }: Text, at: number): number {
  return pieces.findLast((piece) => piece.at <= at)?.line ?? 1
}

/** Replaces code in backticks by a word that no rule matches. */
const withoutCode = (text: string): string =>
  text.replace(/``[^`]+``|`[^`]*`/g, 'CODE').replace(/\{@link [^}]*\}/g, 'CODE')

const LIST_ITEM = /^\s*(?:[-*] |\d+\. |:param |:raises |@\w+)/
/** Prefixes of a line that are not words of it. */
const MARKS =
  /^\s*(?:[-*] |\d+\. |@(?:param|throws|returns|template|typeParam|defaultValue)\s+(?:\{[^}]*\}\s*)?(?:\w+\s+-?\s*)?)/

/** Splits the lines of a comment or docstring into paragraphs and list items; leaves out indented and fenced code. */
export function paragraphs(kind: TextKind, lines: readonly Line[]): readonly Text[] {
  const groups: Line[][] = [[]]
  let isFenced = false
  for (const { line, text } of lines) {
    if (/^\s*(```|~~~)/.test(text)) isFenced = !isFenced
    else if (text.trim() === '' || LIST_ITEM.test(text)) groups.push([])
    if (isFenced || /^\s*(```|~~~|>>> |\$ )|^ {4,}\S/.test(text) || text.trim() === '') continue
    groups.at(-1)?.push({ line, text: withoutCode(text).replace(MARKS, '') })
  }
  const first = groups.findIndex((group) => group.length > 0)
  return groups.flatMap((group, index) => (group.length > 0 ? [joinLines(kind, group, index === first)] : []))
}
