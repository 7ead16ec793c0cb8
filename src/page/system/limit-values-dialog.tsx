/** The values of a limit, and the executions that use their slots. */

import type { ListedLimit, ListedLimitValue } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { ExecutionLinks } from '../executions/execution-links.tsx'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Dialog } from '../overlays/dialog.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { type Column, Table } from '../rows/column-table.tsx'
import { Closed, SlotBar } from './limit-slots.tsx'

const MAX_VALUES = 100

export function LimitValuesDialog({ limit, onClose }: { readonly limit: ListedLimit; onClose(): void }) {
  const { name } = limit
  const values = useResource(`limit values ${name}`, {
    load: (signal) => read('/limits/{name}/values', { path: { name }, query: { limit: MAX_VALUES }, signal }),
    concerns: ({ name: event }) => event === 'executionFinished',
  })
  usePolling(values, OTHERS_EVERY_MS)
  return (
    <Dialog title={`Values of ${name}`} isWide onClose={onClose}>
      <p class="faint small">Values in use, waited for or closed</p>
      <Loaded resource={values} what="the values">
        {({ items, nextCursor }) => (
          <>
            {items.length === 0 ? (
              <p class="small faint">None.</p>
            ) : (
              <Table items={items} columns={columns(limit)} label="Values" keyOf={({ valueText }) => valueText} />
            )}
            {nextCursor !== null && <p class="small faint">Only the first {MAX_VALUES} values are listed.</p>}
          </>
        )}
      </Loaded>
    </Dialog>
  )
}

function columns({ maxActive, rate, per }: ListedLimit): readonly Column<ListedLimitValue>[] {
  const value: Column<ListedLimitValue> = {
    title: per,
    isName: true,
    cell: ({ valueText }) => <code>{valueText}</code>,
  }
  const begun: Column<ListedLimitValue> = { title: 'Begun', class: 'number', cell: ({ begun: count }) => count }
  return [
    ...(per === null ? [] : [value]),
    {
      title: 'Slots',
      cell: ({ used }) => (maxActive === null ? `${used} used` : <SlotBar used={used} slots={maxActive} />),
    },
    { title: 'Waiting', class: 'number', cell: ({ waiting }) => waiting },
    ...(rate === null ? [] : [begun]),
    { title: 'State', cell: ({ isClosed, closedUntil }) => isClosed && <Closed until={closedUntil} /> },
    { title: 'Used by', cell: ({ heldBy }) => <ExecutionLinks ids={heldBy} /> },
  ]
}
