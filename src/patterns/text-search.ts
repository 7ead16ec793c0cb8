/**
 * Text search in linear time, by Knuth, Morris and Pratt. V8's search is slow if both texts repeat themselves: 100,000
 * letters in 400,000 take 4 to 27 seconds (Node 26).
 */

/** Maximum product of both lengths for V8's own search, which is fast enough then. */
const QUICK_PRODUCT = 1_000_000

/** Returns whether V8's own search may be slow. */
export function isSlowSearch(text: string, part: string): boolean {
  return text.length * part.length > QUICK_PRODUCT
}

/** Yields the positions of all occurrences, including overlapping ones, in order. `part` is not empty. */
function* occurrences(text: string, part: string): Generator<number> {
  const borders = bordersOf(part)
  let matched = 0
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = borders[matched - 1] ?? 0
    if (part.charCodeAt(matched) === unit) matched += 1
    if (matched < part.length) continue
    yield at + 1 - part.length
    matched = borders[matched - 1] ?? 0
  }
}

/** Returns `text.includes(part)`, in linear time. */
export function linearIncludes(text: string, part: string): boolean {
  return isSlowSearch(text, part) ? linearIndexOf(text, part) !== -1 : text.includes(part)
}

/** Returns `text.indexOf(part, from)`, in linear time. */
export function linearIndexOf(text: string, part: string, from = 0): number {
  for (const at of occurrences(text, part)) if (at >= from) return at
  return -1
}

/** Returns `text.lastIndexOf(part, from)`, in linear time. */
export function linearLastIndexOf(text: string, part: string, from = Number.POSITIVE_INFINITY): number {
  let last = -1
  for (const at of occurrences(text, part)) {
    if (at > from) break
    last = at
  }
  return last
}

/** Returns `text.split(part)`, in linear time. */
export function linearSplit(text: string, part: string): string[] {
  const pieces: string[] = []
  let from = 0
  for (const at of occurrences(text, part)) {
    if (at < from) continue
    pieces.push(text.slice(from, at))
    from = at + part.length
  }
  pieces.push(text.slice(from))
  return pieces
}

/** Length of the longest proper border of each beginning of `part`. */
function bordersOf(part: string): Int32Array {
  const borders = new Int32Array(part.length)
  let length = 0
  for (let at = 1; at < part.length; at += 1) {
    const unit = part.charCodeAt(at)
    while (length > 0 && part.charCodeAt(length) !== unit) length = borders[length - 1] ?? 0
    if (part.charCodeAt(length) === unit) length += 1
    borders[at] = length
  }
  return borders
}
