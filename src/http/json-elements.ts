/** The elements of a JSON array, each as it is written: numbers keep their digits. */

/** Null: it is no array. `text` is JSON. */
export function elementsOf(text: string): readonly string[] | null {
  const whole = text.trim()
  if (!whole.startsWith('[')) return null
  const elements: string[] = []
  let depth = 0
  let from = 1
  for (let at = 1; at < whole.length; at += 1) {
    const character = whole[at]
    if (character === '"') at = endOfString(whole, at)
    else if (character === '[' || character === '{') depth += 1
    else if ((character === ',' && depth === 0) || at === whole.length - 1) {
      elements.push(whole.slice(from, at).trim())
      from = at + 1
    } else if (character === ']' || character === '}') depth -= 1
  }
  return elements.length === 1 && elements[0] === '' ? [] : elements
}

/** Where the string ends that begins there. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text[end - 1 - backslashes] === '\\') backslashes += 1
    if (backslashes % 2 === 0) return end
  }
}
