/** Outcomes of polls: name, severity and colour, the same everywhere. */

import type { Tick, TickOutcome } from '../api/answer-types.ts'
import { BY_BADNESS } from '../timeline/badness.ts'

const NAMES: Readonly<Record<TickOutcome, string>> = {
  skipped: 'skipped',
  fired: 'fired',
  duplicate: 'duplicate',
  limited: 'limited',
  refused: 'refused',
  failed: 'failed',
  timedOut: 'timed out',
}

export function outcomeName(outcome: TickOutcome): string {
  return NAMES[outcome]
}

/** `3 fired, 1 failed`, the worst first. */
export function countsInWords(counts: Readonly<Partial<Record<TickOutcome, number>>>): string {
  return BY_BADNESS.toReversed()
    .filter((outcome) => (counts[outcome] ?? 0) > 0)
    .map((outcome) => `${counts[outcome]} ${outcomeName(outcome)}`)
    .join(', ')
}

export function OutcomeBadge({ outcome }: { readonly outcome: TickOutcome }) {
  return <span class={`badge ${outcome}`}>{outcomeName(outcome)}</span>
}

/** Returns the reason of an outcome: the error of its poll, or the reason that the poll gave; null if there is none. */
export function outcomeReason({ errorMessage, reason }: Pick<Tick, 'errorMessage' | 'reason'>): string | null {
  return errorMessage?.replace(/^trigger '.*?' raised exception: /s, '') ?? reason
}
