/** Fields that filter the list: workflow, trigger, time. */

import { useState } from 'preact/hooks'
import { read } from '../api/client.ts'
import { Field } from '../fields/field.tsx'
import { useResource } from '../live/resource.ts'
import { dateAndTime } from '../parts/zone.ts'
import { query, setQuery } from '../routing/location.ts'
import { clearFilter, isFiltered, PERIODS_MS } from './filter.ts'

export function Filters() {
  const workflows = useResource('workflow names', {
    load: (signal) => read('/workflows', { query: { limit: 1_000 }, signal }),
    concerns: () => false,
  })
  const workflow = query.value.get('workflow') ?? ''
  const names = workflows.value.value?.items.map(({ key }) => key) ?? []
  const all = workflow === '' || names.includes(workflow) ? names : [workflow, ...names]
  return (
    <div class="filters">
      <Field label="Workflow">
        <select
          value={workflow}
          onChange={({ currentTarget }) => setQuery({ workflow: currentTarget.value || null, sel: null })}
        >
          <option value="">All</option>
          {all.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </Field>
      <TriggerName />
      <Span />
      {isFiltered() && (
        <button type="button" class="quiet" onClick={clearFilter}>
          Clear
        </button>
      )}
    </div>
  )
}

/** Keeps the typed text while the page redraws other parts, for example when the names of the workflows arrive. */
function TriggerName() {
  const [typed, setTyped] = useState<string | null>(null)
  const apply = (name: string): void => {
    setTyped(null)
    setQuery({ trigger: name.trim() || null, sel: null })
  }
  return (
    <Field label="Trigger">
      <input
        type="text"
        placeholder="Any"
        value={typed ?? query.value.get('trigger') ?? ''}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onChange={({ currentTarget }) => apply(currentTarget.value)}
      />
    </Field>
  )
}

function Span() {
  const since = query.value.get('since') ?? ''
  const until = query.value.get('until')
  const isExact = until !== null || (since !== '' && PERIODS_MS[since] === undefined)
  const value = isExact ? 'exact' : since
  return (
    <Field label="Created">
      <select
        value={value}
        onChange={({ currentTarget }) => setQuery({ since: currentTarget.value || null, until: null, sel: null })}
      >
        <option value="">Any time</option>
        <option value="1h">Last hour</option>
        <option value="24h">Last 24 hours</option>
        <option value="7d">Last 7 days</option>
        {isExact && <option value="exact">{exactWords(since, until)}</option>}
      </select>
    </Field>
  )
}

function exactWords(since: string, until: string | null): string {
  const shown = (text: string): string => {
    const at = Date.parse(text)
    return Number.isNaN(at) ? text : dateAndTime(at).slice(5, 16)
  }
  return [since === '' ? '' : `from ${shown(since)}`, until === null ? '' : `to ${shown(until)}`].join(' ').trim()
}
