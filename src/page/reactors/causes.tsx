/** Events that made a reactor fire, each with its source, or the user who fired it. */

import type { ReactorFiringDetail } from '../api/answer-types.ts'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { sequenceRange } from './words.ts'

export function Causes({
  firing: { causes, byHand },
}: {
  readonly firing: Pick<ReactorFiringDetail, 'causes' | 'byHand'>
}) {
  if (byHand !== null) return <span class="faint">manually: {byHand}</span>
  return (
    <span class="progress">
      {causes.map(({ source, firstSequence, lastSequence }) => (
        <Link key={source} to={`${addressFor('sources', source)}?event=${lastSequence}`}>
          {source} {sequenceRange(firstSequence, lastSequence)}
        </Link>
      ))}
    </span>
  )
}
