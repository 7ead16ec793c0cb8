/** Causes of a firing of a reactor as a short text. Pure. */

import type { ReactorFiring } from '../../index.ts'

/** `probe events 4 to 6, door event 2`: sources with the sequences of their events. */
export function firingCausesText({ causes, byHand }: Pick<ReactorFiring, 'causes' | 'byHand'>): string {
  if (byHand !== null) return `by hand: ${byHand}`
  return causes
    .map(({ source, firstSequence: first, lastSequence: last }) =>
      first === last ? `${source} event ${last}` : `${source} events ${first} to ${last}`,
    )
    .join(', ')
}
