/** Output and log of the tasks. Follows new lines, and marks the same time as the gantt chart. */

import { computed, effect } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { CopyButton } from '../fields/copy-button.tsx'
import { query, setQuery } from '../routing/location.ts'
import { type RowsHandle, VirtualRows } from '../rows/virtual-rows.tsx'
import { LogBar } from './log-bar.tsx'
import { LogDownload } from './log-download.tsx'
import { type LogReader, useLogReader } from './log-reader.ts'
import { LogDetails, LogRow } from './log-row.tsx'
import { linesText } from './log-text.ts'
import { lineAt, linesWith, MIN_LEVELS, type NumberedLine, STREAMS, type StoredFilter } from './log-view-lines.ts'
import { jumpTarget, marker } from './marker.ts'

const ROW_PX = 22

interface LogProps {
  readonly id: string
  readonly startAt: number
  readonly isRunning: boolean
  readonly task: string | null
}

export function Log({ id, startAt, isRunning, task }: LogProps) {
  const filter = storedFilter(task)
  const reader = useLogReader(id, filter, isRunning)
  const rows = useRef<RowsHandle>(null)
  const words = query.value.get('q') ?? ''
  const shown = useMemo(() => computed(() => linesWith(reader.lines.value, words)), [reader, words])
  const follows = isRunning && query.value.get('follow') !== 'no'
  const lines = shown.value
  const chosen = lines.findIndex(({ number }) => String(number) === query.value.get('line'))
  useEffect(() => effect(() => showInstant(rows.current, shown.peek(), jumpTarget.value?.at)), [shown])
  const scrolled = (isAtEnd: boolean): void => {
    if (isRunning && isAtEnd !== follows) setQuery({ follow: isAtEnd ? null : 'no' }, { keep: true })
  }
  return (
    <section class="log" aria-label="Log">
      <LogBar filter={filter} task={task} isRunning={isRunning} follows={follows} />
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
            return (
              line && <LogRow line={line} startAt={startAt} isChosen={isChosen} showsTask={filter.task === undefined} />
            )
          }}
          overlay={<LogMarker lines={shown} />}
        />
      )}
      <LogFoot reader={reader} shown={lines}>
        <LogDownload id={id} filter={filter} />
      </LogFoot>
      {lines[chosen] !== undefined && <LogDetails line={lines[chosen]} />}
    </section>
  )
}

/** Returns the choices in the URL. A selected task has its own log, unless the visitor wants that of all tasks. */
function storedFilter(task: string | null): StoredFilter {
  return {
    stream: STREAMS.find((each) => each === query.value.get('stream')),
    level: MIN_LEVELS.find((each) => each === query.value.get('level')),
    task: query.value.get('log') === 'all' ? undefined : (task ?? undefined),
  }
}

interface LogFootProps {
  readonly reader: LogReader
  readonly shown: readonly NumberedLine[]
  readonly children: ComponentChildren
}

function LogFoot({ reader, shown, children }: LogFootProps) {
  const all = reader.lines.value.length
  return (
    <div class="log-foot faint small">
      <span>
        {shown.length.toLocaleString('en')} {shown.length === 1 ? 'line' : 'lines'}
        {shown.length < all && ` of ${all.toLocaleString('en')}`}
      </span>
      {reader.hasMore.value && (
        <button type="button" class="quiet small" onClick={() => reader.readMore()}>
          Load more
        </button>
      )}
      <span class="log-tools">
        {shown.length > 0 && <CopyButton what="the log" text={() => linesText(shown)} />}
        {children}
      </span>
    </div>
  )
}

/** Marks the time of the gantt chart between the lines. A component of its own, so that it moves without them. */
function LogMarker({ lines }: { readonly lines: { readonly value: Parameters<typeof lineAt>[0] } }) {
  const at = marker.value?.from === 'gantt' ? marker.value.at : jumpTarget.value?.at
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
