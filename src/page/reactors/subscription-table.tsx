/** The workflows that a reactor starts, and how far each subscription is. */

import type { Subscription } from '../api/answer-types.ts'
import { write } from '../api/client.ts'
import { attemptAction, showToast } from '../overlays/toasts.tsx'
import { Time } from '../parts/time.tsx'
import type { Tone } from '../parts/tones.ts'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'

const TONES: Readonly<Record<Subscription['state'], Tone>> = { active: 'good', paused: 'warn', degraded: 'bad' }

interface SubscriptionsProps {
  readonly subscriptions: readonly Subscription[]
  onChange(): void
}

export function SubscriptionTable({ subscriptions, onChange }: SubscriptionsProps) {
  if (subscriptions.length === 0) {
    return (
      <p class="faint">
        No workflow is subscribed. Subscribe one with <code>cloaca reactor subscribe NAME WORKFLOW</code>
      </p>
    )
  }
  const columns: readonly Column<Subscription>[] = [
    { title: 'Workflow', isName: true, cell: Name },
    { title: 'State', cell: State },
    {
      title: 'Condition',
      class: 'medium-only',
      cell: ({ predicate }) => (predicate === null ? <span class="faint">always</span> : <code>{predicate}</code>),
    },
    { title: 'Waiting', class: 'number', cell: ({ waiting }) => waiting.toLocaleString('en') },
    {
      title: <span class="unseen">Actions</span>,
      class: 'number',
      cell: (each) => <Toggle subscription={each} onChange={onChange} />,
    },
  ]
  return <Table items={subscriptions} columns={columns} keyOf={({ id }) => id} />
}

function Name({ workflow, tenant }: Subscription) {
  return (
    <>
      <Link to={addressFor('workflows', workflow)}>{workflow}</Link>
      {tenant !== 'public' && <span class="small faint"> {tenant}</span>}
    </>
  )
}

function State({ state, errorCount, lastError, lastErrorAt }: Subscription) {
  return (
    <>
      <span class={`state ${TONES[state]}`}>{state}</span>
      {lastError !== null && (
        <div class="small bad-ink">
          {errorCount === 1 ? '1 error' : `${errorCount} errors in a row`}, <Time at={lastErrorAt} />: {lastError}
        </div>
      )}
    </>
  )
}

function Toggle({ subscription, onChange }: { readonly subscription: Subscription; onChange(): void }) {
  const verb = subscription.enabled ? 'Pause' : 'Resume'
  return (
    <button
      type="button"
      class="small"
      aria-label={`${verb} ${subscription.workflow}`}
      onClick={() => void toggle(subscription, onChange)}
    >
      {verb}
    </button>
  )
}

async function toggle({ id, workflow, enabled }: Subscription, onChange: () => void): Promise<void> {
  const path = enabled ? '/subscriptions/{id}/pause' : '/subscriptions/{id}/resume'
  await attemptAction(`Could not ${enabled ? 'pause' : 'resume'} the subscription of "${workflow}"`, async () => {
    await write(path, { path: { id } }, {})
    showToast(`Subscription of "${workflow}" ${enabled ? 'paused: firings are kept until you resume it' : 'resumed'}`)
    onChange()
  })
}
