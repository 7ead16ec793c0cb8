/** Fields that filter the list: workflow, trigger, time. */

import { useState } from 'preact/hooks'
import { read } from '../api/client.ts'
import { useResource } from '../live/resource.ts'
import { dateAndTime } from '../parts/zone.ts'
import { query, setQuery } from '../routing/location.ts'
import { clearFilter, isFiltered, SPANS } from './filter.ts'

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
      <label>
        <span>Workflow</span>
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
      </label>
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

/** What is typed stays while something else is shown anew, as the names of the workflows when they come. */
function TriggerName() {
  const [typed, setTyped] = useState<string | null>(null)
  const apply = (name: string): void => {
    setTyped(null)
    setQuery({ trigger: name.trim() || null, sel: null })
  }
  return (
    <label>
      <span>Trigger</span>
      <input
        type="text"
        placeholder="Any"
        value={typed ?? query.value.get('trigger') ?? ''}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onChange={({ currentTarget }) => apply(currentTarget.value)}
      />
    </label>
  )
}

function Span() {
  const since = query.value.get('since') ?? ''
  const until = query.value.get('until')
  const isExact = until !== null || (since !== '' && SPANS[since] === undefined)
  const value = isExact ? 'exact' : since
  return (
    <label>
      <span>Created</span>
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
    </label>
  )
}

function exactWords(since: string, until: string | null): string {
  const shown = (text: string): string => {
    const at = Date.parse(text)
    return Number.isNaN(at) ? text : dateAndTime(at).slice(5, 16)
  }
  return [since === '' ? '' : `from ${shown(since)}`, until === null ? '' : `to ${shown(until)}`].join(' ').trim()
}
