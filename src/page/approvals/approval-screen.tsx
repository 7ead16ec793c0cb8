/** One approval: its form while it is open, then its answer. */

import type { Approval } from '../api/answer-types.ts'
import { readText } from '../api/client.ts'
import { indentedJson } from '../json/indented-json.ts'
import { objectMembers } from '../json/object-members.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { shortId } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import type { ScreenProps } from '../routing/screen-props.ts'
import { ApprovalForm } from './approval-form.tsx'
import { ApprovalBadge, concernsApprovals } from './approval-words.tsx'

interface ReadApproval {
  readonly approval: Approval
  /** Values of the answer as they are stored, with exact numbers. */
  readonly valuesText: string
}

export function ApprovalScreen({ params: [id = ''] }: ScreenProps) {
  const resource = useResource(`approval ${id}`, {
    load: async (signal): Promise<ReadApproval> => {
      const text = await readText('/approvals/{id}', { path: { id }, signal })
      const answer = objectMembers(objectMembers(text)?.get('answer') ?? '')
      return { approval: JSON.parse(text) as Approval, valuesText: answer?.get('values') ?? '{}' }
    },
    concerns: concernsApprovals,
  })
  usePolling(resource, OTHERS_EVERY_MS, resource.value.value?.approval.state === 'open')
  return (
    <main class="approval">
      <p class="crumbs">
        <Link to="/approvals">Approvals</Link>
      </p>
      <Loaded resource={resource} what="the approval">
        {({ approval, valuesText }) => (
          <>
            <Head approval={approval} />
            {approval.state === 'open' ? (
              <ApprovalForm key={approval.id} approval={approval} onDone={() => resource.reload()} />
            ) : (
              <Answer approval={approval} valuesText={valuesText} />
            )}
          </>
        )}
      </Loaded>
    </main>
  )
}

function Head({ approval }: { readonly approval: Approval }) {
  const { title, workflow, executionId, node, createdAt, expiresAt, state } = approval
  return (
    <>
      <div class="title-row">
        <h1>{title}</h1>
        <ApprovalBadge {...approval} />
      </div>
      <p class="facts faint small">
        <span>
          workflow <Link to={addressFor('workflows', workflow)}>{workflow}</Link>
        </span>
        <span>
          execution{' '}
          <Link to={`${addressFor('executions', executionId)}?task=${encodeURIComponent(node)}`}>
            {shortId(executionId)}
          </Link>
        </span>
        <span>node {node}</span>
        <span>
          requested <Time at={createdAt} />
        </span>
        {state === 'open' && expiresAt !== null && (
          <span>
            expires <Time at={expiresAt} />
          </span>
        )}
      </p>
    </>
  )
}

const ENDED: Readonly<Record<Approval['state'], string>> = {
  open: '',
  answered: '',
  expired: 'Nobody answered before the approval expired.',
  cancelled: 'The execution no longer waits for this approval.',
}

function Answer({ approval: { state, answer }, valuesText }: ReadApproval) {
  if (answer === null) return <p role="status">{ENDED[state]}</p>
  const { approved, by, at, note } = answer
  return (
    <section aria-label="Answer">
      <p role="status">
        {approved ? 'Approved' : 'Rejected'} by {by} <Time at={at} />.
      </p>
      {note !== null && <p class="description">Note: {note}</p>}
      {valuesText !== '{}' && (
        <>
          <h2>Values</h2>
          <pre>{indentedJson(valuesText)}</pre>
        </>
      )}
    </section>
  )
}
