/** Exact times, in UTC or in the visitor's zone: one switch for the whole page, which the browser remembers. */

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

/** `2026-01-31 08:15:00` */
export function dateAndTime(at: number): string {
  return `${formats.value.day.format(at)} ${clockTime(at)}`
}
