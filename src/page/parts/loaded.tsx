/** Shows a resource when it is available, and before that why it is not. */

import type { ComponentChildren } from 'preact'
import type { Resource } from '../live/resource.ts'
import { ReadFailed } from './empty.tsx'

interface LoadedProps<Value> {
  readonly resource: Resource<Value>
  /** `triggers`, in sentences. */
  readonly what: string
  children(value: Value): ComponentChildren
}

export function Loaded<Value>({ resource, what, children }: LoadedProps<Value>) {
  const value = resource.value.value
  const problem = resource.problem.value
  if (value === null && problem === null) return <p class="loading">Loading {what} …</p>
  if (value === null && problem !== null) {
    return <ReadFailed what={what} problem={problem} onRetry={() => resource.reload()} />
  }
  return (
    <>
      {problem !== null && !problem.isUnreachable && (
        <p class="banner" role="alert">
          The page may be out of date: {problem.message}
        </p>
      )}
      {children(value as Value)}
    </>
  )
}
