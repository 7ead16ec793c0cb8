/** Sentence about the wait of an execution, a node or a task, with links to the approval or other executions. */

import { slotsText } from '../../runner/records/wait-words.ts'
import type { Execution } from '../api/answer-types.ts'
import { ExecutionLinks } from '../executions/execution-links.tsx'
import { waitWords } from '../parts/states.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'

interface WaitSentenceProps {
  /** Begins the sentence: `This execution is`. */
  readonly subject: string
  readonly waitingFor: Execution['waitingFor']
}

export function WaitSentence({ subject, waitingFor }: WaitSentenceProps) {
  if (waitingFor === null) return null
  const target = targetAt(waitingFor)
  return (
    <p class="wait-sentence faint">
      {subject} {waitWords({ waitingFor })}.
      {target !== null && (
        <>
          {' '}
          <Link to={target.address}>{target.label}</Link>
        </>
      )}
      {waitingFor.kind === 'limit' && <Holders wait={waitingFor} />}
    </p>
  )
}

type LimitWait = Extract<NonNullable<WaitSentenceProps['waitingFor']>, { readonly kind: 'limit' }>

function Holders({ wait }: { readonly wait: LimitWait }) {
  const { slots, heldBy } = wait
  return (
    <>
      {slots !== null && ` It has ${slotsText(wait)}.`}
      {heldBy.length > 0 && (
        <>
          {' '}
          Used by <ExecutionLinks ids={heldBy} />.
        </>
      )}
    </>
  )
}

function targetAt(wait: NonNullable<WaitSentenceProps['waitingFor']>) {
  if (wait.kind === 'approval') return { label: 'Answer', address: addressFor('approvals', wait.approvalId) }
  if (wait.kind === 'child') return { label: 'Show', address: addressFor('executions', wait.executionId) }
  return null
}
