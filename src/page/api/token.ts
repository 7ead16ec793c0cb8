/** The token of an engine that has one. It is kept for the tab, and no longer. */

import { signal } from '@preact/signals'

const KEY = 'cloaca-token'

/** True once an answer has said that a token is needed, or that the one which was given is wrong. */
export const isTokenNeeded = signal(false)

export function setToken(token: string): void {
  sessionStorage.setItem(KEY, token)
  isTokenNeeded.value = false
}

export function authorization(): Readonly<Record<string, string>> {
  const token = sessionStorage.getItem(KEY)
  return token === null ? {} : { authorization: `Bearer ${token}` }
}
