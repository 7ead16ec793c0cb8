/** The grammar of durations, the same as on the Python side: a whole number and a unit, `100ms`, `5s`, `1m`, `2h`. Pure. */

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Digits of a number that is still read. */
const LONGEST_NUMBER = 20

/** A duration in milliseconds, or why the text is none. Blanks around it do not count. */
export function durationMs(text: string): number | { readonly reason: string } {
  const trimmed = text.trim()
  if (trimmed === '') return { reason: 'empty string' }
  const unit = /[A-Za-z]*$/.exec(trimmed)?.[0] ?? ''
  const digits = trimmed.slice(0, trimmed.length - unit.length)
  if (unit === '' || digits === '') {
    return { reason: `expected number followed by unit (s, m, h, ms), got '${trimmed}'` }
  }
  const unitMs = Object.hasOwn(UNIT_MS, unit) ? UNIT_MS[unit] : undefined
  if (unitMs === undefined) return { reason: `unknown unit '${unit}', expected s, m, h, or ms` }
  if (!/^[0-9]+$/.test(digits) || digits.length > LONGEST_NUMBER) {
    return { reason: `'${digits}' is not a valid number` }
  }
  const ms = Number(digits) * unitMs
  if (Number.isSafeInteger(ms)) return ms
  return { reason: `'${digits}' is not a valid number of '${unit}': it is too large` }
}
