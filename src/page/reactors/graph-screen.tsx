/** One computation graph without a reactor, which tasks run. Graphs of reactors are on the reactor's screen. */

import { read } from '../api/client.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Place } from '../parts/source-place.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import type { ScreenProps } from '../routing/screen-props.ts'
import { GraphPanel } from './graph-panel.tsx'

export function GraphScreen({ params: [name = ''] }: ScreenProps) {
  const graph = useResource(`graph ${name}`, {
    load: async (signal) => {
      const found = await read('/graphs/{name}', { path: { name }, signal })
      const reactor =
        found.reactor === null ? null : await read('/reactors/{name}', { path: { name: found.reactor }, signal })
      return { found, inputs: reactor?.inputs ?? [] }
    },
    concerns: (event) => event.name === 'graphs',
  })
  usePolling(graph, OTHERS_EVERY_MS)
  return (
    <main>
      <p class="crumbs">
        <Link to="/reactors">Reactors</Link>
      </p>
      <Loaded resource={graph} what={`graph "${name}"`}>
        {({ found, inputs }) => (
          <>
            <h1>{found.name}</h1>
            <p class="facts faint small">
              {found.reactor !== null && (
                <Link to={addressFor('reactors', found.reactor)}>reactor {found.reactor}</Link>
              )}
              {found.place === null ? <span>{found.script}</span> : <Place place={found.place} />}
            </p>
            <GraphPanel graph={found} inputs={inputs} />
          </>
        )}
      </Loaded>
    </main>
  )
}
