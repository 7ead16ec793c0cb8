/** Actions of people on an execution, with their notes. */

import { useEffect } from 'preact/hooks'
import type { Execution, ReadResponses } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { useResource } from '../live/resource.ts'
import { Time } from '../parts/time.tsx'

type Action = ReadResponses['/executions/{id}/actions']['items'][number]

const SHOWN_ACTIONS = 10

const KINDS: Readonly<Record<string, string>> = {
  cancel: 'Cancel',
  pause: 'Pause',
  resume: 'Resume',
  retry: 'Retry',
}

const SOURCES: Readonly<Record<Action['source'], string>> = {
  cli: 'command line',
  node: 'Node API',
  http: 'page or HTTP API',
  python: 'Python API',
  engine: 'engine',
}

/** `execution`: actions change its status or its times, so they are read again then. */
export function ActionNotes({ execution }: { readonly execution: Execution }) {
  const { id, status, pausedAt, cancelRequestedAt } = execution
  const actions = useResource(`actions ${id}`, {
    load: (signal) => read('/executions/{id}/actions', { path: { id }, signal }),
    concerns: ({ name }) => name === 'executionStarted',
  })
  useEffect(() => actions.reload(), [actions, status, pausedAt, cancelRequestedAt])
  // The origin shows retries, so those without a note are left out.
  const items = actions.value.value?.items.filter(({ kind, note }) => kind !== 'retry' || note !== null) ?? []
  const problem = actions.problem.value
  if (problem !== null && !problem.isUnreachable) {
    return <p class="banner">Could not load the actions of this execution: {problem.message}</p>
  }
  if (items.length === 0) return null
  return (
    <section class="action-notes" aria-label="Actions">
      <ul>
        {items.slice(0, SHOWN_ACTIONS).map((action) => (
          <Noted key={action.id} action={action} />
        ))}
      </ul>
      {items.length > SHOWN_ACTIONS && (
        <p class="faint small">{items.length - SHOWN_ACTIONS} earlier actions are not shown.</p>
      )}
    </section>
  )
}

function Noted({ action: { kind, source, note, at, answeredAt, isRefused } }: { readonly action: Action }) {
  return (
    <li>
      <strong>{KINDS[kind] ?? kind}</strong>{' '}
      <span class="faint small">
        by {SOURCES[source]}, <Time at={at} />
        {isRefused === true && ', rejected'}
        {answeredAt === null && ', not answered yet'}
      </span>
      {note !== null && <q>{note}</q>}
    </li>
  )
}
