/**
 * Finds errors in `src` that are ignored, and errors without a code. Both are permitted with a reason, in a comment on
 * the same line or on the line before: `// Ignored: reason`, `// Uncoded: reason`.
 */

/** Matches a rejection or an event that is dropped, or a `catch` block without a statement. */
const IGNORED = new RegExp(
  [
    /\.catch\(\(\w*\) => (?:undefined|null|\{\s*\})\)/,
    /\.(?:on|once)\('error', \(\) => (?:undefined|\{\s*\})\)/,
    /\bcatch(?: \(\w+\))? \{(?:\s|\/\/.*)*\}/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
)

/** Matches a new error, except `new Error()` for a stack and errors that get the code of a system call. */
const UNCODED = /(?<!Object\.assign\()\bnew Error\((?!\))/g

/** Returns the numbers of the lines that ignore an error without a reason. */
export function ignoredErrors(text: string): number[] {
  return withoutReason(text, IGNORED, 'Ignored')
}

/** Returns the numbers of the lines that create an error without a code and without a reason. */
export function uncodedErrors(text: string): number[] {
  return withoutReason(text, UNCODED, 'Uncoded')
}

function withoutReason(text: string, pattern: RegExp, word: string): number[] {
  const reason = new RegExp(`// ${word}: \\w`)
  const lines = text.split('\n')
  return [...text.matchAll(pattern)].flatMap(({ index, 0: match }) => {
    const line = text.slice(0, index).split('\n').length
    const around = [match, lines[line - 1] ?? '', lines[line - 2] ?? '']
    return around.some((each) => reason.test(each)) ? [] : [line]
  })
}
