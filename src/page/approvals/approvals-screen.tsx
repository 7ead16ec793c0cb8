/** Approvals in a state, oldest first. The state is in the URL (`state`). */

import type { Approval } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { Field } from '../fields/field.tsx'
import { matchesSearch, Search } from '../fields/search.tsx'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { EmptyList, FilteredOut } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Age, Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, query, setQuery } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { ApprovalBadge, concernsApprovals, type ListedState } from './approval-words.tsx'

const AT_MOST = 200

const STATES: readonly (readonly [state: ListedState, title: string])[] = [
  ['open', 'Open'],
  ['answered', 'Answered'],
  ['expired', 'Expired'],
  ['cancelled', 'Cancelled'],
  ['all', 'All'],
]

export function ApprovalsScreen() {
  const state = STATES.find(([each]) => each === query.value.get('state'))?.[0] ?? 'open'
  const approvals = useResource(`approvals ${state}`, {
    load: (signal) => read('/approvals', { query: { state, limit: AT_MOST }, signal }),
    concerns: concernsApprovals,
  })
  usePolling(approvals, OTHERS_EVERY_MS)
  return (
    <main>
      <div class="title-row">
        <h1>Approvals</h1>
        <Search what="approvals" />
      </div>
      <div class="filters approval-filter">
        <Field label="State">
          <select
            value={state}
            onChange={({ currentTarget: { value } }) => setQuery({ state: value === 'open' ? null : value })}
          >
            {STATES.map(([each, title]) => (
              <option key={each} value={each}>
                {title}
              </option>
            ))}
          </select>
        </Field>
      </div>
      <Loaded resource={approvals} what="approvals">
        {({ items, nextCursor }) => (
          <>
            <Approvals approvals={items} state={state} />
            {nextCursor !== null && <p class="faint">Only the oldest {AT_MOST} approvals are shown.</p>}
          </>
        )}
      </Loaded>
    </main>
  )
}

const COLUMNS: readonly Column<Approval>[] = [
  { title: 'Approval', isName: true, cell: ({ id, title }) => <Link to={addressFor('approvals', id)}>{title}</Link> },
  {
    title: 'Workflow',
    class: 'wide-only',
    cell: ({ workflow }) => <Link to={addressFor('workflows', workflow)}>{workflow}</Link>,
  },
  {
    title: 'Node',
    class: 'medium-only',
    cell: ({ node, executionId }) => (
      <Link to={`${addressFor('executions', executionId)}?task=${encodeURIComponent(node)}`}>{node}</Link>
    ),
  },
  { title: 'State', cell: ApprovalBadge },
  { title: 'Requested', class: 'nowrap', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { title: 'Ends', class: 'nowrap medium-only', cell: Ending },
]

function Ending({ state, answer, expiresAt }: Approval) {
  if (answer !== null) {
    return (
      <>
        answered by {answer.by} <Age since={answer.at} /> ago
      </>
    )
  }
  return state === 'open' ? <Time at={expiresAt} never="never" /> : null
}

interface ApprovalsProps {
  readonly approvals: readonly Approval[]
  readonly state: ListedState
}

function Approvals({ approvals, state }: ApprovalsProps) {
  const list = useRowKeys()
  const shown = approvals.filter(({ title, workflow, node }) => matchesSearch(`${title} ${workflow} ${node}`))
  if (approvals.length === 0) {
    return (
      <EmptyList title={state === 'all' ? 'No approvals yet' : `No ${state} approvals`}>
        <p>
          A workflow requests an approval with <code>cloaca.approval</code>.
        </p>
      </EmptyList>
    )
  }
  if (shown.length === 0) return <FilteredOut what="approvals" onClear={() => setQuery({ q: null })} />
  return <Table label="Approvals" list={list} items={shown} columns={COLUMNS} keyOf={({ id }) => id} />
}
