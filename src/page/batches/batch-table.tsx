/** Lists of backfills and refires with their progress, and the buttons that steer them. */

import type { ComponentChildren } from 'preact'
import type { ListedBackfill, ListedRefire } from '../api/answer-types.ts'
import { read, write } from '../api/client.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { type Resource, useResource } from '../live/resource.ts'
import { attemptAction, showToast } from '../overlays/toasts.tsx'
import { shortId } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import type { Tone } from '../parts/tones.ts'
import { dateAndTime } from '../parts/zone.ts'
import { type Column, Table } from '../rows/column-table.tsx'

const AT_MOST = 20

type Batch = ListedBackfill | ListedRefire
type Status = Batch['status']

const TONES: Readonly<Record<Status, Tone>> = {
  running: 'busy',
  paused: 'warn',
  completed: 'good',
  cancelled: 'quiet',
}

/** All backfills, newest first. */
export function useBackfills(): Resource<{ readonly items: readonly ListedBackfill[] }> {
  const backfills = useResource('backfills', {
    load: (signal) => read('/backfills', { query: { limit: AT_MOST }, signal }),
    concerns: isAboutExecutions,
  })
  usePolling(backfills, OTHERS_EVERY_MS)
  return backfills
}

/** Refires of a trigger, newest first. */
export function useRefires(name: string): Resource<{ readonly items: readonly ListedRefire[] }> {
  const refires = useResource(`refires ${name}`, {
    load: (signal) => read('/triggers/{name}/refires', { path: { name }, query: { limit: AT_MOST }, signal }),
    concerns: isAboutExecutions,
  })
  usePolling(refires, OTHERS_EVERY_MS)
  return refires
}

function isAboutExecutions({ name }: { readonly name: string }): boolean {
  return name === 'executionStarted' || name === 'executionFinished'
}

export function BackfillTable({ backfills }: { readonly backfills: ReturnType<typeof useBackfills> }) {
  const items = backfills.value.value?.items ?? []
  const steer = (backfill: ListedBackfill, verb: 'pause' | 'resume' | 'cancel') =>
    attemptAction(`Could not ${verb} the backfill`, async () => {
      const { status } = await write(`/backfills/{id}/${verb}`, { path: { id: backfill.id } }, {})
      showToast(`The backfill of "${nameOf(backfill)}" is ${status}`)
      backfills.reload()
    })
  return (
    <Batches
      title="Backfills"
      items={items}
      nameOf={nameOf}
      actions={(backfill) => (
        <>
          {backfill.status === 'running' && <Act text="Pause" act={() => steer(backfill, 'pause')} />}
          {backfill.status === 'paused' && <Act text="Resume" act={() => steer(backfill, 'resume')} />}
          {isActive(backfill) && <Act text="Cancel" act={() => steer(backfill, 'cancel')} />}
        </>
      )}
    />
  )
}

function nameOf({ trigger, scheduleId }: ListedBackfill): string {
  return trigger ?? shortId(scheduleId)
}

export function RefireTable({ refires }: { readonly refires: ReturnType<typeof useRefires> }) {
  const items = refires.value.value?.items ?? []
  const cancel = ({ id, trigger }: ListedRefire) =>
    attemptAction('Could not cancel the refire', async () => {
      await write('/refires/{id}/cancel', { path: { id } }, {})
      showToast(`The refire of "${trigger}" is cancelled`)
      refires.reload()
    })
  return (
    <Batches
      title="Refires"
      items={items}
      nameOf={({ executionStatus }) => executionStatus ?? 'all firings'}
      actions={(refire) => isActive(refire) && <Act text="Cancel" act={() => cancel(refire)} />}
    />
  )
}

function isActive({ status }: Batch): boolean {
  return status === 'running' || status === 'paused'
}

interface BatchesProps<Item> {
  readonly title: string
  readonly items: readonly Item[]
  nameOf(item: Item): string
  actions(item: Item): ComponentChildren
}

/** Shows nothing if there are none. */
function Batches<Item extends Batch>({ title, items, nameOf, actions }: BatchesProps<Item>) {
  if (items.length === 0) return null
  const columns: readonly Column<Item>[] = [
    { title: title === 'Backfills' ? 'Schedule' : 'Executions', isName: true, cell: nameOf },
    { title: 'Range', class: 'wide-only', cell: Range },
    { title: 'Status', cell: ({ status }) => <span class={`state ${TONES[status]}`}>{status}</span> },
    { title: 'Started executions', cell: Progress },
    { title: 'Created', class: 'nowrap medium-only', cell: ({ createdAt }) => <Time at={createdAt} /> },
    { title: <span class="unseen">Actions</span>, cell: (item) => <div class="actions">{actions(item)}</div> },
  ]
  return (
    <section class="batches">
      <h2>{title}</h2>
      <Table label={title} items={items} columns={columns} keyOf={({ id }) => id} />
    </section>
  )
}

function Range({ from, to }: Batch) {
  return (
    <span class="nowrap">
      {dateAndTime(Date.parse(from))} – {dateAndTime(Date.parse(to))}
    </span>
  )
}

/** A completed batch may have started fewer executions than planned: it left out the others. */
function Progress({ status, started, total, active, leftOut }: Batch) {
  const text = `${started.toLocaleString('en')} of ${total.toLocaleString('en')}`
  const max = Math.max(1, total)
  const notes = [...(active > 0 ? [`${active} active`] : []), ...(leftOut > 0 ? [`${leftOut} left out`] : [])]
  return (
    <>
      <span class="batch-progress">
        <progress
          value={status === 'completed' ? max : Math.min(started, max)}
          max={max}
          aria-label={`Started executions: ${text}`}
        />
        {text}
      </span>
      {notes.length > 0 && <div class="small faint">{notes.join(', ')}</div>}
    </>
  )
}

function Act({ text, act }: { readonly text: string; act(): Promise<unknown> }) {
  return (
    <button type="button" onClick={() => void act()}>
      {text}
    </button>
  )
}
