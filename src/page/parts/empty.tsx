/** Empty states: no data yet, all data hidden by the filter, data that could not be read. */

import type { ComponentChildren } from 'preact'
import type { Problem } from '../api/problem.ts'

/** There is no data at all. The children explain how to create some. */
export function EmptyList({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

/** The filter hides all data. */
export function FilteredOut({ what, onClear }: { readonly what: string; onClear(): void }) {
  return (
    <div class="empty">
      <h2>No {what} match the filter</h2>
      <button type="button" onClick={onClear}>
        Clear the filter
      </button>
    </div>
  )
}

export function ReadFailed({
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
      {problem.status === 404 ? (
        <p>
          Press <kbd>/</kbd> to search for another name or id.
        </p>
      ) : (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}
