/** One workflow: its graph, how long it and its tasks take, and its versions. */

import { useState } from 'preact/hooks'
import type { Workflow, WorkflowStats } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { GraphView } from '../graph/graph.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { useResource } from '../live/resource.ts'
import { shownDuration } from '../parts/durations.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Place } from '../parts/place.tsx'
import { EXECUTION_STATUSES, toneOf } from '../parts/states.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, query, setQuery } from '../routing/location.ts'
import type { ScreenProps } from '../routing/screens.ts'
import { ContextDialog } from '../steering/context-dialog.tsx'
import { TaskTable } from './task-table.tsx'
import { Versions } from './versions.tsx'

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
  return (
    <main>
      <Loaded resource={workflow} what="the workflow">
        {(value) => <Shown workflow={value} stats={stats.value.value} />}
      </Loaded>
    </main>
  )
}

function Shown({ workflow, stats }: { readonly workflow: Workflow; readonly stats: WorkflowStats | null }) {
  const { key, description, script, place, version, tags, graph } = workflow
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
      {stats !== null && <Summary stats={stats} />}
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
        <ContextDialog
          workflow={key}
          title={`Run ${key}`}
          hint="Input of the execution. Numbers are sent as you write them."
          text="{}"
          onClose={() => setStarting(false)}
        />
      )}
    </>
  )
}

/** Graphs that its tasks run. */
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

function Summary({ stats }: { readonly stats: WorkflowStats }) {
  const { executions, byStatus, duration, workflow } = stats
  if (executions === 0) return <p class="faint summary">No executions yet.</p>
  return (
    <dl class="tiles">
      <Tile name="Median">{shown(duration.p50Ms)}</Tile>
      <Tile name="p95">{shown(duration.p95Ms)}</Tile>
      <Tile name={executions === 1 ? 'Last run' : `Last ${executions.toLocaleString('en')} runs`}>
        <span class="progress">
          {EXECUTION_STATUSES.flatMap((status) => {
            const count = byStatus[status] ?? 0
            if (count === 0) return []
            return (
              <Link
                key={status}
                to={`${addressFor('executions')}?workflow=${encodeURIComponent(workflow)}&status=${status}`}
              >
                <span class={`dot ${toneOf(status)}`} />
                {count} {status.toLowerCase()}
              </Link>
            )
          })}
        </span>
      </Tile>
    </dl>
  )
}

function Tile({ name, children }: { readonly name: string; readonly children: preact.ComponentChildren }) {
  return (
    <div class="tile">
      <dt class="faint small">{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function shown(ms: number | null): string {
  return ms === null ? '–' : shownDuration(ms)
}
