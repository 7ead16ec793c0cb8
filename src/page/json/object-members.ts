/**
 * Members of JSON objects, and changes between two objects. Compares texts without parsing numbers, so that 1.0 differs
 * from 1, and long numbers are exact. Pure.
 */

export interface MemberChange {
  readonly key: string
  readonly kind: 'added' | 'changed' | 'removed' | 'same'
  readonly before: string | null
  readonly after: string | null
}

const ORDER: readonly MemberChange['kind'][] = ['changed', 'added', 'removed', 'same']

/** Returns all members, changed ones first. Null if one of the texts is not a JSON object. */
export function changesBetween(before: string, after: string): readonly MemberChange[] | null {
  const [old, young] = [objectMembers(before), objectMembers(after)]
  if (old === null || young === null) return null
  const changes: MemberChange[] = []
  for (const [key, text] of young) {
    const previous = old.get(key) ?? null
    const kind = previous === null ? 'added' : previous === text ? 'same' : 'changed'
    changes.push({ key, kind, before: previous, after: text })
  }
  for (const [key, text] of old) {
    if (!young.has(key)) changes.push({ key, kind: 'removed', before: text, after: null })
  }
  return changes.sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind))
}

/** Returns the texts of an object's values, without white space between their parts. */
export function objectMembers(json: string): ReadonlyMap<string, string> | null {
  const text = json.trim()
  if (!text.startsWith('{') || !text.endsWith('}')) return null
  const members = new Map<string, string>()
  let at = 1
  while (at < text.length) {
    at = skipped(text, at)
    if (text[at] === '}') return members
    if (text[at] === ',') {
      at += 1
      continue
    }
    const keyEnd = endOfString(text, at)
    if (keyEnd < 0) return null
    const colon = skipped(text, keyEnd)
    if (text[colon] !== ':') return null
    const from = skipped(text, colon + 1)
    const to = endOfValue(text, from)
    if (to < 0) return null
    members.set(JSON.parse(text.slice(at, keyEnd)) as string, compact(text.slice(from, to)))
    at = to
  }
  return null
}

function skipped(text: string, at: number): number {
  let index = at
  while (/\s/.test(text[index] ?? '')) index += 1
  return index
}

/** Returns the index after the closing quote; -1 if no string begins or ends there. */
function endOfString(text: string, at: number): number {
  if (text[at] !== '"') return -1
  for (let index = at + 1; index < text.length; index++) {
    if (text[index] === '\\') index += 1
    else if (text[index] === '"') return index + 1
  }
  return -1
}

function endOfValue(text: string, at: number): number {
  let depth = 0
  for (let index = at; index < text.length; index++) {
    const character = text[index]
    if (character === '"') {
      index = endOfString(text, index) - 1
      if (index < 0) return -1
    } else if (character === '{' || character === '[') depth += 1
    else if (character === '}' || character === ']') {
      if (depth === 0) return index
      depth -= 1
    } else if (character === ',' && depth === 0) return index
  }
  return -1
}

function compact(text: string): string {
  return text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|\s+/g, (part) => (part.startsWith('"') ? part : '')).trim()
}
