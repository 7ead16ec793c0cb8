/** Times of a schedule, each exact and as a countdown. */

import { Time } from '../parts/time.tsx'
import { dateAndTime } from '../parts/zone.ts'

export function TimeList({ times }: { readonly times: readonly string[] }) {
  return (
    <ol class="time-list">
      {times.map((at) => (
        <li key={at}>
          <span>{dateAndTime(Date.parse(at))}</span>{' '}
          <span class="small faint">
            <Time at={at} />
          </span>
        </li>
      ))}
    </ol>
  )
}
