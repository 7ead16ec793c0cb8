/** Links of the page in a large number: one listener of their parent follows them, where `Link` has one for each. */

import { BASE } from '../api/addresses.ts'
import { goTo } from './location.ts'

/** Returns the `href` of an address of the page, such as `/triggers/inbox`. */
export function pageHref(address: string): string {
  return `${BASE}${address}`
}

/** Follows a clicked link within the page, except in another tab or window. For `onClick` of the parent. */
export function followClicked(event: MouseEvent): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = event.target instanceof Element ? event.target.closest('a') : null
  const href = link?.getAttribute('href')
  if (href === null || href === undefined || !href.startsWith(`${BASE}/`)) return
  event.preventDefault()
  goTo(href.slice(BASE.length))
}
