/**
 * Reads comments, messages, JSX text and test titles of TypeScript and JavaScript. The compiler is that of version 6, the
 * last one whose parser is callable from JavaScript.
 */

import ts from 'typescript-6'
import { blockLines, isProse } from './c-texts.ts'
import { joinLines, type Line, paragraphs, type Text } from './text.ts'

interface Span {
  readonly start: number
  readonly end: number
}

/** SQL, whose texts are its comments. */
const STATEMENT =
  /\b(SELECT|INSERT INTO|DELETE FROM|CREATE (TABLE|INDEX|UNIQUE INDEX)|FROM \w+ WHERE|END AS|IS NOT NULL|GROUP BY|JOIN)\b/

const TITLED = /^(test|it|describe)$/

/** `hasMessages`: strings are read by people, as those of `src` are; else only titles and comments are. */
export function typescriptTexts(path: string, source: string, hasMessages: boolean): readonly Text[] {
  const kind = /x$/.test(path) ? ts.ScriptKind.TSX : undefined
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, false, kind)
  const literals: Span[] = []
  const texts: Text[] = []
  const lineOf = (offset: number) => file.getLineAndCharacterOfPosition(offset).line + 1

  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return
    if (isLiteral(node)) literals.push({ start: node.getStart(file), end: node.end })
    const title = titleOf(node)
    if (title !== null) {
      texts.push(joinLines('title', linesOf(title, lineOf, file)))
    } else if (hasMessages && isText(node)) {
      const lines = linesOf(node, lineOf, file)
      if (isProse(lines.map(({ text }) => text).join(''))) texts.push(joinPieces(lines))
      collectLiterals(node, literals, file)
      for (const expression of expressionsOf(node)) visit(expression)
      return
    } else if (ts.isJsxText(node)) {
      const lines = node.text.split('\n').map((text, index) => ({ line: lineOf(node.pos) + index, text }))
      if (isProse(node.text))
        texts.push(
          joinLines(
            'message',
            lines.filter(({ text }) => text.trim() !== ''),
          ),
        )
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return [...texts, ...comments(source, literals, lineOf)]
}

const isLiteral = (node: ts.Node): boolean =>
  ts.isStringLiteralLike(node) || ts.isRegularExpressionLiteral(node) || ts.isJsxText(node) || isTemplatePart(node)

const isTemplatePart = (node: ts.Node): boolean =>
  ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)

/** A literal, a template, or several joined by `+`. */
function isText(node: ts.Node): node is ts.Expression {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return true
  return isSum(node) && (isText(node.left) || isText(node.right))
}

const isSum = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken

/** The pieces of a text; values within it are a word that no rule matches. */
function linesOf(node: ts.Node, lineOf: (offset: number) => number, file: ts.SourceFile): readonly Line[] {
  if (isSum(node)) return [...linesOf(node.left, lineOf, file), ...linesOf(node.right, lineOf, file)]
  const line = lineOf(node.getStart(file))
  if (ts.isStringLiteralLike(node)) return [{ line, text: node.text }]
  if (!ts.isTemplateExpression(node)) return [{ line, text: 'VALUE' }]
  const spans = node.templateSpans.map(({ literal }) => ({
    line: lineOf(literal.getStart(file)),
    text: `VALUE${literal.text}`,
  }))
  return [{ line, text: node.head.text }, ...spans]
}

/** Joins pieces that follow each other without a blank. */
function joinPieces(lines: readonly Line[]): Text {
  let at = 0
  const pieces = lines.map(({ line, text }) => {
    const piece = { at, line }
    at += text.length
    return piece
  })
  const text = lines.map(({ text }) => text).join('')
  return STATEMENT.test(text)
    ? { kind: 'comment', text: commentsOfSql(text), pieces, isStart: true }
    : { kind: 'message', text, pieces, isStart: true }
}

/** Replaces all but the comments by spaces, so that places in the text stay the same. */
const commentsOfSql = (text: string): string =>
  text
    .split('\n')
    .map((line) => {
      const at = line.indexOf('--')
      return at < 0 ? ' '.repeat(line.length) : ' '.repeat(at + 2) + line.slice(at + 2)
    })
    .join('\n')

/** Values within a text, which may contain further texts. */
function expressionsOf(node: ts.Node): readonly ts.Node[] {
  if (isSum(node)) return [...expressionsOf(node.left), ...expressionsOf(node.right)]
  if (ts.isTemplateExpression(node)) return node.templateSpans.map(({ expression }) => expression)
  return ts.isStringLiteralLike(node) ? [] : [node]
}

function collectLiterals(node: ts.Node, literals: Span[], file: ts.SourceFile): void {
  if (isSum(node)) {
    collectLiterals(node.left, literals, file)
    collectLiterals(node.right, literals, file)
  } else if (ts.isTemplateExpression(node)) {
    for (const part of [node.head, ...node.templateSpans.map(({ literal }) => literal)]) {
      literals.push({ start: part.getStart(file), end: part.end })
    }
  } else if (ts.isStringLiteralLike(node)) literals.push({ start: node.getStart(file), end: node.end })
}

/** The title of `test('title', …)`, `describe.each(rows)('title', …)` and the like. */
function titleOf(node: ts.Node): ts.Expression | null {
  if (!ts.isCallExpression(node)) return null
  const [title] = node.arguments
  return title !== undefined && isText(title) && TITLED.test(calledName(node.expression)) ? title : null
}

function calledName(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text
  if (ts.isPropertyAccessExpression(node)) return calledName(node.expression)
  if (ts.isCallExpression(node)) return calledName(node.expression)
  return ts.isTaggedTemplateExpression(node) ? calledName(node.tag) : ''
}

/** Comments outside of literals: blocks, and line comments of following lines as one text. */
function comments(source: string, literals: readonly Span[], lineOf: (offset: number) => number): readonly Text[] {
  const inLiteral = [...literals].sort((one, other) => one.start - other.start)
  const found: Text[] = []
  let open: Line[] = []
  let next = 0
  const pattern = /\/\/(.*)|\/\*([\s\S]*?)\*\//g
  for (let match = pattern.exec(source); match !== null; match = pattern.exec(source)) {
    while (next < inLiteral.length && (inLiteral[next]?.end ?? 0) <= match.index) next++
    const literal = inLiteral[next]
    if (literal !== undefined && literal.start <= match.index) {
      pattern.lastIndex = literal.end
      continue
    }
    const line = lineOf(match.index)
    if (match[1] !== undefined) {
      if (open.length > 0 && open.at(-1)?.line !== line - 1) {
        found.push(...paragraphs('comment', open))
        open = []
      }
      open.push({ line, text: match[1].replace(/^\/?\s/, '') })
    } else found.push(...paragraphs('comment', blockLines((match[2] ?? '').replace(/^\*/, ''), line)))
  }
  return [...found, ...paragraphs('comment', open)]
}
