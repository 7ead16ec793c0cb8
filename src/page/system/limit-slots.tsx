/** Slots of a limit as a bar with a text, and until when they are closed. */

import { dateAndTime } from '../parts/zone.ts'

/** The text states the numbers, so the bar is hidden from screen readers. */
export function SlotBar({ used, slots }: { readonly used: number; readonly slots: number }) {
  return (
    <span class="slots">
      <span class="slot-bar" aria-hidden="true">
        <span class={used >= slots ? 'full' : ''} style={{ width: `${Math.min(100, (100 * used) / slots)}%` }} />
      </span>
      {used} of {slots}
    </span>
  )
}

export function Closed({ until }: { readonly until: string | null }) {
  const end = until === null ? 'opened' : dateAndTime(Date.parse(until))
  return <span class="state bad">closed until {end}</span>
}
