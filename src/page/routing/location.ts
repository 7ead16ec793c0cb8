/**
 * Location of the visitor. Every choice on a screen (filter, selection, range) is in the URL and read from here, so
 * that a link, a reload and the back button show the same.
 */

import { computed, signal } from '@preact/signals'
import { BASE } from '../api/addresses.ts'

interface Place {
  readonly path: string
  readonly query: string
}

const place = signal<Place>(current())

/** Encoded path, such as `/triggers/inbox`. */
export const path = computed(() => place.value.path)

export const query = computed(() => new URLSearchParams(place.value.query))

addEventListener('popstate', () => {
  place.value = current()
})

/** Goes to an address of the page: `/triggers?q=inbox`. */
export function goTo(address: string): void {
  history.pushState(null, '', `${BASE}${address}`)
  place.value = current()
  scrollTo(0, 0)
}

/** Sets parts of the query; null removes one. `keep` replaces the entry of the history (for typed text). */
export function setQuery(changes: Readonly<Record<string, string | null>>, { keep = false } = {}): void {
  const next = new URLSearchParams(place.value.query)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === '') next.delete(name)
    else next.set(name, value)
  }
  const search = next.toString()
  const address = `${BASE}${place.value.path}${search === '' ? '' : `?${search}`}`
  if (address === `${location.pathname}${location.search}`) return
  if (keep) history.replaceState(null, '', address)
  else history.pushState(null, '', address)
  place.value = current()
}

export function addressFor(...parts: readonly string[]): string {
  return `/${parts.map(encodeURIComponent).join('/')}`
}

/** Returns the address of a cron trigger, which is a row of the schedules. */
export function addressOfCron(trigger: string): string {
  return `/schedules?q=${encodeURIComponent(trigger)}`
}

function current(): Place {
  return { path: location.pathname.slice(BASE.length) || '/', query: location.search }
}
