/** Sources with their numbers of accepted, waiting and lost events. */

import type { Source } from '../api/answer-types.ts'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { eventRateText, sourceKindText } from './words.ts'

const COLUMNS: readonly Column<Source>[] = [
  { title: 'Source', isName: true, cell: Name },
  { title: 'Events', class: 'number', cell: ({ lastSequence }) => lastSequence.toLocaleString('en') },
  { title: 'Rate', class: 'number medium-only', cell: eventRateText },
  {
    title: 'Waiting',
    class: 'number',
    cell: ({ waiting, limit }) => <Count count={waiting} isBad={waiting >= limit} />,
  },
  { title: 'Dropped', class: 'number medium-only', cell: ({ dropped }) => dropped.toLocaleString('en') },
  {
    title: 'Lost',
    class: 'number medium-only',
    cell: ({ refused, failed }) => <Count count={refused + failed} isBad={refused + failed > 0} />,
    tip: ({ refused, failed }) => `${refused} refused, ${failed} failed`,
  },
  { title: 'Last event', class: 'nowrap', cell: ({ lastEventAt }) => <Time at={lastEventAt} /> },
]

export function SourceTable({ sources }: { readonly sources: readonly Source[] }) {
  return <Table items={sources} columns={COLUMNS} keyOf={({ name }) => name} />
}

function Name(source: Source) {
  return (
    <>
      <Link to={addressFor('sources', source.name)}>{source.name}</Link>
      <div class="small faint">{source.undeclaredAt === null ? sourceKindText(source) : 'not declared'}</div>
    </>
  )
}

function Count({ count, isBad }: { readonly count: number; readonly isBad: boolean }) {
  return <span class={isBad ? 'bad-ink' : ''}>{count.toLocaleString('en')}</span>
}
