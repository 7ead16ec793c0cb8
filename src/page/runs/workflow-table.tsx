/** Table of workflows: marks of the newest executions, last state, success rate and p95. */

import type { ComponentChildren, RefObject } from 'preact'
import type { WorkflowSummary } from '../api/answer-types.ts'
import { shownDuration } from '../parts/durations.ts'
import { Place } from '../parts/source-place.tsx'
import { StateBadge } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { RunStrip } from './run-strip.tsx'
import { shownRate, successRate } from './summary-words.ts'

/** Heights of a row, which must be equal in `workflow-table.css`. */
const ROW_PX = 46
const NARROW_ROW_PX = 94

const isNarrow = matchMedia('(max-width: 700px)')

const NONE = <span class="faint of-wide">–</span>

const COLUMNS: readonly Column<WorkflowSummary>[] = [
  { title: 'Workflow', class: 'name', isName: true, cell: Name },
  {
    title: (
      <Explained text="Newest executions, oldest first. The height of a mark is the duration.">Last runs</Explained>
    ),
    class: 'last-runs',
    cell: ({ key, newest }) => <RunStrip workflow={key} runs={newest} />,
  },
  { title: 'Last state', class: 'last-state', cell: LastState },
  {
    title: <Explained text="Completed executions among the last 50 completed and failed ones">Success</Explained>,
    class: 'number rate',
    cell: Rate,
  },
  {
    title: <Explained text="95 % of the last 50 executions were at most as long">p95</Explained>,
    class: 'number p95',
    cell: ({ duration: { p95Ms } }) =>
      p95Ms === null ? (
        NONE
      ) : (
        <>
          <span class="faint of-narrow">p95 </span>
          {shownDuration(p95Ms)}
        </>
      ),
  },
]

const PLACE: Column<WorkflowSummary> = {
  title: 'Script',
  class: 'cut faint script',
  cell: ({ place, script }) => (place === null ? script : <Place place={place} />),
  tip: ({ script }) => script,
}

interface WorkflowTableProps {
  readonly workflows: readonly WorkflowSummary[]
  readonly hasScripts?: boolean
  readonly list?: RefObject<HTMLTableSectionElement | null>
}

export function WorkflowTable({ workflows, hasScripts = false, list }: WorkflowTableProps) {
  return (
    <Table
      class="workflow-table"
      items={workflows}
      columns={hasScripts ? [...COLUMNS, PLACE] : COLUMNS}
      rowPx={isNarrow.matches ? NARROW_ROW_PX : ROW_PX}
      keyOf={({ key }) => `workflow ${key}`}
      {...(list !== undefined && { list })}
    />
  )
}

function Explained({ text, children }: { readonly text: string; readonly children: ComponentChildren }) {
  return <span title={text}>{children}</span>
}

function Name({ key, description }: WorkflowSummary) {
  return (
    <>
      <Link to={addressFor('workflows', key)} title={key}>
        {key}
      </Link>
      {description !== '' && (
        <div class="small faint clamp" title={description}>
          {description}
        </div>
      )}
    </>
  )
}

function LastState({ newest: [last] }: WorkflowSummary) {
  if (last === undefined) return NONE
  return (
    <>
      <StateBadge state={last.status} />{' '}
      <span class="small faint">
        <Time at={last.endedAt ?? last.startedAt ?? last.createdAt} />
      </span>
    </>
  )
}

function Rate(summary: WorkflowSummary) {
  const rate = successRate(summary)
  if (rate === null) return NONE
  const failed = summary.byStatus.Failed ?? 0
  const text = `${failed} of the last ${summary.executions} executions failed`
  return (
    <span class={failed > 0 ? 'bad-ink' : ''} title={text}>
      {shownRate(rate)}
      <span class="faint of-narrow"> success</span>
      <span class="unseen">, {text}</span>
    </span>
  )
}
