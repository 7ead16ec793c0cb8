/** Exact times in UTC or the visitor's zone. One switch for the whole page, which the browser stores. */

import { computed, signal } from '@preact/signals'

const KEY = 'cloaca-zone'

export type Zone = 'local' | 'utc'

export const zone = signal<Zone>(localStorage.getItem(KEY) === 'utc' ? 'utc' : 'local')

export function switchZone(): void {
  zone.value = zone.value === 'utc' ? 'local' : 'utc'
  localStorage.setItem(KEY, zone.value)
}

const formats = computed(() => {
  const timeZone = zone.value === 'utc' ? { timeZone: 'UTC' } : {}
  const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', ...timeZone } as const
  const day = { year: 'numeric', month: '2-digit', day: '2-digit', ...timeZone } as const
  return {
    // Swedish writes dates as RFC 3339 does.
    day: new Intl.DateTimeFormat('sv-SE', day),
    clock: new Intl.DateTimeFormat('sv-SE', clock),
    date: new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', ...timeZone }),
    millis: new Intl.DateTimeFormat('sv-SE', { ...clock, fractionalSecondDigits: 3 }),
    name: new Intl.DateTimeFormat('en-GB', { ...day, timeZoneName: 'short' }),
  }
})

/** `2026-01-31 08:15:00.250 UTC` */
export function exactTime(at: number): string {
  const { day, millis, name } = formats.value
  const part = name.formatToParts(at).find(({ type }) => type === 'timeZoneName')
  return `${day.format(at)} ${millis.format(at).replace(',', '.')} ${part?.value ?? ''}`.trim()
}

/** `08:15:00` */
export function clockTime(at: number): string {
  return formats.value.clock.format(at)
}

/** Returns a label of an axis, by the distance of its lines: `08:15:30`, `08:15`, `31 Jan`. */
export function shortTime(at: number, stepMs: number): string {
  const { clock, date } = formats.value
  if (stepMs >= 86_400_000) return date.format(at)
  const text = clock.format(at)
  if (stepMs < 60_000) return text
  return text.startsWith('00:00') ? date.format(at) : text.slice(0, 5)
}

/** Returns how far the shown zone is ahead of UTC at a time. */
export function zoneOffsetMs(at: number): number {
  return zone.value === 'utc' ? 0 : -new Date(at).getTimezoneOffset() * 60_000
}

/** `2026-01-31 08:15:00` */
export function dateAndTime(at: number): string {
  return `${formats.value.day.format(at)} ${clockTime(at)}`
}

/** Returns the value of a date field in the shown zone: `2026-01-31T08:15:00`. */
export function fieldTime(at: number): string {
  return dateAndTime(at).replace(' ', 'T')
}

/** Returns null for an invalid time. */
export function parseFieldTime(field: string): number | null {
  const at = Date.parse(zone.value === 'utc' ? `${field}Z` : field)
  return Number.isNaN(at) ? null : at
}
