/** All workflows that were ever served on the database. */

import { useRef } from 'preact/hooks'
import type { WorkflowRow } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { useResource } from '../live/resource.ts'
import { AllHidden, NothingYet } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Place } from '../parts/place.tsx'
import { matches, Search } from '../parts/search.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, setQuery } from '../routing/location.ts'

export function WorkflowsScreen() {
  const workflows = useResource('workflows', {
    load: (signal) => read('/workflows', { query: { limit: 1_000 }, signal }),
    concerns: () => false,
  })
  return (
    <main>
      <div class="title-row">
        <h1>Workflows</h1>
        <Search what="workflows" />
      </div>
      <Loaded resource={workflows} what="workflows">
        {({ items }) => <Workflows workflows={items} />}
      </Loaded>
    </main>
  )
}

function Workflows({ workflows }: { readonly workflows: readonly WorkflowRow[] }) {
  const list = useRef<HTMLTableSectionElement>(null)
  useRowKeys(list)
  const shown = workflows.filter(({ key, description }) => matches(`${key} ${description}`))
  if (workflows.length === 0) {
    return (
      <NothingYet title="No workflows yet">
        <p>
          Declare a workflow with <code>cloaca.WorkflowBuilder</code>, and serve the file:{' '}
          <code>cloaca serve jobs.py</code>
        </p>
      </NothingYet>
    )
  }
  if (shown.length === 0) return <AllHidden what="workflows" onClear={() => setQuery({ q: null })} />
  return (
    <div class="scroll">
      <table class="workflows">
        <thead>
          <tr>
            <th scope="col">Workflow</th>
            <th scope="col">Description</th>
            <th scope="col" class="number">
              Tasks
            </th>
            <th scope="col">Script</th>
            <th scope="col">History</th>
          </tr>
        </thead>
        <tbody ref={list}>
          {shown.map(({ key, description, taskCount, script, place }) => (
            <tr key={key} data-row={key}>
              <th scope="row" class="name">
                <Link to={addressFor('workflows', key)}>{key}</Link>
              </th>
              <td class="cut faint" title={description}>
                {description}
              </td>
              <td class="number">{taskCount}</td>
              <td class="cut faint" title={script}>
                {place === null ? script : <Place place={place} />}
              </td>
              <td>
                <Link to={`/executions?workflow=${encodeURIComponent(key)}`}>Executions</Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
