/** All reactors, the sources that feed them, and the graphs that tasks run. */

import type { ComputationGraph, Reactor, Source } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { matchesSearch, Search } from '../fields/search.tsx'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { EmptyList, FilteredOut } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, setQuery } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { SourceTable } from './source-table.tsx'
import { Wait } from './wait.tsx'

interface All {
  readonly reactors: readonly Reactor[]
  readonly sources: readonly Source[]
  readonly graphs: readonly ComputationGraph[]
}

export function ReactorsScreen() {
  const all = useResource<All>('reactors', {
    load: async (signal) => {
      const [reactors, sources, graphs] = await Promise.all([
        read('/reactors', { signal }),
        read('/sources', { signal }),
        read('/graphs', { signal }),
      ])
      return { reactors: reactors.items, sources: sources.items, graphs: graphs.items }
    },
    concerns: ({ name }) => name === 'graphs',
  })
  usePolling(all, OTHERS_EVERY_MS)
  return (
    <main>
      <div class="title-row">
        <h1>Reactors</h1>
        <Search what="reactors" />
      </div>
      <Loaded resource={all} what="reactors">
        {(value) => <Shown all={value} />}
      </Loaded>
    </main>
  )
}

function Shown({ all }: { readonly all: All }) {
  const list = useRowKeys<HTMLDivElement>()
  const reactors = all.reactors.filter(({ name, inputs }) =>
    matchesSearch([name, ...inputs.map((each) => each.source)].join(' ')),
  )
  const sources = all.sources.filter(({ name, description }) => matchesSearch(`${name} ${description}`))
  const graphs = all.graphs.filter(({ name, reactor }) => reactor === null && matchesSearch(name))
  if (all.reactors.length + all.sources.length + all.graphs.length === 0) {
    return (
      <EmptyList title="No reactors yet">
        <p>
          Declare a reactor with <code>@cloaca.reactor</code>, and serve the file: <code>cloaca serve jobs.py</code>
        </p>
      </EmptyList>
    )
  }
  if (reactors.length + sources.length + graphs.length === 0)
    return <FilteredOut what="reactors, sources or graphs" onClear={() => setQuery({ q: null })} />
  return (
    <div ref={list} class="reactors">
      {reactors.length > 0 && <ReactorTable reactors={reactors} graphs={all.graphs} />}
      {sources.length > 0 && (
        <>
          <h2>Sources</h2>
          <SourceTable sources={sources} />
        </>
      )}
      {graphs.length > 0 && (
        <>
          <h2>Graphs invoked by tasks</h2>
          <p class="progress">
            {graphs.map(({ name }) => (
              <Link key={name} to={addressFor('graphs', name)}>
                {name}
              </Link>
            ))}
          </p>
        </>
      )}
    </div>
  )
}

interface ReactorTableProps {
  readonly reactors: readonly Reactor[]
  readonly graphs: readonly ComputationGraph[]
}

function ReactorTable({ reactors, graphs }: ReactorTableProps) {
  const columns: readonly Column<Reactor>[] = [
    { title: 'Reactor', isName: true, cell: Name },
    { title: 'Sources', class: 'medium-only', cell: ({ inputs }) => inputs.map(({ source }) => source).join(', ') },
    {
      title: 'Graphs',
      class: 'wide-only',
      cell: ({ name }) => <Bound graphs={graphs.filter(({ reactor }) => reactor === name)} />,
    },
    { title: 'Firings', class: 'number', cell: ({ lastSequence }) => lastSequence.toLocaleString('en') },
    { title: 'Last fired', cell: LastFired },
  ]
  return <Table items={reactors} columns={columns} keyOf={({ name }) => name} />
}

function Name({ name, mode }: Reactor) {
  return (
    <>
      <Link to={addressFor('reactors', name)}>{name}</Link>
      <div class="small faint">
        <code>{mode}</code>
      </div>
    </>
  )
}

function LastFired({ undeclaredAt, lastFiredAt, waitingFor }: Reactor) {
  return (
    <>
      {undeclaredAt === null ? <Time at={lastFiredAt} /> : <span class="faint">not declared</span>}
      {waitingFor !== null && (
        <div class="small">
          <Wait waitingFor={waitingFor} />
        </div>
      )}
    </>
  )
}

function Bound({ graphs }: { readonly graphs: readonly ComputationGraph[] }) {
  return (
    <span class="progress">
      {graphs.map(({ name, failures }) => (
        <span key={name}>
          {name}
          {failures > 0 && <span class="bad-ink small">{failures.toLocaleString('en')} failed</span>}
        </span>
      ))}
    </span>
  )
}
