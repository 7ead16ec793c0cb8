/** One workflow: its graph, durations of it and its tasks, and its versions. */

import { useState } from 'preact/hooks'
import type { ReadResponses, Workflow, WorkflowStats } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { GraphView } from '../graph/graph-view.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { type Resource, useResource } from '../live/resource.ts'
import { shownDuration } from '../parts/durations.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Place } from '../parts/source-place.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, query, setQuery } from '../routing/location.ts'
import type { ScreenProps } from '../routing/screen-props.ts'
import { concernsRuns } from '../runs/mark-events.ts'
import { RunDialog } from '../steering/run-dialog.tsx'
import { GRID_EXECUTIONS } from './grid-layout.ts'
import { RunGrid } from './run-grid.tsx'
import { TaskTable } from './task-table.tsx'
import { WorkflowTiles } from './workflow-tiles.tsx'
import { Versions } from './workflow-versions.tsx'

export function WorkflowScreen({ params: [name = ''] }: ScreenProps) {
  const workflow = useResource(`workflow ${name}`, {
    load: (signal) => read('/workflows/{name}', { path: { name }, signal }),
    concerns: () => false,
  })
  const stats = useResource(`stats ${name}`, {
    load: (signal) => read('/workflows/{name}/stats', { path: { name }, signal }),
    concerns: (event) =>
      event.name === 'executionFinished' && (event.data as { readonly workflow?: unknown }).workflow === name,
  })
  const executions = useResource(`executions of ${name}`, {
    load: (signal) =>
      read('/workflows/{name}/executions', { path: { name }, query: { limit: GRID_EXECUTIONS }, signal }),
    concerns: (event) => concernsRuns(event) && (event.data as { readonly workflow?: unknown }).workflow === name,
  })
  usePolling(executions, OTHERS_EVERY_MS)
  return (
    <main>
      <Loaded resource={workflow} what="the workflow">
        {(value) => <Shown workflow={value} stats={stats.value.value} executions={executions} />}
      </Loaded>
    </main>
  )
}

interface ShownProps {
  readonly workflow: Workflow
  readonly stats: WorkflowStats | null
  readonly executions: Resource<ReadResponses['/workflows/{name}/executions']>
}

function Shown({ workflow, stats, executions }: ShownProps) {
  const { key, description, version, graph, inputSchema } = workflow
  const [isStarting, setStarting] = useState(false)
  useKeys([{ key: 'r', does: 'run the workflow', press: () => setStarting(true) }])
  const chosen = query.value.get('task')
  const choose = (task: string): void => setQuery({ task: task === chosen ? null : task }, { keep: true })
  const p50 = new Map(stats?.tasks.map(({ task, duration }) => [task, duration.p50Ms]))
  return (
    <>
      <div class="title-row">
        <h1>{key}</h1>
        <div class="steering">
          <Link to={`/executions?workflow=${encodeURIComponent(key)}`} class="as-button">
            Executions
          </Link>
          <button type="button" class="primary" onClick={() => setStarting(true)}>
            Run …
          </button>
        </div>
      </div>
      {description !== '' && <p class="description">{description}</p>}
      <Facts workflow={workflow} />
      {stats !== null && <WorkflowTiles stats={stats} />}
      <Loaded resource={executions} what="executions">
        {({ items }) => items.length > 0 && <RunGrid workflow={workflow} executions={items} />}
      </Loaded>
      <h2>Graph</h2>
      <GraphView
        shape={graph}
        stateOf={() => null}
        detailOf={(node) => {
          const ms = p50.get(node) ?? null
          return ms === null ? '' : shownDuration(ms)
        }}
        chosen={chosen}
        onChoose={choose}
      />
      <Invoked workflow={workflow} />
      <h2>Tasks</h2>
      <TaskTable workflow={workflow} stats={stats} chosen={chosen} onChoose={choose} />
      {stats !== null && stats.versions.length > 0 && <Versions stats={stats} current={version} />}
      {isStarting && (
        <RunDialog
          workflow={key}
          title={`Run ${key}`}
          schema={inputSchema}
          text="{}"
          onClose={() => setStarting(false)}
        />
      )}
    </>
  )
}

function Invoked({ workflow: { tasks } }: { readonly workflow: Workflow }) {
  const graphs = [...new Set(tasks.flatMap(({ invokes }) => invokes ?? []))]
  if (graphs.length === 0) return null
  return (
    <p class="progress">
      Tasks invoke{' '}
      {graphs.map((graph) => (
        <Link key={graph} to={addressFor('graphs', graph)}>
          graph {graph}
        </Link>
      ))}
    </p>
  )
}

function Facts({ workflow: { script, place, version, tags } }: { readonly workflow: Workflow }) {
  return (
    <p class="facts faint small">
      {place === null ? <span>{script}</span> : <Place place={place} />}
      <span>
        version <code>{version.slice(0, 8)}</code>
      </span>
      {Object.entries(tags).map(([name, value]) => (
        <span key={name}>
          {name} {value}
        </span>
      ))}
    </p>
  )
}
