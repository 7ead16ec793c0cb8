/** Sources with how many events came, wait, and were lost. */

import type { Source } from '../api/answers.ts'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { kindOf, rateOf } from './words.ts'

export function SourceTable({ sources }: { readonly sources: readonly Source[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col" class="number">
              Events
            </th>
            <th scope="col" class="number medium-only">
              Rate
            </th>
            <th scope="col" class="number">
              Waiting
            </th>
            <th scope="col" class="number medium-only">
              Dropped
            </th>
            <th scope="col" class="number medium-only">
              Lost
            </th>
            <th scope="col">Last event</th>
          </tr>
        </thead>
        <tbody>
          {sources.map((source) => (
            <Row key={source.name} source={source} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ source }: { readonly source: Source }) {
  const { name, lastSequence, waiting, limit, dropped, refused, failed, lastEventAt, undeclaredAt } = source
  const lost = refused + failed
  return (
    <tr data-row={name}>
      <th scope="row">
        <Link to={addressFor('sources', name)}>{name}</Link>
        <div class="small faint">{undeclaredAt === null ? kindOf(source) : 'not declared'}</div>
      </th>
      <td class="number">{lastSequence.toLocaleString('en')}</td>
      <td class="number medium-only">{rateOf(source)}</td>
      <td class={waiting >= limit ? 'number bad-ink' : 'number'}>{waiting.toLocaleString('en')}</td>
      <td class="number medium-only">{dropped.toLocaleString('en')}</td>
      <td
        class={lost > 0 ? 'number medium-only bad-ink' : 'number medium-only'}
        title={`${refused} refused, ${failed} failed`}
      >
        {lost.toLocaleString('en')}
      </td>
      <td class="nowrap">
        <Time at={lastEventAt} />
      </td>
    </tr>
  )
}
