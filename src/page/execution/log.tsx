/** What the tasks printed and logged: by level, by words, by task; it follows while they run, and marks the instant of the gantt. */

import { computed, effect } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { listen } from '../live/connection.ts'
import { isVisible } from '../live/visibility.ts'
import { Search } from '../parts/search.tsx'
import { type RowsHandle, VirtualRows } from '../parts/virtual-rows.tsx'
import { query, setQuery } from '../routing/location.ts'
import { LEAST, type Least, lineAt, shownLines } from './log-lines.ts'
import { LogReader } from './log-reader.ts'
import { LogDetails, LogRow } from './log-row.tsx'
import { jump, marker } from './marker.ts'

const ROW_PX = 22
const READ_EVERY_MS = 1_000

const WORDS: Readonly<Record<Least, string>> = {
  all: 'Everything',
  INFO: 'Output, INFO and above',
  WARNING: 'stderr, WARNING and above',
  ERROR: 'ERROR and above',
}

interface LogProps {
  readonly id: string
  readonly startAt: number
  readonly isRunning: boolean
  /** The task that is chosen; null for none. */
  readonly task: string | null
}

export function Log({ id, startAt, isRunning, task }: LogProps) {
  const reader = useReader(id, isRunning)
  const rows = useRef<RowsHandle>(null)
  const least = LEAST.find((each) => each === query.value.get('level')) ?? 'all'
  const words = query.value.get('q') ?? ''
  const isOfTask = task !== null && query.value.get('log') !== 'all'
  const shown = useMemo(
    () => computed(() => shownLines(reader.lines.value, { least, words, task: isOfTask ? task : null })),
    [reader, least, words, isOfTask ? task : null],
  )
  const follows = isRunning && query.value.get('follow') !== 'no'
  const lines = shown.value
  const chosen = lines.findIndex(({ number }) => String(number) === query.value.get('line'))
  useEffect(
    () =>
      effect(() => {
        const at = jump.value?.at
        const all = shown.peek()
        if (at === undefined || all.length === 0) return
        rows.current?.show(lineAt(all, at), 'center')
      }),
    [shown],
  )
  const scrolled = (isAtEnd: boolean): void => {
    if (!isRunning || isAtEnd === follows) return
    setQuery({ follow: isAtEnd ? null : 'no' }, { keep: true })
  }
  return (
    <section class="log" aria-label="Log">
      <div class="section-head">
        <h2>Log</h2>
        <Search what="the log" />
        <select
          aria-label="Least level"
          value={least}
          onChange={({ currentTarget }) =>
            setQuery({ level: currentTarget.value === 'all' ? null : currentTarget.value })
          }
        >
          {LEAST.map((each) => (
            <option key={each} value={each}>
              {WORDS[each]}
            </option>
          ))}
        </select>
        {task !== null && (
          <label class="check">
            <input
              type="checkbox"
              checked={isOfTask}
              onChange={({ currentTarget }) => setQuery({ log: currentTarget.checked ? null : 'all' })}
            />
            <span>{task} only</span>
          </label>
        )}
        {isRunning && (
          <label class="check">
            <input
              type="checkbox"
              checked={follows}
              onChange={({ currentTarget }) =>
                setQuery({ follow: currentTarget.checked ? null : 'no' }, { keep: true })
              }
            />
            <span>Follow</span>
          </label>
        )}
      </div>
      {reader.problem.value !== null && (
        <p class="banner" role="alert">
          The log was not read: {reader.problem.value.message}
        </p>
      )}
      {lines.length === 0 ? (
        <p class="log-empty faint">{emptyWords(reader, isRunning)}</p>
      ) : (
        <VirtualRows
          count={lines.length}
          rowPx={ROW_PX}
          label="Lines of the log"
          class="log-rows"
          handle={rows}
          follows={follows}
          onScrolled={scrolled}
          row={(index) => {
            const line = lines[index]
            return line && <LogRow line={line} startAt={startAt} isChosen={index === chosen} showsTask={!isOfTask} />
          }}
          overlay={<LogMarker lines={shown} />}
        />
      )}
      <div class="log-foot faint small">
        <span>
          {lines.length.toLocaleString('en')} {lines.length === 1 ? 'line' : 'lines'}
          {lines.length < reader.lines.value.length && ` of ${reader.lines.value.length.toLocaleString('en')}`}
        </span>
        {reader.hasMore.value && (
          <button type="button" class="quiet small" onClick={() => reader.readMore()}>
            Read more of it
          </button>
        )}
      </div>
      {lines[chosen] !== undefined && <LogDetails line={lines[chosen]} />}
    </section>
  )
}

/** Where the instant of the gantt lies between the lines. Moves without them. */
function LogMarker({ lines }: { readonly lines: { readonly value: Parameters<typeof lineAt>[0] } }) {
  const at = marker.value?.from === 'gantt' ? marker.value.at : jump.value?.at
  if (at === undefined || lines.value.length === 0) return null
  return <div class="log-marker" style={{ transform: `translateY(${lineAt(lines.value, at) * ROW_PX}px)` }} />
}

function useReader(id: string, isRunning: boolean): LogReader {
  const reader = useMemo(() => new LogReader(id), [id])
  useEffect(() => {
    void reader.read()
    return () => reader.stop()
  }, [reader])
  useEffect(() => {
    // The last lines come with the end.
    void reader.read()
    if (!isRunning) return
    return effect(() => {
      if (!isVisible.value) return
      const timer = setInterval(() => void reader.read(), READ_EVERY_MS)
      return () => clearInterval(timer)
    })
  }, [reader, isRunning])
  useEffect(
    () =>
      listen(({ name, data }) => {
        if (name === 'taskFinished' && (data as { executionId: string }).executionId === id) void reader.read()
      }),
    [reader, id],
  )
  return reader
}

function emptyWords(reader: LogReader, isRunning: boolean): string {
  if (!reader.isRead.value) return 'Reading the log …'
  if (reader.lines.value.length > 0) return 'No lines match the filter.'
  return isRunning ? 'Nothing has been printed or logged yet.' : 'Nothing was printed or logged.'
}
