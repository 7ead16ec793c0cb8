/** Links from a tick to the executions that its firings started. */

import type { ComponentChildren } from 'preact'
import type { Tick } from '../../api/answer-types.ts'
import { Link } from '../../routing/link.tsx'
import { addressFor } from '../../routing/location.ts'

interface TickExecutionsProps {
  readonly name: string
  readonly tick: Pick<Tick, 'executionId' | 'firings' | 'duplicates' | 'lastAt'>
  /** Text of the link to a single execution. */
  readonly children: ComponentChildren
}

/** Shows nothing if the tick names no execution. */
export function TickExecutions({ name, tick, children }: TickExecutionsProps) {
  if (tick.executionId !== null) return <Link to={addressFor('executions', tick.executionId)}>{children}</Link>
  const count = tick.firings - tick.duplicates
  if (tick.firings < 2 || count === 0) return null
  // The executions of a tick are created in its transaction, with its time.
  const at = Date.parse(tick.lastAt)
  const [since, until] = [new Date(at), new Date(at + 1)].map((time) => time.toISOString())
  const query = new URLSearchParams({ trigger: name, since: since ?? '', until: until ?? '' })
  return (
    <Link to={`/executions?${query}`}>
      {count.toLocaleString('en')} {count === 1 ? 'execution' : 'executions'}
    </Link>
  )
}

/** `3 firings, 1 duplicate`; an empty text for a tick with at most one firing. */
export function firingsInWords({ firings, duplicates }: Pick<Tick, 'firings' | 'duplicates'>): string {
  if (firings < 2) return ''
  const repeated = duplicates === 1 ? '1 duplicate' : `${duplicates.toLocaleString('en')} duplicates`
  return `${firings.toLocaleString('en')} firings${duplicates === 0 ? '' : `, ${repeated}`}`
}
