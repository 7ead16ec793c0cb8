/** One instant that is looked at, in the gantt and in the log alike. What is clicked stands in the URL (`at`). */

import { signal } from '@preact/signals'

export interface Marker {
  /** Epoch milliseconds. */
  readonly at: number
  /** Where it was set: the other one follows. */
  readonly from: 'gantt' | 'log'
}

/** Under the mouse; null where that is elsewhere. */
export const marker = signal<Marker | null>(null)

/** Asks the log to show what was written then. */
export const jump = signal<Marker | null>(null)
