/** Keys of the page. Each screen registers its own, and the list of keys (`?`) shows them. */

import { type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

export interface Key {
  readonly key: string
  /** `poll it now` */
  readonly does: string
  press(): void
}

const groups = signal<readonly (readonly Key[])[]>([])

/** Active keys, those of the shell first. The later of two equal keys takes precedence. */
export const keyGroups: ReadonlySignal<readonly (readonly Key[])[]> = groups

/** Registers keys while the component exists. */
export function useKeys(list: readonly Key[]): void {
  const latest = useRef(list)
  latest.current = list
  const names = list.map(({ key, does }) => `${key} ${does}`).join('\n')
  useEffect(() => {
    const mine = list.map(({ key, does }) => ({
      key,
      does,
      press: () => latest.current.find((each) => each.key === key)?.press(),
    }))
    groups.value = [...groups.peek(), mine]
    return () => {
      groups.value = groups.peek().filter((each) => each !== mine)
    }
  }, [names])
}

/** Adds the listener. Called once. */
export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isElsewhere(event.target)) return
    const found = groups.value.flat().findLast(({ key }) => key === event.key)
    if (found === undefined) return
    event.preventDefault()
    found.press()
  })
}

const TYPED_INTO = 'input:not([type="checkbox"], [type="radio"]), textarea, select'

/** Typed text has no keys, and overlays have their own. */
function isElsewhere(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true
  return target instanceof HTMLElement && (target.isContentEditable || target.matches(TYPED_INTO))
}
