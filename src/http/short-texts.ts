/** Values in lists: complete, or omitted if they are long. A long value has an address of its own. */

const LONGEST = 10_000

/** Returns null if the value is too long or null. */
export function shortText(text: string | null): string | null {
  return text === null || text.length > LONGEST ? null : text
}

export function textLength(text: string | null): number | null {
  return text === null ? null : text.length
}
