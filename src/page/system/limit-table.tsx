/** Limits of tasks and workflows: their slots, waiting tasks, closings and dialogs. */

import { useState } from 'preact/hooks'
import type { ListedLimit } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { SetLimitDialog, SlotsDialog } from './limit-dialogs.tsx'
import { Closed, SlotBar } from './limit-slots.tsx'
import { LimitValuesDialog } from './limit-values-dialog.tsx'

const MAX_LIMITS = 1_000

/** Dialog that a button of a row opens. */
type Asked = { readonly kind: 'set' | 'close' | 'open' | 'values'; readonly limit: ListedLimit } | null

export function LimitTable() {
  const limits = useResource('limits', {
    load: (signal) => read('/limits', { query: { limit: MAX_LIMITS }, signal }),
    concerns: ({ name }) => name === 'executionFinished',
  })
  usePolling(limits, OTHERS_EVERY_MS)
  const [asked, setAsked] = useState<Asked>(null)
  const columns = columnsOf(setAsked)
  return (
    <>
      <div class="section-row">
        <h2>Limits</h2>
      </div>
      <Loaded resource={limits} what="the limits">
        {({ items }) =>
          items.length === 0 ? (
            <p class="small faint">No script declares a limit.</p>
          ) : (
            <Table items={items} columns={columns} label="Limits" keyOf={({ name }) => name} />
          )
        }
      </Loaded>
      {asked !== null && <Asking asked={asked} onDone={() => limits.reload()} onClose={() => setAsked(null)} />}
    </>
  )
}

interface AskingProps {
  readonly asked: NonNullable<Asked>
  onDone(): void
  onClose(): void
}

function Asking({ asked: { kind, limit }, ...rest }: AskingProps) {
  if (kind === 'set') return <SetLimitDialog limit={limit} {...rest} />
  if (kind === 'values') return <LimitValuesDialog limit={limit} onClose={rest.onClose} />
  return <SlotsDialog limit={limit} isOpening={kind === 'open'} {...rest} />
}

function columnsOf(ask: (asked: Asked) => void): readonly Column<ListedLimit>[] {
  return [
    { title: 'Limit', isName: true, cell: Name },
    { title: 'Slots', cell: Slots },
    { title: <span class="unseen">Actions</span>, cell: (limit) => <Actions limit={limit} ask={ask} /> },
  ]
}

function Name(limit: ListedLimit) {
  const { name, workflow, per, rate } = limit
  const facts = [...(per === null ? [] : [`per ${per}`]), ...(rate === null ? [] : [rate])]
  return (
    <>
      {workflow === null ? name : <Link to={addressFor('workflows', workflow)}>{name}</Link>}
      {facts.length > 0 && <div class="small faint">{facts.join(', ')}</div>}
      <State {...limit} />
    </>
  )
}

function Slots({ maxActive, per, used, waiting }: ListedLimit) {
  // The slots of a limit with `per` are those of each value, so they have no common bar.
  const hasBar = maxActive !== null && per === null
  return (
    <>
      {hasBar ? <SlotBar used={used} slots={maxActive} /> : <span class="slots">{used} used</span>}
      <div class="small faint">
        {waiting} waiting{maxActive !== null && per !== null && `, ${maxActive} for each value`}
      </div>
    </>
  )
}

function State({ isClosed, closedUntil, overrides, differs }: ListedLimit) {
  return (
    <div class="limit-states">
      {isClosed && <Closed until={closedUntil} />}
      {Object.keys(overrides).length > 0 && <span class="state quiet">overridden</span>}
      {differs && <span class="state warn">engines differ</span>}
    </div>
  )
}

const VERBS = [
  ['values', 'Values of'],
  ['set', 'Set'],
  ['close', 'Close'],
  ['open', 'Open'],
] as const

function Actions({ limit, ask }: { readonly limit: ListedLimit; ask(asked: Asked): void }) {
  const { name, per, isClosed } = limit
  const kinds = VERBS.filter(([kind]) => kind !== 'open' || isClosed || per !== null)
  return (
    <div class="actions">
      {kinds.map(([kind, verb]) => (
        <button key={kind} type="button" aria-label={`${verb} ${name}`} onClick={() => ask({ kind, limit })}>
          {verb.split(' ')[0]}
        </button>
      ))}
    </div>
  )
}
