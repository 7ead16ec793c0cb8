/** All triggers: interval or schedule, last poll or firing, and next poll or run. */

import { read } from '../api/client.ts'
import { matchesSearch, Search } from '../fields/search.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { focusedRow, useRowKeys } from '../keyboard/row-keys.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { EmptyList, FilteredOut } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { query, setQuery } from '../routing/location.ts'
import { Table } from '../rows/column-table.tsx'
import { readCronTriggers } from './cron-trigger.tsx'
import { RemovalDialog } from './removal.tsx'
import { askToSwitch, SwitchDialog } from './switching.tsx'
import { type Listed, triggerColumns } from './trigger-columns.tsx'

const AT_MOST = 1_000
/** Height of a row, which must be equal in `triggers-screen.css`. */
const ROW_PX = 28

const CONCERNS: ReadonlySet<string> = new Set(['tick', 'skips', 'triggerFired', 'cronFired', 'warning'])

async function readAll(signal: AbortSignal): Promise<readonly Listed[]> {
  const [polled, crons] = await Promise.all([
    read('/triggers', { query: { limit: AT_MOST }, signal }),
    readCronTriggers(signal),
  ])
  return [...polled.items, ...crons]
}

export function TriggersScreen() {
  const triggers = useResource('triggers', {
    load: readAll,
    concerns: ({ name }) => CONCERNS.has(name),
  })
  usePolling(triggers, OTHERS_EVERY_MS)
  return (
    <main class="triggers-screen">
      <div class="title-row">
        <h1>Triggers</h1>
        <Filters triggers={triggers.value.value ?? []} />
      </div>
      <Loaded resource={triggers} what="triggers">
        {(all) => <Triggers triggers={all} onChange={() => triggers.reload()} />}
      </Loaded>
      <SwitchDialog />
      <RemovalDialog />
    </main>
  )
}

const STATES = {
  failing: (trigger: Listed) => trigger.kind === 'poll' && trigger.failuresInRow > 0,
  broken: (trigger: Listed) => trigger.kind === 'cron trigger' && trigger.problem !== null,
  disabled: ({ enabled }: Listed) => !enabled,
  'not declared': ({ undeclaredAt }: Listed) => undeclaredAt !== null,
} as const

type State = keyof typeof STATES

function Filters({ triggers }: { readonly triggers: readonly Listed[] }) {
  const chosen = query.value.get('state')
  return (
    <div class="chips">
      {(Object.keys(STATES) as State[]).map((state) => {
        const count = triggers.filter(STATES[state]).length
        if (count === 0 && chosen !== state) return null
        const isChosen = chosen === state
        return (
          <button
            key={state}
            type="button"
            class="chip"
            aria-pressed={isChosen}
            onClick={() => setQuery({ state: isChosen ? null : state })}
          >
            {state} {count}
          </button>
        )
      })}
      <Search what="triggers" />
    </div>
  )
}

interface TriggersProps {
  readonly triggers: readonly Listed[]
  onChange(): void
}

function Triggers({ triggers, onChange }: TriggersProps) {
  const list = useRowKeys()
  useKeys([
    {
      key: 'e',
      does: 'enable or disable the trigger of the current row',
      press: () => {
        const trigger = triggers.find(({ name }) => name === focusedRow(list))
        if (trigger !== undefined) askToSwitch(trigger, onChange)
      },
    },
  ])
  const state = STATES[query.value.get('state') as State] ?? (() => true)
  const shown = triggers.filter((trigger) => state(trigger) && matchesSearch(`${trigger.name} ${trigger.workflow}`))
  if (triggers.length === 0) return <NoTriggers />
  if (shown.length === 0) {
    return <FilteredOut what="triggers" onClear={() => setQuery({ q: null, state: null })} />
  }
  return (
    <Table
      class="triggers"
      list={list}
      items={shown}
      columns={triggerColumns(shown, onChange)}
      rowPx={ROW_PX}
      keyOf={({ name }) => name}
      rowClass={({ enabled }) => (enabled ? '' : 'off')}
    />
  )
}

function NoTriggers() {
  return (
    <EmptyList title="No triggers yet">
      <p>
        A trigger starts a workflow when a poll fires, or at the times of a cron expression. Declare one with{' '}
        <code>@cloaca.trigger</code>, and serve the file:
      </p>
      <pre>cloaca serve jobs.py</pre>
    </EmptyList>
  )
}
