/** Tasks of a workflow, with the median and p95 of their durations. */

import { useEffect, useRef } from 'preact/hooks'
import type { Workflow, WorkflowStats } from '../api/answer-types.ts'
import { useKeys } from '../keyboard/keys.ts'
import { shownDuration } from '../parts/durations.ts'
import { type RowsHandle, VirtualRows } from '../rows/virtual-rows.tsx'

const ROW_PX = 34

interface TaskTableProps {
  readonly workflow: Workflow
  /** Null while the statistics are read. */
  readonly stats: WorkflowStats | null
  readonly chosen: string | null
  onChoose(task: string): void
}

export function TaskTable({ workflow, stats, chosen, onChoose }: TaskTableProps) {
  const { tasks } = workflow
  const rows = useRef<RowsHandle>(null)
  const byTask = new Map(stats?.tasks.map((each) => [each.task, each]))
  const longest = Math.max(1, ...(stats?.tasks.map(({ duration }) => duration.p95Ms ?? 0) ?? []))
  const index = tasks.findIndex(({ id }) => id === chosen)
  const move = (step: 1 | -1): void => {
    const next = tasks[index < 0 ? 0 : Math.min(tasks.length - 1, Math.max(0, index + step))]
    if (next !== undefined && next.id !== chosen) onChoose(next.id)
  }
  useKeys([
    { key: 'j', does: 'next task', press: () => move(1) },
    { key: 'k', does: 'previous task', press: () => move(-1) },
  ])
  useEffect(() => {
    if (index >= 0) rows.current?.show(index)
  }, [index])
  return (
    <div class="list task-table">
      <VirtualRows
        count={tasks.length}
        rowPx={ROW_PX}
        label="Tasks"
        class="task-rows"
        handle={rows}
        head={
          <div class="task-row list-head">
            <span>Task</span>
            <span>Depends on</span>
            <span class="number">p50</span>
            <span class="number">p95</span>
            <span class="number">Wait</span>
            <span class="number">Failed</span>
            <span />
          </div>
        }
        row={(at) => {
          const task = tasks[at]
          if (task === undefined) return null
          const isChosen = task.id === chosen
          return (
            <TaskRow task={task} of={byTask.get(task.id)} longest={longest} isChosen={isChosen} onChoose={onChoose} />
          )
        }}
      />
    </div>
  )
}

interface TaskRowProps {
  readonly task: Workflow['tasks'][number]
  /** Undefined if no attempt of the task is known. */
  readonly of: WorkflowStats['tasks'][number] | undefined
  readonly longest: number
  readonly isChosen: boolean
  onChoose(task: string): void
}

function TaskRow({ task, of, longest, isChosen, onChoose }: TaskRowProps) {
  const share = (ms: number | null | undefined): string => `${(100 * (ms ?? 0)) / longest}%`
  return (
    <div class={isChosen ? 'task-row chosen' : 'task-row'}>
      <button type="button" class="task-name" title={task.id} onClick={() => onChoose(task.id)}>
        <span class="ellipsis">{task.id}</span>
      </button>
      <span class="ellipsis faint" title={task.dependencies.join(', ')}>
        {task.dependencies.join(', ')}
      </span>
      <span class="number">{shown(of?.duration.p50Ms)}</span>
      <span class="number">{shown(of?.duration.p95Ms)}</span>
      <span class="number faint">{shown(of?.queueWait.p50Ms)}</span>
      <span class={(of?.failed ?? 0) > 0 ? 'number bad-ink' : 'number faint'}>{of?.failed ?? '–'}</span>
      <span class="track">
        <span class="bar range" style={{ width: share(of?.duration.p95Ms) }} />
        <span class="bar half" style={{ width: share(of?.duration.p50Ms) }} />
      </span>
    </div>
  )
}

function shown(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '–' : shownDuration(ms)
}
