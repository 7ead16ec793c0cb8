/** Parses durations as on the Python side: a whole number and a unit (`100ms`, `5s`, `1m`, `2h`, `7d`), trimmed. */

import ms, { type StringValue } from 'ms'

const UNITS = ['s', 'm', 'h', 'd', 'ms'] as const

/** Units of poll intervals, whose grammar the Python API fixes. */
const INTERVAL_UNITS = ['s', 'm', 'h', 'ms'] as const

const MAX_DIGITS = 20

/** Returns a duration in milliseconds, or the reason why the text is not one. */
export function durationMs(text: string): number | { readonly reason: string } {
  return parsed(text, UNITS)
}

/** Returns a poll interval in milliseconds, or the reason why the text is not one. It has no days. */
export function intervalMs(text: string): number | { readonly reason: string } {
  return parsed(text, INTERVAL_UNITS)
}

function parsed(text: string, units: readonly string[]): number | { readonly reason: string } {
  const trimmed = text.trim()
  if (trimmed === '') return { reason: 'empty string' }
  const unit = /[A-Za-z]*$/.exec(trimmed)?.[0] ?? ''
  const digits = trimmed.slice(0, trimmed.length - unit.length)
  if (unit === '' || digits === '') {
    return { reason: `expected number followed by unit (${units.join(', ')}), got '${trimmed}'` }
  }
  if (!units.includes(unit)) {
    return { reason: `unknown unit '${unit}', expected ${units.slice(0, -1).join(', ')}, or ${units.at(-1)}` }
  }
  if (!/^[0-9]+$/.test(digits) || digits.length > MAX_DIGITS) return { reason: `'${digits}' is not a valid number` }
  const result = ms(`${digits}${unit}` as StringValue)
  if (Number.isSafeInteger(result)) return result
  return { reason: `'${digits}' is not a valid number of '${unit}': it is too large` }
}

/** Returns a duration as people write it: `200ms`, `30s`, `2h`. */
export function formatDuration(durationMs: number): string {
  for (const [unit, sizeMs] of SHOWN_UNITS)
    if (durationMs >= sizeMs && durationMs % sizeMs === 0) return `${durationMs / sizeMs}${unit}`
  return `${durationMs}ms`
}

const SHOWN_UNITS = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const
