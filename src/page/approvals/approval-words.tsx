/** States of approvals: texts and colours, the same in the list and on the screen of one. */

import type { Approval } from '../api/answer-types.ts'
import type { ServerEvent } from '../live/event-reader.ts'
import type { Tone } from '../parts/tones.ts'

export type ListedState = Approval['state'] | 'all'

const TONES: Readonly<Record<'approved' | 'rejected' | Exclude<Approval['state'], 'answered'>, Tone>> = {
  open: 'warn',
  approved: 'good',
  rejected: 'bad',
  expired: 'quiet',
  cancelled: 'quiet',
}

export function ApprovalBadge({ state, answer }: Pick<Approval, 'state' | 'answer'>) {
  const word = state === 'answered' ? (answer?.approved ? 'approved' : 'rejected') : state
  return <span class={`state ${TONES[word]}`}>{word}</span>
}

/** Returns whether an event may have opened or ended an approval. */
export function concernsApprovals({ name }: ServerEvent): boolean {
  return name === 'waitOpened' || name === 'waitEnded' || name === 'executionFinished'
}
