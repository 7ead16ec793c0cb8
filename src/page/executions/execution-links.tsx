/** Links to executions, such as those that use the slots of a limit. */

import { Fragment } from 'preact'
import { shortId } from '../parts/states.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'

export function ExecutionLinks({ ids }: { readonly ids: readonly string[] }) {
  return (
    <>
      {ids.map((id, index) => (
        <Fragment key={id}>
          {index > 0 && ', '}
          <Link to={addressFor('executions', id)} title={id}>
            <code>{shortId(id)}</code>
          </Link>
        </Fragment>
      ))}
    </>
  )
}
