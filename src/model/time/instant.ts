/** Converts times between epoch milliseconds, which the engine uses, and RFC 3339 text. */

/** Returns a time as text in UTC, such as `2030-01-02T03:04:05.678+00:00`. `at` is in milliseconds since 1970. */
export function formatInstant(at: number): string {
  return new Date(at).toISOString().replace('Z', '+00:00')
}

export function formatInstantOrNull(at: number | null): string | null {
  return at === null ? null : formatInstant(at)
}

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})[Tt ]([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

const SECOND_MS = 1_000

/** Parses an RFC 3339 text with an offset or `Z`; null if it is not one. A leap second is the second after it. */
export function parseInstant(text: string): number | null {
  const parts = RFC_3339.exec(text)
  if (parts === null) return null
  const [, date = '', hour, minute, second, fraction = '', offset = ''] = parts
  if (!isDate(date)) return null
  const isLeap = second === '60'
  const at = Date.parse(`${date}T${hour}:${minute}:${isLeap ? '59' : second}${fraction}${offset.toUpperCase()}`)
  if (Number.isNaN(at)) return null
  return isLeap ? at + SECOND_MS : at
}

/** Returns whether a day (YYYY-MM-DD) exists: `Date` takes the 30th of February for the 1st of March. */
export function isDate(date: string): boolean {
  const at = Date.parse(date)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(date)
}
