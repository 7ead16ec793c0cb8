/** Indents a JSON text without parsing numbers. Pure. */

/** Deeper values are not indented further, so that a text of many brackets does not become too large. */
const MAX_INDENTED = 16

const PARTS = /"[^"\\]*(?:\\.[^"\\]*)*"|\{\s*\}|\[\s*\]|[{}[\],:]|\s+/g

export function indentedJson(text: string): string {
  let depth = 0
  const newLine = (): string => `\n${'  '.repeat(Math.min(depth, MAX_INDENTED))}`
  return text.replace(PARTS, (part) => {
    if (part === '{' || part === '[') {
      depth += 1
      return part + newLine()
    }
    if (part === '}' || part === ']') {
      depth -= 1
      return newLine() + part
    }
    if (part === ',') return part + newLine()
    if (part === ':') return ': '
    return part.trim()
  })
}
