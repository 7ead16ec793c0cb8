/** Elements of a JSON array as they are written: numbers keep their digits. */

/** Returns where each element begins and ends, one after the other; null if it is not an array. `text` is JSON. */
export function elementRanges(text: string): Uint32Array<ArrayBuffer> | null {
  const from = text.search(/\S/)
  if (text[from] !== '[') return null
  const ranges: number[] = []
  let depth = 0
  let begin = from + 1
  for (let at = begin; depth >= 0; at += 1) {
    const character = text[at]
    if (character === '"') at = endOfString(text, at)
    else if (character === '[' || character === '{') depth += 1
    else if (character === ']' || character === '}') depth -= 1
    if (depth < 0 || (character === ',' && depth === 0)) {
      ranges.push(begin, at)
      begin = at + 1
    }
  }
  const isEmpty = ranges.length === 2 && text.slice(ranges[0], ranges[1]).trim() === ''
  return Uint32Array.from(isEmpty ? [] : ranges)
}

/** Returns the index of the quotation mark that ends the string beginning at `from`. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text[end - 1 - backslashes] === '\\') backslashes += 1
    if (backslashes % 2 === 0) return end
  }
}
