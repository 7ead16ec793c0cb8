/** All reactors, the sources that feed them, and the graphs that tasks run. */

import { useRef } from 'preact/hooks'
import type { ComputationGraph, Reactor, Source } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { OTHERS_EVERY_MS, useReadingAgain } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { AllHidden, NothingYet } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { matches, Search } from '../parts/search.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, setQuery } from '../routing/location.ts'
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
  useReadingAgain(all, OTHERS_EVERY_MS)
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
  const list = useRef<HTMLDivElement>(null)
  useRowKeys(list)
  const reactors = all.reactors.filter(({ name, inputs }) =>
    matches([name, ...inputs.map((each) => each.source)].join(' ')),
  )
  const sources = all.sources.filter(({ name, description }) => matches(`${name} ${description}`))
  const graphs = all.graphs.filter(({ name, reactor }) => reactor === null && matches(name))
  if (all.reactors.length + all.sources.length + all.graphs.length === 0) {
    return (
      <NothingYet title="No reactors yet">
        <p>
          Declare a reactor with <code>@cloaca.reactor</code>, and serve the file: <code>cloaca serve jobs.py</code>
        </p>
      </NothingYet>
    )
  }
  if (reactors.length + sources.length + graphs.length === 0)
    return <AllHidden what="reactors, sources or graphs" onClear={() => setQuery({ q: null })} />
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
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Reactor</th>
            <th scope="col" class="medium-only">
              Sources
            </th>
            <th scope="col" class="wide-only">
              Graphs
            </th>
            <th scope="col" class="number">
              Firings
            </th>
            <th scope="col">Last fired</th>
          </tr>
        </thead>
        <tbody>
          {reactors.map(({ name, mode, inputs, lastSequence, lastFiredAt, waitingFor, undeclaredAt }) => (
            <tr key={name} data-row={name}>
              <th scope="row">
                <Link to={addressFor('reactors', name)}>{name}</Link>
                <div class="small faint">
                  <code>{mode}</code>
                </div>
              </th>
              <td class="medium-only">{inputs.map(({ source }) => source).join(', ')}</td>
              <td class="wide-only">
                <Bound graphs={graphs.filter(({ reactor }) => reactor === name)} />
              </td>
              <td class="number">{lastSequence.toLocaleString('en')}</td>
              <td>
                {undeclaredAt === null ? <Time at={lastFiredAt} /> : <span class="faint">not declared</span>}
                {waitingFor !== null && (
                  <div class="small">
                    <Wait waitingFor={waitingFor} />
                  </div>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
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
