/** Reads comments and strings of languages that a pattern can split into tokens: Python, C and C++, CSS, YAML and shell. */

import { joinLines, type Line, paragraphs, type Text } from './text.ts'

/** Tokens of Python: text in three quotes, other strings, comments. */
const PYTHON =
  /(?<prefix>(?<!\w)[a-zA-Z]{0,2})(?<string>"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|#(?<comment>.*)/g
const C = /(?<prefix>)(?<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\/(?<comment>.*)|\/\*(?<block>[\s\S]*?)\*\//g

/** A message has at least so many words; shorter strings are names and values. */
const MIN_WORDS = 4

export const pythonTexts = (source: string, hasMessages: boolean): readonly Text[] =>
  textsOf(source, PYTHON, hasMessages)
export const nativeTexts = (source: string, hasMessages: boolean): readonly Text[] => textsOf(source, C, hasMessages)

function textsOf(source: string, tokens: RegExp, hasMessages: boolean): readonly Text[] {
  const found: Text[] = []
  const lineOf = lineCounter(source)
  let comment: Line[] = []
  let message: Line[] = []
  let end = 0
  const flush = () => {
    found.push(...paragraphs('comment', comment))
    if (hasMessages && isProse(message.map(({ text }) => text).join(' '))) found.push(joinLines('message', message))
    comment = []
    message = []
  }
  for (const { 0: whole, index, groups = {} } of source.matchAll(tokens)) {
    const between = source.slice(end, index)
    const isAlone = /(^|\n)[ \t]*$/.test(source.slice(0, index).slice(-200))
    // Comments of following lines are one text, and so are strings with nothing between them.
    if (
      between.trim() !== '' ||
      between.split('\n').length > 2 ||
      (groups.comment === undefined) !== message.length > 0
    )
      flush()
    const line = lineOf(index)
    if (groups.comment !== undefined) comment.push({ line, text: groups.comment.replace(/^[/!:]?\s/, '') })
    else if (groups.block !== undefined) found.push(...paragraphs('comment', blockLines(groups.block, line)))
    else if (/^("""|''')/.test(groups.string ?? '') && isAlone)
      found.push(...paragraphs('docstring', docstringLines((groups.string ?? '').slice(3, -3), line)))
    else message.push({ line, text: (groups.string ?? '').slice(1, -1) })
    end = index + whole.length
  }
  flush()
  return found
}

export function isProse(text: string): boolean {
  return (
    text.split(/\s+/).filter((part) => /^[("']?[A-Za-z][a-z]*[)"'.,;:]*$/.test(part)).length >= MIN_WORDS &&
    !SQL.test(text) &&
    !NAMES.test(text)
  )
}

/** Columns of a table. */
const NAMES = /^\s*([\w.]+,\s+)+[\w.]+\s*$/

const SQL =
  /^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|WITH|DROP|ALTER|BEGIN|PRAGMA|FROM|WHERE|AND|OR|ORDER|JOIN|LEFT|ON)\b/

/** The lines of a block comment, without the stars. */
export function blockLines(block: string, line: number): readonly Line[] {
  return block.split('\n').map((text, index) => ({ line: line + index, text: text.replace(/^\s*\*+ ?/, '') }))
}

/** The lines of a docstring, without the indentation that they share. */
function docstringLines(text: string, line: number): readonly Line[] {
  const lines = text.split('\n')
  const indents = lines
    .slice(1)
    .filter((one) => one.trim() !== '')
    .map((one) => one.length - one.trimStart().length)
  const shared = Math.min(...indents, 80)
  return lines.map((one, index) => ({ line: line + index, text: index === 0 ? one : one.slice(shared) }))
}

/** Returns a function from an offset to its line, from 1, for offsets that grow. */
function lineCounter(source: string): (offset: number) => number {
  let line = 1
  let at = 0
  return (offset) => {
    for (; at < offset; at++) if (source[at] === '\n') line++
    return line
  }
}
