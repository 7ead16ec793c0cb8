/** What a reactor waits for, and since when: who looks at one that does not fire looks for this. */

import type { Reactor } from '../api/answers.ts'
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
