/** A link within the page: it changes the screen without loading, except in another tab or window. */

import type { ComponentChildren } from 'preact'
import { BASE } from '../api/addresses.ts'
import { goTo } from './location.ts'

interface LinkProps {
  /** `/triggers/inbox` */
  readonly to: string
  readonly class?: string
  readonly title?: string
  /** Whether it leads to the current screen. */
  readonly isCurrent?: boolean
  readonly children: ComponentChildren
}

export function Link({ to, isCurrent = false, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    goTo(to)
  }
  return (
    <a {...rest} href={`${BASE}${to}`} aria-current={isCurrent ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  )
}
