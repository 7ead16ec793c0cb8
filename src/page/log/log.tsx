/** What the tasks printed and logged; it follows while they run, and marks the instant of the gantt. */

import { computed, effect } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { query, setQuery } from '../routing/location.ts'
import { type RowsHandle, VirtualRows } from '../rows/virtual-rows.tsx'
import { LogBar } from './log-bar.tsx'
import { LEAST, lineAt, shownLines } from './log-lines.ts'
import { type LogReader, useLogReader } from './log-reader.ts'
import { LogDetails, LogRow } from './log-row.tsx'
import { jump, marker } from './marker.ts'

const ROW_PX = 22

interface LogProps {
  readonly id: string
  readonly startAt: number
  readonly isRunning: boolean
  /** The task that is chosen; null for none. */
  readonly task: string | null
}

export function Log({ id, startAt, isRunning, task }: LogProps) {
  const reader = useLogReader(id, isRunning)
  const rows = useRef<RowsHandle>(null)
  const least = LEAST.find((each) => each === query.value.get('level')) ?? 'all'
  const words = query.value.get('q') ?? ''
  const shownTask = query.value.get('log') === 'all' ? null : task
  const shown = useMemo(
    () => computed(() => shownLines(reader.lines.value, { least, words, task: shownTask })),
    [reader, least, words, shownTask],
  )
  const follows = isRunning && query.value.get('follow') !== 'no'
  const lines = shown.value
  const chosen = lines.findIndex(({ number }) => String(number) === query.value.get('line'))
  useEffect(() => effect(() => showInstant(rows.current, shown.peek(), jump.value?.at)), [shown])
  const scrolled = (isAtEnd: boolean): void => {
    if (isRunning && isAtEnd !== follows) setQuery({ follow: isAtEnd ? null : 'no' }, { keep: true })
  }
  return (
    <section class="log" aria-label="Log">
      <LogBar least={least} task={task} isOfTask={shownTask !== null} isRunning={isRunning} follows={follows} />
      {reader.problem.value !== null && (
        <p class="banner" role="alert">
          Could not load the log: {reader.problem.value.message}
        </p>
      )}
      {lines.length === 0 && <p class="log-empty faint">{emptyWords(reader, isRunning)}</p>}
      {lines.length > 0 && (
        <VirtualRows
          count={lines.length}
          rowPx={ROW_PX}
          label="Log lines"
          class="log-rows"
          handle={rows}
          follows={follows}
          onScrolled={scrolled}
          row={(index) => {
            const line = lines[index]
            const isChosen = index === chosen
            return line && <LogRow line={line} startAt={startAt} isChosen={isChosen} showsTask={shownTask === null} />
          }}
          overlay={<LogMarker lines={shown} />}
        />
      )}
      <LogFoot reader={reader} shown={lines.length} />
      {lines[chosen] !== undefined && <LogDetails line={lines[chosen]} />}
    </section>
  )
}

function LogFoot({ reader, shown }: { readonly reader: LogReader; readonly shown: number }) {
  const all = reader.lines.value.length
  return (
    <div class="log-foot faint small">
      <span>
        {shown.toLocaleString('en')} {shown === 1 ? 'line' : 'lines'}
        {shown < all && ` of ${all.toLocaleString('en')}`}
      </span>
      {reader.hasMore.value && (
        <button type="button" class="quiet small" onClick={() => reader.readMore()}>
          Load more
        </button>
      )}
    </div>
  )
}

/** Where the instant of the gantt lies between the lines. Moves without them. */
function LogMarker({ lines }: { readonly lines: { readonly value: Parameters<typeof lineAt>[0] } }) {
  const at = marker.value?.from === 'gantt' ? marker.value.at : jump.value?.at
  if (at === undefined || lines.value.length === 0) return null
  return <div class="log-marker" style={{ transform: `translateY(${lineAt(lines.value, at) * ROW_PX}px)` }} />
}

function showInstant(rows: RowsHandle | null, lines: Parameters<typeof lineAt>[0], at: number | undefined): void {
  if (at !== undefined && lines.length > 0) rows?.show(lineAt(lines, at), 'center')
}

function emptyWords(reader: LogReader, isRunning: boolean): string {
  if (!reader.isRead.value) return 'Loading the log …'
  if (reader.lines.value.length > 0) return 'No lines match the filter.'
  return isRunning ? 'Nothing has been printed or logged yet.' : 'Nothing was printed or logged.'
}
