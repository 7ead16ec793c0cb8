/**
 * Grid of the tasks of a workflow and its newest executions, oldest first: durations of the executions at the top, and
 * below a mark for each task. Each mark is a link. One mark is in the order of Tab, and arrow keys lead to the others.
 */

import { useMemo, useRef } from 'preact/hooks'
import type { ExecutionTasks, Workflow } from '../api/answer-types.ts'
import { shownDuration } from '../parts/durations.ts'
import { stateTone } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { zone } from '../parts/zone.ts'
import { followClicked, pageHref } from '../routing/followed-links.ts'
import { addressFor } from '../routing/location.ts'
import { useSize } from '../rows/size.ts'
import { type RowsHandle, VirtualRows } from '../rows/virtual-rows.tsx'
import { durationShare, longestMs, runInWords } from '../runs/run-words.ts'
import {
  GRID_EXECUTIONS,
  type GridColumn,
  type GridLayout,
  gridColumns,
  gridLayout,
  markClass,
  nextPlace,
  ROW_PX,
  taskInWords,
} from './grid-layout.ts'

const UNMEASURED = { widthPx: 1_200, heightPx: 0 }

interface RunGridProps {
  readonly workflow: Workflow
  /** Newest first. */
  readonly executions: readonly ExecutionTasks[]
}

export function RunGrid({ workflow: { tasks }, executions }: RunGridProps) {
  const box = useRef<HTMLDivElement>(null)
  const rows = useRef<RowsHandle>(null)
  const layout = gridLayout(useSize(box, UNMEASURED).widthPx, Math.min(GRID_EXECUTIONS, executions.length))
  const shown = useMemo(
    () => gridColumns(executions.slice(0, layout.columns)),
    [executions, layout.columns, zone.value],
  )
  const press = (event: KeyboardEvent): void => {
    const at = (document.activeElement as HTMLElement | null)?.dataset.at?.split(' ').map(Number)
    const from = { row: at?.[0] ?? -1, column: at?.[1] ?? 0 }
    const next = at && nextPlace(event.key, from, { rows: tasks.length, columns: shown.length })
    if (!next || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    if (next.row >= 0) rows.current?.show(next.row)
    void focusMark(box.current, `${next.row} ${next.column}`)
  }
  return (
    <section aria-label="Executions and tasks">
      <div class="section-row">
        <h2>Last runs</h2>
        <Legend />
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the links in it have the focus */}
      <div ref={box} class="list run-grid" onClick={followClicked} onKeyDown={press}>
        <VirtualRows
          key={zone.value}
          count={tasks.length}
          rowPx={ROW_PX}
          label="States of tasks"
          class="grid-rows"
          handle={rows}
          head={<Durations columns={shown} layout={layout} />}
          row={(at) => {
            const task = tasks[at]
            if (task === undefined) return null
            return <TaskMarks task={task.id} row={at} columns={shown} layout={layout} />
          }}
        />
      </div>
      <p class="small faint grid-foot">
        {shown.length === 1 ? '1 execution' : `${shown.length} executions`}, created{' '}
        <Time at={shown[0]?.execution.createdAt ?? null} />
        {shown.length > 1 && ' to '}
        {shown.length > 1 && <Time at={shown.at(-1)?.execution.createdAt ?? null} />}
      </p>
    </section>
  )
}

/** Waits for the frame that shows the row, if it was not visible before. */
async function focusMark(box: HTMLElement | null, at: string): Promise<void> {
  const find = () => box?.querySelector<HTMLElement>(`[data-at="${at}"]`)
  for (let frame = 0; frame < 3 && !find(); frame++) {
    await new Promise((resolve) => requestAnimationFrame(resolve))
  }
  find()?.focus()
}

interface RowProps {
  readonly columns: readonly GridColumn[]
  readonly layout: GridLayout
}

/** Durations over time: a bar for each execution. */
function Durations({ columns, layout: { namePx, columnPx } }: RowProps) {
  const longest = longestMs(columns.map(({ execution }) => execution))
  return (
    <div class="grid-row durations">
      <div class="grid-name small faint scale" style={{ width: `${namePx}px` }}>
        <span>{shownDuration(longest)}</span>
        <span>0</span>
      </div>
      {columns.map(({ execution }, column) => {
        const text = runInWords(execution)
        return (
          <a
            key={execution.id}
            href={pageHref(addressFor('executions', execution.id))}
            class="grid-cell"
            data-at={`-1 ${column}`}
            style={{ width: `${columnPx}px` }}
            aria-label={text}
            title={text}
            tabIndex={column === columns.length - 1 ? 0 : -1}
          >
            <span
              class={`run-fill ${stateTone(execution.status)}`}
              style={{ height: `${durationShare(execution, longest)}%` }}
            />
          </a>
        )
      })}
    </div>
  )
}

interface TaskMarksProps extends RowProps {
  readonly task: string
  readonly row: number
}

/** An execution of another version of the workflow may not have the task. */
function TaskMarks({ task, row, columns, layout: { namePx, columnPx } }: TaskMarksProps) {
  return (
    <div class="grid-row">
      <span class="grid-name ellipsis" title={task} style={{ width: `${namePx}px` }}>
        {task}
      </span>
      {columns.map(({ execution, tasks, created }, column) => {
        const of = tasks.get(task)
        const width = { width: `${columnPx}px` }
        if (of === undefined) return <span key={execution.id} class="grid-cell" style={width} />
        const text = taskInWords(of, created)
        return (
          <a
            key={execution.id}
            href={pageHref(`${addressFor('executions', execution.id)}?task=${encodeURIComponent(task)}`)}
            class="grid-cell"
            data-at={`${row} ${column}`}
            style={width}
            aria-label={text}
            title={text}
            tabIndex={-1}
          >
            <span class={markClass(of.status)} />
          </a>
        )
      })}
    </div>
  )
}

const LEGEND = ['Completed', 'Failed', 'Running', 'Waiting', 'Skipped', 'NotStarted'] as const
const LEGEND_WORDS = { NotStarted: 'Not started' } as const

function Legend() {
  return (
    <p class="progress small">
      {LEGEND.map((status) => (
        <span key={status}>
          <span class={markClass(status)} />
          {status === 'NotStarted' ? LEGEND_WORDS[status] : status}
        </span>
      ))}
    </p>
  )
}
