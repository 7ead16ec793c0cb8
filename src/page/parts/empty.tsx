/** The three ways in which there is nothing to show: there is nothing yet, the filter hides all, it could not be read. */

import type { ComponentChildren } from 'preact'
import type { Problem } from '../api/problem.ts'

/** There is none at all. What the children say is how one comes about. */
export function NothingYet({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

/** There are some, and none of them passes the filter. */
export function AllHidden({ what, onClear }: { readonly what: string; onClear(): void }) {
  return (
    <div class="empty">
      <h2>No {what} match the filter</h2>
      <button type="button" onClick={onClear}>
        Clear the filter
      </button>
    </div>
  )
}

export function NotRead({
  what,
  problem,
  onRetry,
}: {
  readonly what: string
  readonly problem: Problem
  onRetry(): void
}) {
  return (
    <div class="empty" role="alert">
      <h2>Could not load {what}</h2>
      <p>
        {problem.title}. {problem.message}
      </p>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  )
}
