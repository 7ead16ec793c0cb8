/**
 * Values in lists: whole, or left out. A value may be megabytes, and half of one is not JSON any more: a long one has an address
 * of its own.
 */

const LONGEST = 10_000

/** Null where it is too long, or there is none. */
export function shortText(text: string | null): string | null {
  return text === null || text.length > LONGEST ? null : text
}

/** Null where there is none. */
export function lengthOf(text: string | null): number | null {
  return text === null ? null : text.length
}
