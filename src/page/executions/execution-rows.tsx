/** The rows of the list of executions. */

import { useEffect, useRef } from 'preact/hooks'
import type { ExecutionRow } from '../api/answers.ts'
import { useKeys } from '../keyboard/keys.ts'
import { now } from '../live/clock.ts'
import { plain } from '../log/ansi.ts'
import { shownDuration } from '../parts/durations.ts'
import { StateBadge, shortId, waitWords } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, addressOfCron, query, setQuery } from '../routing/location.ts'
import { type RowsHandle, VirtualRows } from '../rows/virtual-rows.tsx'
import { select, selected } from './selection.ts'

const ROW_PX = 40

interface ExecutionRowsProps {
  readonly rows: readonly ExecutionRow[]
  onNearEnd(): void
}

export function ExecutionRows({ rows, onNearEnd }: ExecutionRowsProps) {
  const handle = useRef<RowsHandle>(null)
  const list = useRef<HTMLDivElement>(null)
  const at = rows.findIndex(({ id }) => shortId(id) === query.value.get('row'))
  const move = (step: 1 | -1): void => {
    const index = Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))
    const row = rows[index]
    if (row === undefined) return
    setQuery({ row: shortId(row.id) }, { keep: true })
    handle.current?.show(index)
    focusIt()
  }
  const chosen = rows[at]
  // So that Enter opens it, as it opens any link. While something else has the focus, it keeps it.
  const focusIt = (): void => list.current?.querySelector<HTMLElement>('.current a')?.focus({ preventScroll: true })
  useEffect(() => {
    if (list.current?.contains(document.activeElement) || document.activeElement === document.body) focusIt()
  }, [chosen?.id])
  useKeys([
    { key: 'j', does: 'next execution', press: () => move(1) },
    { key: 'k', does: 'previous execution', press: () => move(-1) },
    {
      key: 'x',
      does: 'select the execution',
      press: () => chosen && select([chosen.id], !selected.value.has(shortId(chosen.id))),
    },
  ])
  return (
    <div class="list" ref={list}>
      <VirtualRows
        count={rows.length}
        rowPx={ROW_PX}
        label="Executions"
        class="execution-rows"
        handle={handle}
        head={<Head rows={rows} />}
        onNearEnd={onNearEnd}
        row={(index) => {
          const row = rows[index]
          return row === undefined ? null : <Row row={row} isCurrent={index === at} />
        }}
      />
    </div>
  )
}

function Head({ rows }: { readonly rows: readonly ExecutionRow[] }) {
  const areAllChosen = rows.length > 0 && rows.every(({ id }) => selected.value.has(shortId(id)))
  const ids = rows.map(({ id }) => id)
  const chooseAll = (): void => select(ids, !areAllChosen)
  return (
    <div class="execution-row list-head">
      <input type="checkbox" aria-label="Select all shown executions" checked={areAllChosen} onChange={chooseAll} />
      <span>Execution</span>
      <span>State</span>
      <span>Started by</span>
      <span class="number">Duration</span>
      <span>Created</span>
    </div>
  )
}

function Row({ row, isCurrent }: { readonly row: ExecutionRow; readonly isCurrent: boolean }) {
  const short = shortId(row.id)
  const isChosen = selected.value.has(short)
  const wait = waitWords(row)
  return (
    <div class={`execution-row${isCurrent ? ' current' : ''}${isChosen ? ' chosen' : ''}`} data-row={short}>
      <input
        type="checkbox"
        aria-label={`Select ${short}`}
        checked={isChosen}
        onChange={({ currentTarget }) => select([row.id], currentTarget.checked)}
      />
      <span class="ellipsis">
        <Link to={addressFor('executions', row.id)} title={`${row.workflow} ${row.id}`}>
          {row.workflow} <code>{short}</code>
        </Link>
      </span>
      <span class="ellipsis">
        <StateBadge state={row.status} />
        {wait !== null && (
          <span class="faint small" title={wait}>
            {' '}
            {wait}
          </span>
        )}
        {row.errorMessage !== null && (
          <span class="faint small" title={row.errorMessage}>
            {' '}
            {plain(row.errorMessage)}
          </span>
        )}
      </span>
      <span class="ellipsis faint">
        <StartedBy row={row} />
      </span>
      <span class="number">
        <Took startedAt={row.startedAt} endedAt={row.endedAt} />
      </span>
      <span>
        <Time at={row.createdAt} />
      </span>
    </div>
  )
}

function StartedBy({ row }: { readonly row: ExecutionRow }) {
  const { origin, retryOf } = row
  if (retryOf !== null) return <>retry of {shortId(retryOf)}</>
  if (origin.kind === 'trigger') return <Link to={addressFor('triggers', origin.trigger)}>{origin.trigger}</Link>
  if (origin.kind === 'reactor') return <Link to={addressFor('reactors', origin.reactor)}>{origin.reactor}</Link>
  if (origin.kind === 'call') return <>API or CLI</>
  return origin.trigger === null ? <>a schedule</> : <Link to={addressOfCron(origin.trigger)}>{origin.trigger}</Link>
}

export function Took({ startedAt, endedAt }: { readonly startedAt: string | null; readonly endedAt: string | null }) {
  if (startedAt === null) return <span class="faint">–</span>
  const end = endedAt === null ? now.value : Date.parse(endedAt)
  return <>{shownDuration(Math.max(0, end - Date.parse(startedAt)))}</>
}
