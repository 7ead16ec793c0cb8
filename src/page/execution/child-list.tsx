/** Child executions that the tasks of an execution have started. */

import type { Execution } from '../api/answer-types.ts'
import { StateBadge, shortId } from '../parts/states.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'

const SHOWN_CHILDREN = 50

export function ChildList({ execution: { children } }: { readonly execution: Execution }) {
  if (children.length === 0) return null
  const shown = children.slice(-SHOWN_CHILDREN)
  return (
    <section class="children" aria-label="Children">
      <h2>Children</h2>
      <ul>
        {shown.map((child) => (
          <Child key={child.id} child={child} />
        ))}
      </ul>
      {children.length > shown.length && (
        <p class="faint">{children.length - shown.length} earlier children are not shown.</p>
      )}
    </section>
  )
}

function Child({ child: { id, workflow, status, task, key } }: { readonly child: Execution['children'][number] }) {
  const name = (
    <>
      {workflow} <code>{shortId(id)}</code>
    </>
  )
  return (
    <li>
      {status === null ? <span>{name}</span> : <Link to={addressFor('executions', id)}>{name}</Link>}
      {status === null ? <span class="faint">removed</span> : <StateBadge state={status} />}
      <span class="faint">
        key {key} of task {task}
      </span>
    </li>
  )
}
