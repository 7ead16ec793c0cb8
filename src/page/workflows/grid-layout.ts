/** Sizes of the grid of tasks and executions, and its texts. Pure, except for the zone in which times are shown. */

import type { ExecutionTasks, TaskStatus } from '../api/answer-types.ts'
import { dateAndTime } from '../parts/zone.ts'
import { timesInWords } from '../runs/run-words.ts'

/** Maximum number of executions in the grid. */
export const GRID_EXECUTIONS = 50
export const ROW_PX = 26
const COLUMN_PX = { least: 20, most: 32 }
const NARROW_PX = 600
const NAME_PX = { narrow: 118, wide: 240 }
/** Space for the scroll bar of the rows, and for the border. */
const EDGE_PX = 18

export interface GridLayout {
  readonly namePx: number
  readonly columnPx: number
  /** Number of executions that fit. */
  readonly columns: number
}

/** Few executions have wider columns, but not so wide that a mark is far from its neighbours. */
export function gridLayout(widthPx: number, executions: number): GridLayout {
  const namePx = widthPx < NARROW_PX ? NAME_PX.narrow : NAME_PX.wide
  const forMarksPx = widthPx - namePx - EDGE_PX
  const columns = Math.max(1, Math.min(executions, Math.floor(forMarksPx / COLUMN_PX.least)))
  const columnPx = Math.max(COLUMN_PX.least, Math.min(COLUMN_PX.most, Math.floor(forMarksPx / columns)))
  return { namePx, columnPx, columns }
}

export type TaskMark = ExecutionTasks['tasks'][number]

/** Classes of the marks. States with the same colour have different shapes. */
const MARK_CLASSES: Readonly<Record<TaskStatus, string>> = {
  NotStarted: 'not-started',
  Ready: 'ready',
  Running: 'running',
  Waiting: 'waiting',
  Completed: 'completed',
  Failed: 'failed',
  Skipped: 'skipped',
  Cancelled: 'cancelled',
}

export function markClass(status: TaskStatus): string {
  return `task-mark ${MARK_CLASSES[status]}`
}

/** `score: Failed, 1.4 s, 3 attempts, in the execution of 2026-01-31 08:15:00` */
export function taskInWords(task: TaskMark, created: string): string {
  const attempts = task.attempts > 1 ? `, ${task.attempts} attempts` : ''
  return `${task.id}: ${timesInWords(task)}${attempts}, in the execution of ${created}`
}

/** Executions of the grid, oldest first, with their tasks by id and the texts that all marks of an execution share. */
export interface GridColumn {
  readonly execution: ExecutionTasks
  readonly tasks: ReadonlyMap<string, TaskMark>
  readonly created: string
}

export function gridColumns(newestFirst: readonly ExecutionTasks[]): readonly GridColumn[] {
  return newestFirst.toReversed().map((execution) => ({
    execution,
    tasks: new Map(execution.tasks.map((task) => [task.id, task])),
    created: dateAndTime(Date.parse(execution.createdAt)),
  }))
}

/** Returns the place that an arrow key leads to, or null. The row -1 is that of the executions. */
export function nextPlace(
  key: string,
  { row, column }: Place,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): Place | null {
  const [down, right] = STEPS[key] ?? [0, 0]
  if (down === 0 && right === 0) return null
  return {
    row: Math.max(-1, Math.min(rows - 1, row + down)),
    column: Math.max(0, Math.min(columns - 1, column + right)),
  }
}

export interface Place {
  readonly row: number
  readonly column: number
}

const FAR = 1_000_000
const STEPS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  Home: [0, -FAR],
  End: [0, FAR],
}
