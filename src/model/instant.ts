/** Instants as text. Inside the engine an instant is epoch milliseconds; the Python API and the command line show RFC 3339. */

/** RFC 3339 in UTC with a `+00:00` suffix, as the Python API prints instants: `2030-01-02T03:04:05.678+00:00`. */
export function formatInstant(at: number): string {
  return new Date(at).toISOString().replace('Z', '+00:00')
}

export function formatInstantOrNull(at: number | null): string | null {
  return at === null ? null : formatInstant(at)
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

/** Epoch milliseconds of an RFC 3339 text with an offset or `Z`, or null when it is none. */
export function parseInstant(text: string): number | null {
  if (!RFC_3339.test(text)) return null
  const at = Date.parse(text.replace(' ', 'T').toUpperCase())
  return Number.isNaN(at) ? null : at
}
