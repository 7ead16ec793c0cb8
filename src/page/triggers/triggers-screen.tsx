/** All polled triggers: how often, what the last poll came to, when the next is due. */

import { useRef } from 'preact/hooks'
import type { Trigger } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { useResource } from '../live/resource.ts'
import { shownInterval } from '../parts/durations.ts'
import { AllHidden, NothingYet } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { matches, Search } from '../parts/search.tsx'
import { Time } from '../parts/time.tsx'
import { setQuery } from '../routing/location.ts'

export function TriggersScreen() {
  const triggers = useResource('triggers', {
    load: (signal) => read('/triggers', { query: { limit: 1_000 }, signal }),
    concerns: ({ name }) => name === 'tick' || name === 'skips',
  })
  return (
    <main>
      <div class="title-row">
        <h1>Triggers</h1>
        <Search what="triggers" />
      </div>
      <Loaded resource={triggers} what="triggers">
        {({ items }) => <Triggers triggers={items} />}
      </Loaded>
    </main>
  )
}

function Triggers({ triggers }: { readonly triggers: readonly Trigger[] }) {
  const list = useRef<HTMLTableSectionElement>(null)
  useRowKeys(list)
  const shown = triggers.filter(({ name, workflow }) => matches(`${name} ${workflow}`))
  if (triggers.length === 0) {
    return (
      <NothingYet title="No trigger has been served yet">
        <p>
          Declare one with <code>@cloaca.trigger</code>, and serve its file: <code>cloaca serve jobs.py</code>
        </p>
      </NothingYet>
    )
  }
  if (shown.length === 0) return <AllHidden what="triggers" onClear={() => setQuery({ q: null })} />
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Trigger</th>
            <th scope="col">Workflow</th>
            <th scope="col">Interval</th>
            <th scope="col">Last poll</th>
          </tr>
        </thead>
        <tbody ref={list}>
          {shown.map((trigger) => (
            <tr key={trigger.name} data-row={trigger.name}>
              <th scope="row">{trigger.name}</th>
              <td>{trigger.workflow}</td>
              <td>{shownInterval(trigger.pollIntervalMs)}</td>
              <td>
                <Time at={trigger.lastPollAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
