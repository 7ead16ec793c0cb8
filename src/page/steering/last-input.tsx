/** A button that fills in the input of the newest execution of a workflow. */

import { useEffect, useState } from 'preact/hooks'
import type { ExecutionRow } from '../api/answer-types.ts'
import { read, readText } from '../api/client.ts'
import { attemptAction } from '../overlays/toasts.tsx'
import { shortId } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'

interface LastInputProps {
  readonly workflow: string
  onText(text: string): void
}

export function LastInput({ workflow, onText }: LastInputProps) {
  const [last, setLast] = useState<ExecutionRow | null>(null)
  useEffect(() => {
    const stopping = new AbortController()
    const { signal } = stopping
    void attemptAction('Could not look for the last input', async () => {
      try {
        const { items } = await read('/executions', { query: { workflow, limit: 1 }, signal })
        setLast(items[0] ?? null)
      } catch (thrown) {
        if (!signal.aborted) throw thrown
      }
    })
    return () => stopping.abort()
  }, [workflow])
  if (last === null) return null
  const use = (): void => {
    void attemptAction('Could not load the last input', async () => {
      const { inputBytes } = await read('/executions/{id}', { path: { id: last.id } })
      // Uncoded: the notice names the action
      if (inputBytes > MAX_EDITED_BYTES) throw new Error('Input too large to edit here. Use Retry on its execution.')
      onText(await readText('/executions/{id}/input', { path: { id: last.id } }))
    })
  }
  return (
    <span>
      <button type="button" onClick={use}>
        Use the last input
      </button>{' '}
      <span class="faint small">
        of {shortId(last.id)}, <Time at={last.createdAt} />
      </span>
    </span>
  )
}

/** Maximum size of an input for a text field. */
export const MAX_EDITED_BYTES = 512 * 1_024
