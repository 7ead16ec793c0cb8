/** Firings of reactors, with their causes and their executions. */

import type { ReactorFiringDetail } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { shortId } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { Causes } from './causes.tsx'
import { storedText } from './words.ts'

interface FiringsProps {
  readonly firings: readonly ReactorFiringDetail[]
  readonly chosen: string | null
}

const COLUMNS: readonly Column<ReactorFiringDetail>[] = [
  {
    title: 'Firing',
    class: 'number',
    width: '1%',
    isName: true,
    cell: ({ id, reactor, sequence }) => <Link to={`${addressFor('reactors', reactor)}?firing=${id}`}>{sequence}</Link>,
  },
  { title: 'Time', class: 'nowrap', cell: ({ firedAt }) => <Time at={firedAt} /> },
  { title: 'Caused by', cell: (firing) => <Causes firing={firing} /> },
  { title: 'Executions', cell: (firing) => <Started firing={firing} /> },
  {
    title: 'Values',
    class: 'cut faint wide-only',
    width: '30%',
    cell: ({ payloadText, payloadLength }) => <code>{storedText(payloadText, payloadLength)}</code>,
    tip: ({ payloadText }) => payloadText,
  },
]

export function Firings({ firings, chosen }: FiringsProps) {
  const list = useRowKeys()
  if (firings.length === 0) return <p class="faint">No firings yet.</p>
  return (
    <Table
      class="firings"
      list={list}
      items={firings}
      columns={COLUMNS}
      keyOf={({ id }) => id}
      rowClass={({ id }) => (id === chosen ? 'chosen' : '')}
    />
  )
}

function Started({ firing: { executions } }: { readonly firing: ReactorFiringDetail }) {
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

/** The firing that the visitor selected, with all its values. */
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
