/** Firings of reactors: what caused them, and what they started. */

import { useRef } from 'preact/hooks'
import type { FiringRow } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { shortId } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { Causes } from './causes.tsx'

export function Firings({
  firings,
  chosen,
}: {
  readonly firings: readonly FiringRow[]
  readonly chosen: string | null
}) {
  const list = useRef<HTMLTableSectionElement>(null)
  useRowKeys(list)
  if (firings.length === 0) return <p class="faint">No firings yet.</p>
  return (
    <div class="scroll">
      <table class="firings">
        <thead>
          <tr>
            <th scope="col" class="number">
              Firing
            </th>
            <th scope="col">Time</th>
            <th scope="col">Caused by</th>
            <th scope="col">Executions</th>
            <th scope="col" class="wide-only">
              Values
            </th>
          </tr>
        </thead>
        <tbody ref={list}>
          {firings.map((firing) => (
            <tr key={firing.id} data-row={firing.id} class={firing.id === chosen ? 'chosen' : ''}>
              <th scope="row" class="number">
                <Link to={`${addressFor('reactors', firing.reactor)}?firing=${firing.id}`}>{firing.sequence}</Link>
              </th>
              <td class="nowrap">
                <Time at={firing.firedAt} />
              </td>
              <td>
                <Causes firing={firing} />
              </td>
              <td>
                <Started firing={firing} />
              </td>
              <td class="cut faint wide-only" title={firing.payloadText ?? ''}>
                <code>{firing.payloadText ?? `${firing.payloadLength.toLocaleString('en')} characters`}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Started({ firing: { executions } }: { readonly firing: FiringRow }) {
  if (executions.length === 0) return <span class="faint">none</span>
  return (
    <span class="progress">
      {executions.map(({ executionId, workflow }) => (
        <Link key={executionId} to={addressFor('executions', executionId)} title={executionId}>
          {workflow} <code>{shortId(executionId)}</code>
        </Link>
      ))}
    </span>
  )
}

/** One of them, with all its values. */
export function ChosenFiring({ id }: { readonly id: string }) {
  const firing = useResource(`firing ${id}`, {
    load: (signal) => read('/firings/{id}', { path: { id }, signal }),
    concerns: ({ name }) => name === 'executionStarted',
  })
  return (
    <section class="panel" aria-label="Selected firing">
      <Loaded resource={firing} what="the firing">
        {(value) => (
          <>
            <h2>Firing {value.sequence}</h2>
            <p class="facts small">
              <Time at={value.firedAt} />
              <Causes firing={value} />
              <Started firing={value} />
            </p>
            <pre class="value">{value.payloadText ?? 'The values are too long to show here.'}</pre>
          </>
        )}
      </Loaded>
    </section>
  )
}
