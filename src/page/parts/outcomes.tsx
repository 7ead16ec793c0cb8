/** What a poll came to: its name, how bad it is, and its colour, the same everywhere. */

import type { Outcome, Tick } from '../api/answers.ts'
import { BY_BADNESS } from '../timeline/badness.ts'

const NAMES: Readonly<Record<Outcome, string>> = {
  skipped: 'skipped',
  fired: 'fired',
  duplicate: 'duplicate',
  limited: 'limited',
  failed: 'failed',
  timedOut: 'timed out',
}

export function outcomeName(outcome: Outcome): string {
  return NAMES[outcome]
}

/** `3 fired, 1 failed`, the worst first. */
export function countsInWords(counts: Readonly<Partial<Record<Outcome, number>>>): string {
  return BY_BADNESS.toReversed()
    .filter((outcome) => (counts[outcome] ?? 0) > 0)
    .map((outcome) => `${counts[outcome]} ${outcomeName(outcome)}`)
    .join(', ')
}

export function OutcomeBadge({ outcome }: { readonly outcome: Outcome }) {
  return <span class={`badge ${outcome}`}>{outcomeName(outcome)}</span>
}

/** Why it came to that: what its poll raised, else the reason that it gave; null for neither. */
export function whyOf({ errorMessage, reason }: Pick<Tick, 'errorMessage' | 'reason'>): string | null {
  // The message names the trigger, which stands there already.
  return errorMessage?.replace(/^trigger '.*?' raised exception: /s, '') ?? reason
}
