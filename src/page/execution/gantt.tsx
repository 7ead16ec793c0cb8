/** Gantt chart of an execution: attempts and waits of tasks. Marks the time under the mouse here and in the log. */

import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Execution, Task } from '../api/answer-types.ts'
import { now } from '../live/live-clock.ts'
import { jumpTarget, marker } from '../log/marker.ts'
import { shownDuration } from '../parts/durations.ts'
import { stateTone } from '../parts/states.tsx'
import { clockTime } from '../parts/zone.ts'
import { setQuery } from '../routing/location.ts'
import { useSize } from '../rows/size.ts'
import { type RowsHandle, VirtualRows } from '../rows/virtual-rows.tsx'
import { attemptText, skipReason } from './shown-task.ts'
import { axisSteps, type Bar, executionPeriod, mergedBars, taskBars } from './task-bars.ts'

const ROW_PX = 28
const PX_BETWEEN_LINES = 110

interface Span {
  readonly fromAt: number
  readonly toAt: number
}

interface GanttProps {
  readonly execution: Execution
  /** Maximum number of attempts by task. */
  readonly limits: ReadonlyMap<string, number>
  readonly chosen: string | null
  onChoose(task: string): void
}

export function Gantt({ execution, limits, chosen, onChoose }: GanttProps) {
  const { tasks, endedAt } = execution
  const rows = useRef<RowsHandle>(null)
  const track = useRef<HTMLDivElement>(null)
  const { widthPx: trackPx } = useSize(track, { widthPx: 600, heightPx: 0 })
  const index = tasks.findIndex(({ id }) => id === chosen)
  useEffect(() => {
    if (index >= 0) rows.current?.show(index)
  }, [index])
  const nowAt = endedAt === null ? now.value : Date.parse(endedAt)
  const span = executionPeriod(execution, nowAt)
  const pointed = (event: PointerEvent): number => instantAt(event, track.current, span)
  const set = (event: PointerEvent): void => {
    marker.value = { at: pointed(event), from: 'gantt' }
  }
  const pick = (event: PointerEvent): void => {
    const at = pointed(event)
    if (at < span.fromAt) return
    jumpTarget.value = { at, from: 'gantt' }
    setQuery({ at: String(Math.round(at - span.fromAt)) }, { keep: true })
  }
  return (
    <div class="gantt" onPointerMove={set} onPointerLeave={() => (marker.value = null)} onPointerDown={pick}>
      <VirtualRows
        count={tasks.length}
        rowPx={ROW_PX}
        label="Task timeline"
        class="gantt-rows"
        handle={rows}
        head={<Axis track={track} trackPx={trackPx} span={span} />}
        row={(at) => {
          const task = tasks[at]
          return task === undefined ? null : (
            <GanttRow
              task={task}
              limit={limits.get(task.id)}
              bars={mergedBars(taskBars(task, nowAt), trackPx / (span.toAt - span.fromAt))}
              span={span}
              isChosen={task.id === chosen}
              onChoose={onChoose}
            />
          )
        }}
        overlay={<Overlay span={span} />}
      />
    </div>
  )
}

interface AxisProps {
  readonly track: RefObject<HTMLDivElement | null>
  readonly trackPx: number
  readonly span: Span
}

function Axis({ track, trackPx, span }: AxisProps) {
  return (
    <div class="gantt-row gantt-head">
      <span class="faint small">Task</span>
      <div class="track" ref={track}>
        {axisSteps(span.toAt - span.fromAt, trackPx / PX_BETWEEN_LINES).map((offset) => (
          <span key={offset} class="axis-label" style={{ left: percent(span.fromAt + offset, span) }}>
            {shownDuration(offset)}
          </span>
        ))}
        <MarkerLine span={span} hasLabel />
      </div>
    </div>
  )
}

function Overlay({ span }: { readonly span: Span }) {
  return (
    <div class="gantt-row gantt-overlay">
      <span />
      <div class="track">
        <MarkerLine span={span} />
      </div>
    </div>
  )
}

interface GanttRowProps {
  readonly task: Task
  readonly limit: number | undefined
  readonly bars: readonly Bar[]
  readonly span: Span
  readonly isChosen: boolean
  onChoose(task: string): void
}

function GanttRow({ task, limit, bars, span, isChosen, onChoose }: GanttRowProps) {
  return (
    <div class={isChosen ? 'gantt-row chosen' : 'gantt-row'} data-task={task.id}>
      <button type="button" class="task-name" title={`${task.id}: ${task.status}`} onClick={() => onChoose(task.id)}>
        <span class={`dot ${stateTone(task.status)}`} />
        <span class="ellipsis">{task.id}</span>
        {task.attempts > 1 && (
          <span class="faint small nowrap" title={`attempt ${attemptText(task.attempts, limit)}`}>
            {attemptText(task.attempts, limit)}
          </span>
        )}
      </button>
      <div class="track">
        {bars.map((bar, index) => (
          <span
            key={index}
            class={`bar ${bar.kind} ${bar.tone}`}
            title={`${task.id}: ${bar.words}, ${shownDuration(bar.toAt - bar.fromAt)}`}
            style={{ left: percent(bar.fromAt, span), width: width(bar, span) }}
          >
            {bar.kind === 'wait' && bar.words}
          </span>
        ))}
        {bars.length === 0 && <TrackNote text={noteOf(task)} />}
      </div>
    </div>
  )
}

/** A component of its own, so that it moves without a redraw of the rows. */
function MarkerLine({ span, hasLabel = false }: { readonly span: Span; readonly hasLabel?: boolean }) {
  const at = marker.value?.at
  if (at === undefined || at < span.fromAt || at > span.toAt) return null
  return (
    <span class="marker" style={{ left: percent(at, span) }}>
      {hasLabel && (
        <span class="marker-label">
          {shownDuration(at - span.fromAt)} · {clockTime(at)}
        </span>
      )}
    </span>
  )
}

function TrackNote({ text }: { readonly text: string }) {
  return (
    <span class="faint small track-note ellipsis" title={text}>
      {text}
    </span>
  )
}

function noteOf(task: Task): string {
  const { status, startedAt } = task
  const reason = skipReason(task)
  if (status === 'Skipped') return reason === null ? 'skipped' : `skipped: ${reason}`
  if (status === 'Cancelled') return 'cancelled before it started'
  if (status === 'Completed' || status === 'Failed') return startedAt === null ? '' : 'kept from an earlier execution'
  return status === 'Ready' ? 'waiting for a slot' : ''
}

function percent(at: number, { fromAt, toAt }: Span): string {
  return `${(100 * Math.min(1, Math.max(0, (at - fromAt) / (toAt - fromAt)))).toFixed(3)}%`
}

function width(bar: Bar, { fromAt, toAt }: Span): string {
  const from = Math.max(bar.fromAt, fromAt)
  return `${(100 * Math.max(0, (Math.min(bar.toAt, toAt) - from) / (toAt - fromAt))).toFixed(3)}%`
}

function instantAt(event: PointerEvent, track: HTMLElement | null, { fromAt, toAt }: Span): number {
  if (track === null) return fromAt
  const { left, width: px } = track.getBoundingClientRect()
  return fromAt + ((event.clientX - left) / Math.max(1, px)) * (toAt - fromAt)
}
