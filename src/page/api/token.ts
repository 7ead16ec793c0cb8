/** The token of an engine that requires one. It is kept only as long as the tab. */

import { signal } from '@preact/signals'

const KEY = 'cloaca-token'

/** True after an answer that says that a token is missing or wrong. */
export const isTokenNeeded = signal(false)

export function setToken(token: string): void {
  sessionStorage.setItem(KEY, token)
  isTokenNeeded.value = false
}

export function authorization(): Readonly<Record<string, string>> {
  const token = sessionStorage.getItem(KEY)
  return token === null ? {} : { authorization: `Bearer ${token}` }
}
