/** The workflows that a reactor starts, and how far each subscription is. */

import type { Subscription } from '../api/answers.ts'
import { write } from '../api/client.ts'
import { Time } from '../parts/time.tsx'
import { attempt, tell } from '../parts/toasts.tsx'
import type { Tone } from '../parts/tones.ts'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'

const TONES: Readonly<Record<Subscription['state'], Tone>> = { active: 'good', paused: 'warn', degraded: 'bad' }

interface SubscriptionsProps {
  readonly subscriptions: readonly Subscription[]
  onChange(): void
}

export function Subscriptions({ subscriptions, onChange }: SubscriptionsProps) {
  if (subscriptions.length === 0) {
    return (
      <p class="faint">
        No workflow is subscribed. Subscribe one with <code>cloaca reactor subscribe NAME WORKFLOW</code>
      </p>
    )
  }
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Workflow</th>
            <th scope="col">State</th>
            <th scope="col" class="medium-only">
              Condition
            </th>
            <th scope="col" class="number">
              Waiting
            </th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {subscriptions.map((each) => (
            <Row key={each.id} subscription={each} onChange={onChange} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ subscription, onChange }: { readonly subscription: Subscription; onChange(): void }) {
  const { workflow, tenant, state, enabled, predicate, waiting, errorCount, lastError, lastErrorAt } = subscription
  return (
    <tr>
      <th scope="row">
        <Link to={addressFor('workflows', workflow)}>{workflow}</Link>
        {tenant !== 'public' && <span class="small faint"> {tenant}</span>}
      </th>
      <td>
        <span class={`state ${TONES[state]}`}>{state}</span>
        {lastError !== null && (
          <div class="small bad-ink">
            {errorCount === 1 ? '1 error' : `${errorCount} errors in a row`}, <Time at={lastErrorAt} />: {lastError}
          </div>
        )}
      </td>
      <td class="medium-only">{predicate === null ? <span class="faint">always</span> : <code>{predicate}</code>}</td>
      <td class="number">{waiting.toLocaleString('en')}</td>
      <td class="number">
        <button
          type="button"
          class="small"
          aria-label={`${enabled ? 'Pause' : 'Resume'} ${workflow}`}
          onClick={() => void toggle(subscription, onChange)}
        >
          {enabled ? 'Pause' : 'Resume'}
        </button>
      </td>
    </tr>
  )
}

async function toggle({ id, workflow, enabled }: Subscription, onChange: () => void): Promise<void> {
  const path = enabled ? '/subscriptions/{id}/pause' : '/subscriptions/{id}/resume'
  await attempt(`Could not ${enabled ? 'pause' : 'resume'} the subscription of "${workflow}"`, async () => {
    await write(path, { path: { id } }, {})
    tell(`Subscription of "${workflow}" ${enabled ? 'paused: firings are kept until you resume it' : 'resumed'}`)
    onChange()
  })
}
