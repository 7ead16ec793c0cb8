/** Actions on one thing, newest first, for the screen of the thing. Shows nothing if there are none. */

import type { ListedAction } from '../api/answer-types.ts'
import type { Resource } from '../live/resource.ts'
import { Time } from '../parts/time.tsx'
import { type Column, Table } from '../rows/column-table.tsx'
import { ActionOutcome, actorInWords, Note } from './action-words.tsx'

const AT_MOST = 20

const COLUMNS: readonly Column<ListedAction>[] = [
  { title: 'Action', isName: true, cell: ({ kind }) => kind },
  { title: 'Actor', class: 'nowrap', cell: ({ source }) => actorInWords(source) },
  { title: 'Note', class: 'action-text', cell: Note },
  { title: 'Outcome', class: 'medium-only', cell: ActionOutcome },
  { title: 'Time', class: 'nowrap', cell: ({ at }) => <Time at={at} /> },
]

interface ActionListProps {
  readonly actions: Resource<{ readonly items: readonly ListedAction[] }>
}

export function ActionList({ actions }: ActionListProps) {
  const items = actions.value.value?.items ?? []
  if (items.length === 0) return null
  return (
    <section aria-label="Actions">
      <div class="section-row">
        <h2>Actions</h2>
        {items.length > AT_MOST && <span class="small faint">the newest {AT_MOST}</span>}
      </div>
      <Table class="actions-table" items={items.slice(0, AT_MOST)} columns={COLUMNS} keyOf={({ id }) => id} />
    </section>
  )
}
