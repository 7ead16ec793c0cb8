/** One reactor: its graphs with their last values, its sources, firings and subscriptions. */

import { useState } from 'preact/hooks'
import type { ComputationGraph, Reactor, ReactorFiringDetail, Source, Subscription } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { useKeys } from '../keyboard/keys.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { query } from '../routing/location.ts'
import type { ScreenProps } from '../routing/screen-props.ts'
import { FireReactor } from './fire-reactor.tsx'
import { ChosenFiring, Firings } from './firings.tsx'
import { GraphPanel } from './graph-panel.tsx'
import { Inputs } from './inputs.tsx'
import { SubscriptionTable } from './subscription-table.tsx'
import { Wait } from './wait.tsx'

const SHOWN_FIRINGS = 25

interface Parts {
  readonly reactor: Reactor
  readonly firings: readonly ReactorFiringDetail[]
  readonly graphs: readonly ComputationGraph[]
  readonly sources: readonly Source[]
  readonly subscriptions: readonly Subscription[]
}

export function ReactorScreen({ params: [name = ''] }: ScreenProps) {
  const parts = useResource(`reactor ${name}`, {
    load: (signal) => partsOf(name, signal),
    concerns: (event) => event.name === 'graphs' || event.name === 'executionStarted',
  })
  usePolling(parts, OTHERS_EVERY_MS)
  return (
    <main>
      <p class="crumbs">
        <Link to="/reactors">Reactors</Link>
      </p>
      <Loaded resource={parts} what={`reactor "${name}"`}>
        {(value) => <One parts={value} onChange={() => parts.reload()} />}
      </Loaded>
    </main>
  )
}

async function partsOf(name: string, signal: AbortSignal): Promise<Parts> {
  const path = { name }
  const [reactor, firings, graphs, sources, subscriptions] = await Promise.all([
    read('/reactors/{name}', { path, signal }),
    read('/reactors/{name}/firings', { path, query: { limit: SHOWN_FIRINGS }, signal }),
    read('/graphs', { signal }),
    read('/sources', { signal }),
    read('/subscriptions', { query: { reactor: name }, signal }),
  ])
  return {
    reactor,
    firings: firings.items,
    graphs: graphs.items.filter((graph) => graph.reactor === name),
    sources: sources.items,
    subscriptions: subscriptions.items,
  }
}

function One({ parts, onChange }: { readonly parts: Parts; onChange(): void }) {
  const { reactor, firings, graphs, sources, subscriptions } = parts
  const [isFiring, setFiring] = useState(false)
  useKeys([{ key: 'f', does: 'fire the reactor', press: () => setFiring(true) }])
  const chosen = query.value.get('firing')
  return (
    <>
      <div class="title-row">
        <h1>{reactor.name}</h1>
        <div class="actions">
          <button type="button" title="Fire the reactor manually (f)" onClick={() => setFiring(true)}>
            Fire …
          </button>
        </div>
      </div>
      <p class="facts">
        <code>{reactor.mode}</code>
        <span>{reactor.lastSequence.toLocaleString('en')} firings</span>
        <span>
          last fired <Time at={reactor.lastFiredAt} />
        </span>
        <Wait waitingFor={reactor.waitingFor} />
        {reactor.undeclaredAt !== null && (
          <span class="warn-ink">
            not declared by any served script since <Time at={reactor.undeclaredAt} />
          </span>
        )}
      </p>
      {graphs.map((graph) => (
        <GraphPanel key={graph.name} graph={graph} inputs={reactor.inputs} />
      ))}
      <h2>Sources</h2>
      <Inputs reactor={reactor} sources={sources} />
      {chosen !== null && <ChosenFiring key={chosen} id={chosen} />}
      <h2>Firings</h2>
      <Firings firings={firings} chosen={chosen} />
      <h2>Subscribed workflows</h2>
      <SubscriptionTable subscriptions={subscriptions} onChange={onChange} />
      {isFiring && (
        <FireReactor
          reactor={reactor}
          onClose={() => {
            setFiring(false)
            onChange()
          }}
        />
      )}
    </>
  )
}
