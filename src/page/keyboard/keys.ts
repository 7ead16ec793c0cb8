/** Keys of the page. Each screen says which it has; the list of them (`?`) is made of what it said. */

import { type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

export interface Key {
  /** As in `KeyboardEvent.key`. */
  readonly key: string
  /** `poll it now` */
  readonly does: string
  press(): void
}

const groups = signal<readonly (readonly Key[])[]>([])

/** The keys that do something now, those of the shell first; of two that are the same the later one counts. */
export const keyGroups: ReadonlySignal<readonly (readonly Key[])[]> = groups

/** Has these keys for as long as the component is there. */
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

/** Called once. */
export function hearKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isElsewhere(event.target)) return
    const found = groups.value.flat().findLast(({ key }) => key === event.key)
    if (found === undefined) return
    event.preventDefault()
    found.press()
  })
}

const TYPED_INTO = 'input:not([type="checkbox"], [type="radio"]), textarea, select'

/** What is typed is text, and what is over the page has keys of its own. */
function isElsewhere(target: EventTarget | null): boolean {
  if (document.querySelector('dialog[open]') !== null) return true
  return target instanceof HTMLElement && (target.isContentEditable || target.matches(TYPED_INTO))
}
