/** Sources of a reactor, with their newest values and rates. */

import type { Reactor, ReactorInput, Source } from '../api/answer-types.ts'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { eventRateText, sourceKindText, storedText } from './words.ts'

interface InputsProps {
  readonly reactor: Reactor
  readonly sources: readonly Source[]
}

interface Row extends ReactorInput {
  readonly of: Source | undefined
  /** True for a value that the reactor has not used yet, if it waits for values of all sources. */
  readonly isNew: boolean
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'Source', isName: true, cell: Name },
  { title: 'Newest value', class: 'cut', width: '60%', cell: Value, tip: ({ valueText }) => valueText },
  { title: 'Delivered', class: 'nowrap', cell: Delivered },
  { title: 'Rate', class: 'number medium-only', cell: ({ of }) => of && eventRateText(of) },
  { title: 'Waiting', class: 'number medium-only', cell: ({ of }) => of?.waiting.toLocaleString('en') },
]

export function Inputs({ reactor: { inputs, mode }, sources }: InputsProps) {
  const rows = inputs.map((input) => ({
    ...input,
    of: sources.find(({ name }) => name === input.source),
    isNew: mode === 'when_all' && input.isDirty,
  }))
  return <Table items={rows} columns={COLUMNS} keyOf={({ source }) => source} />
}

function Name({ source, of }: Row) {
  return (
    <>
      <Link to={addressFor('sources', source)}>{source}</Link>
      {of !== undefined && <div class="small faint">{sourceKindText(of)}</div>}
    </>
  )
}

function Delivered({ valueAt, isNew }: Row) {
  return (
    <>
      <Time at={valueAt} /> {isNew && <span class="state good">new</span>}
    </>
  )
}

function Value({ valueText, valueLength }: ReactorInput) {
  if (valueLength === null) return <span class="faint">none yet</span>
  return <code>{storedText(valueText, valueLength)}</code>
}
