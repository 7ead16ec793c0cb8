/** The time that the visitor examines, in gantt chart and log. A clicked time is in the URL (`at`). */

import { signal } from '@preact/signals'

export interface Marker {
  readonly at: number
  /** View in which the visitor set it; the other view follows. */
  readonly from: 'gantt' | 'log'
}

/** Time under the mouse; null if it is elsewhere. */
export const marker = signal<Marker | null>(null)

/** Request to the log to show a time. */
export const jumpTarget = signal<Marker | null>(null)
