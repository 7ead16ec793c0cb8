/** The rows of the list of executions. */

import { useEffect, useRef } from 'preact/hooks'
import { waitedFor } from '../../runner/records/wait-words.ts'
import type { ExecutionRow } from '../api/answer-types.ts'
import { useKeys } from '../keyboard/keys.ts'
import { now } from '../live/live-clock.ts'
import { withoutAnsi } from '../log/ansi.ts'
import { shownDuration } from '../parts/durations.ts'
import { errorWords, StateBadge, shortId, waitWords } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, addressOfCron, query, setQuery } from '../routing/location.ts'
import { useSize } from '../rows/size.ts'
import { type RowsHandle, VirtualRows } from '../rows/virtual-rows.tsx'
import { ExecutionLinks } from './execution-links.tsx'
import { select, selected } from './selection.ts'

const ROW_PX = 27
/** Narrow rows have a second line, for the age, and for the cause or the wait. */
const NARROW_ROW_PX = 50
const NARROW_PX = 700

interface ExecutionRowsProps {
  readonly rows: readonly ExecutionRow[]
  onNearEnd(): void
}

export function ExecutionRows({ rows, onNearEnd }: ExecutionRowsProps) {
  const handle = useRef<RowsHandle>(null)
  const list = useRef<HTMLDivElement>(null)
  const { widthPx } = useSize(list, { widthPx: innerWidth, heightPx: 0 })
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
  // The link has the focus, so that Enter opens it. Another element keeps its focus.
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
        rowPx={widthPx <= NARROW_PX ? NARROW_ROW_PX : ROW_PX}
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
      <span class="row-details">Cause or wait</span>
      <span class="row-origin">Started by</span>
      <span class="number">Duration</span>
      <span class="row-created">Created</span>
    </div>
  )
}

function Row({ row, isCurrent }: { readonly row: ExecutionRow; readonly isCurrent: boolean }) {
  const short = shortId(row.id)
  const isChosen = selected.value.has(short)
  const wait = waitWords(row)
  const error = errorWords(row)
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
        <Priority priority={row.priority} />
      </span>
      <StateBadge state={row.status} />
      <span class="row-details ellipsis small" title={error ?? wait ?? undefined}>
        <span class="row-age faint">
          <Time at={row.createdAt} />
          {(error ?? wait) !== null && ' · '}
        </span>
        {error !== null && <span class={row.status === 'Failed' ? 'bad-ink' : 'faint'}>{withoutAnsi(error)}</span>}
        {error === null && wait !== null && (
          <span class="faint">{row.waitingFor?.kind === 'limit' ? <SlotWait wait={row.waitingFor} /> : wait}</span>
        )}
      </span>
      <span class="row-origin ellipsis faint">
        <StartedBy row={row} />
      </span>
      <span class="number">
        <Elapsed startedAt={row.startedAt} endedAt={row.endedAt} />
      </span>
      <span class="row-created">
        <Time at={row.createdAt} />
      </span>
    </div>
  )
}

/** The priority, unless it is the usual one. */
export function Priority({ priority }: Pick<ExecutionRow, 'priority'>) {
  return priority === 0 ? null : <span class="faint small"> priority {priority}</span>
}

/** A short form of the wait for a slot, so that the links to the executions that use the slots are visible. */
function SlotWait({ wait }: { readonly wait: Extract<ExecutionRow['waitingFor'], { readonly kind: 'limit' }> }) {
  const { heldBy } = wait
  return (
    <>
      {waitedFor(wait)}
      {heldBy.length > 0 && (
        <>
          : <span class="unseen">used by </span>
          <ExecutionLinks ids={heldBy} />
        </>
      )}
    </>
  )
}

function StartedBy({ row }: { readonly row: ExecutionRow }) {
  const { origin, retryOf } = row
  if (retryOf !== null) return <>retry of {shortId(retryOf)}</>
  const isByPoll = origin.kind === 'trigger' || origin.kind === 'refire'
  if (isByPoll) return <Link to={addressFor('triggers', origin.trigger)}>{origin.trigger}</Link>
  if (origin.kind === 'reactor') return <Link to={addressFor('reactors', origin.reactor)}>{origin.reactor}</Link>
  if (origin.kind === 'call') return <>API or CLI</>
  if (origin.kind === 'child') return <Link to={addressFor('executions', origin.parent)}>{shortId(origin.parent)}</Link>
  return origin.trigger === null ? <>a schedule</> : <Link to={addressOfCron(origin.trigger)}>{origin.trigger}</Link>
}

export function Elapsed({
  startedAt,
  endedAt,
}: {
  readonly startedAt: string | null
  readonly endedAt: string | null
}) {
  if (startedAt === null) return <span class="faint">–</span>
  const end = endedAt === null ? now.value : Date.parse(endedAt)
  return <>{shownDuration(Math.max(0, end - Date.parse(startedAt)))}</>
}
