/** Engines that have the database open. */

import type { Instance } from '../api/answer-types.ts'
import { Time } from '../parts/time.tsx'
import { type Column, Table } from '../rows/column-table.tsx'

const TONES: Readonly<Record<Instance['state'], string>> = {
  serving: 'good',
  standby: 'busy',
  idle: 'quiet',
  dead: 'bad',
}

const COLUMNS: readonly Column<Instance>[] = [
  { title: 'Host', isName: true, cell: Host },
  { title: 'State', cell: ({ state }) => <span class={`state ${TONES[state]}`}>{state}</span> },
  { title: 'Triggers polled', class: 'number', cell: ({ triggers }) => triggers },
  { title: 'Sources read', class: 'number medium-only', cell: ({ sources }) => sources },
  { title: 'Executions in progress', class: 'number', cell: ({ executions }) => executions },
  { title: 'Started', class: 'medium-only', cell: ({ openedAt }) => <Time at={openedAt} /> },
  { title: 'Last heartbeat', class: 'medium-only', cell: ({ heartbeatAt }) => <Time at={heartbeatAt} /> },
]

export function InstanceTable({ instances }: { readonly instances: readonly Instance[] }) {
  return <Table label="Engines" class="figures" items={instances} columns={COLUMNS} keyOf={({ id }) => id} />
}

function Host({ host, pid }: Instance) {
  return (
    <>
      {host} <span class="faint">process {pid}</span>
    </>
  )
}
