/** Reason and start of the wait of a reactor, to explain why it does not fire. */

import type { Reactor } from '../api/answer-types.ts'
import { Age } from '../parts/time.tsx'

export function Wait({ waitingFor }: Pick<Reactor, 'waitingFor'>) {
  if (waitingFor === null) return null
  const { sources, sinceAt } = waitingFor
  return (
    <span class="warn-ink">
      waiting for {sources.join(', ')} for <Age since={sinceAt} />
    </span>
  )
}
