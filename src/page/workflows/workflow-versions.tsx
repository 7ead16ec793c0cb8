/** Versions of a workflow among its newest executions. */

import type { WorkflowStats } from '../api/answer-types.ts'
import { Time } from '../parts/time.tsx'
import { type Column, Table } from '../rows/column-table.tsx'

export function Versions({ stats, current }: { readonly stats: WorkflowStats; readonly current: string }) {
  const columns: readonly Column<WorkflowStats['versions'][number]>[] = [
    { title: 'Version', isName: true, cell: ({ version }) => <Version version={version} current={current} /> },
    { title: 'Executions', class: 'number', cell: ({ executions }) => executions },
    { title: 'First', cell: ({ firstAt }) => <Time at={firstAt} /> },
    { title: 'Last', cell: ({ lastAt }) => <Time at={lastAt} /> },
  ]
  return (
    <>
      <h2>Versions</h2>
      <Table label="Versions" items={stats.versions} columns={columns} keyOf={({ version }) => version} />
    </>
  )
}

function Version({ version, current }: { readonly version: string; readonly current: string }) {
  return (
    <>
      <code title={version}>{version.slice(0, 8)}</code>
      {version === current && <span class="faint small"> newest</span>}
    </>
  )
}
