/** All workflows that were ever served on the database, with their newest executions. */

import type { WorkflowSummary } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { matchesSearch, Search } from '../fields/search.tsx'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { EmptyList, FilteredOut } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { setQuery } from '../routing/location.ts'
import { concernsRuns } from '../runs/mark-events.ts'
import { WorkflowTable } from '../runs/workflow-table.tsx'

export function WorkflowsScreen() {
  const workflows = useResource('workflow summaries', {
    load: (signal) => read('/workflow-summaries', { query: { limit: 1_000 }, signal }),
    concerns: concernsRuns,
  })
  usePolling(workflows, OTHERS_EVERY_MS)
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

function Workflows({ workflows }: { readonly workflows: readonly WorkflowSummary[] }) {
  const list = useRowKeys()
  const shown = workflows.filter(({ key, description }) => matchesSearch(`${key} ${description}`))
  if (workflows.length === 0) {
    return (
      <EmptyList title="No workflows yet">
        <p>
          Declare a workflow with <code>cloaca.WorkflowBuilder</code>, and serve the file:{' '}
          <code>cloaca serve jobs.py</code>
        </p>
      </EmptyList>
    )
  }
  if (shown.length === 0) return <FilteredOut what="workflows" onClear={() => setQuery({ q: null })} />
  return <WorkflowTable workflows={shown} hasScripts={true} list={list} />
}
