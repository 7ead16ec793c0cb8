/** What a reactor has of each of its sources, and how the source does. */

import type { Reactor, Source } from '../api/answers.ts'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { kindOf, rateOf } from './words.ts'

interface InputsProps {
  readonly reactor: Reactor
  readonly sources: readonly Source[]
}

export function Inputs({ reactor: { inputs, mode }, sources }: InputsProps) {
  return (
    <div class="scroll">
      <table class="inputs">
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col">Newest value</th>
            <th scope="col">Delivered</th>
            <th scope="col" class="number medium-only">
              Rate
            </th>
            <th scope="col" class="number medium-only">
              Waiting
            </th>
          </tr>
        </thead>
        <tbody>
          {inputs.map(({ source, valueText, valueLength, valueAt, isDirty }) => {
            const row = sources.find(({ name }) => name === source)
            return (
              <tr key={source}>
                <th scope="row">
                  <Link to={addressFor('sources', source)}>{source}</Link>
                  {row !== undefined && <div class="small faint">{kindOf(row)}</div>}
                </th>
                <td class="cut" title={valueText ?? ''}>
                  {valueLength === null ? (
                    <span class="faint">none yet</span>
                  ) : (
                    <code>{valueText ?? `${valueLength.toLocaleString('en')} characters`}</code>
                  )}
                </td>
                <td class="nowrap">
                  <Time at={valueAt} /> {mode === 'when_all' && isDirty && <span class="state good">new</span>}
                </td>
                <td class="number medium-only">{row === undefined ? '' : rateOf(row)}</td>
                <td class="number medium-only">{row?.waiting.toLocaleString('en')}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
