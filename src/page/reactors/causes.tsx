/** The events that made a reactor fire, each with its source, or who fired it. */

import type { FiringRow } from '../api/answers.ts'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { sequences } from './words.ts'

export function Causes({ firing: { causes, byHand } }: { readonly firing: Pick<FiringRow, 'causes' | 'byHand'> }) {
  if (byHand !== null) return <span class="faint">manually: {byHand}</span>
  return (
    <span class="progress">
      {causes.map(({ source, firstSequence, lastSequence }) => (
        <Link key={source} to={`${addressFor('sources', source)}?event=${lastSequence}`}>
          {source} {sequences(firstSequence, lastSequence)}
        </Link>
      ))}
    </span>
  )
}
