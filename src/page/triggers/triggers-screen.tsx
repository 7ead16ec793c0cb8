/** All polled triggers: how often, what the last poll came to, when the next is due. */

import { useRef } from 'preact/hooks'
import type { Trigger } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { useKeys } from '../keyboard/keys.ts'
import { focusedRow, useRowKeys } from '../keyboard/row-keys.ts'
import { OTHERS_EVERY_MS, useReadingAgain } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { AllHidden, NothingYet } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { matches, Search } from '../parts/search.tsx'
import { query, setQuery } from '../routing/location.ts'
import { useRowPool } from './row-pool.ts'
import { askToSwitch, SwitchDialog } from './switching.tsx'
import { TriggerRow } from './trigger-row.tsx'

const AT_MOST = 1_000
/** As `triggers.css` has it. */
const ROW_PX = 62

export function TriggersScreen() {
  const triggers = useResource('triggers', {
    load: (signal) => read('/triggers', { query: { limit: AT_MOST }, signal }),
    concerns: ({ name }) => name === 'tick' || name === 'skips' || name === 'triggerFired' || name === 'warning',
  })
  useReadingAgain(triggers, OTHERS_EVERY_MS)
  return (
    <main>
      <div class="title-row">
        <h1>Triggers</h1>
        <Filters triggers={triggers.value.value?.items ?? []} />
      </div>
      <Loaded resource={triggers} what="triggers">
        {({ items }) => <Triggers triggers={items} onChange={() => triggers.reload()} />}
      </Loaded>
      <SwitchDialog />
    </main>
  )
}

const STATES = {
  failing: ({ failuresInRow }: Trigger) => failuresInRow > 0,
  disabled: ({ enabled }: Trigger) => !enabled,
} as const

type State = keyof typeof STATES

function Filters({ triggers }: { readonly triggers: readonly Trigger[] }) {
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
  readonly triggers: readonly Trigger[]
  onChange(): void
}

function Triggers({ triggers, onChange }: TriggersProps) {
  const list = useRef<HTMLTableSectionElement>(null)
  useRowKeys(list)
  useKeys([
    {
      key: 'e',
      does: 'enable or disable the trigger of the row',
      press: () => {
        const trigger = triggers.find(({ name }) => name === focusedRow(list))
        if (trigger !== undefined) askToSwitch(trigger, onChange)
      },
    },
  ])
  const state = STATES[query.value.get('state') as State] ?? (() => true)
  const shown = triggers.filter((trigger) => state(trigger) && matches(`${trigger.name} ${trigger.workflow}`))
  const pool = useRowPool(list, shown.length, ROW_PX)
  if (triggers.length === 0) return <NoTriggers />
  if (shown.length === 0) {
    return <AllHidden what="triggers" onClear={() => setQuery({ q: null, state: null })} />
  }
  return (
    <div class="scroll">
      <table class={pool.from === 0 && pool.until === shown.length ? 'triggers' : 'triggers pooled'}>
        <Head />
        <tbody ref={list}>
          {pool.abovePx > 0 && <tr key="above" style={{ height: `${pool.abovePx}px` }} />}
          {shown.slice(pool.from, pool.until).map((trigger) => (
            <TriggerRow key={`t ${trigger.name}`} trigger={trigger} onChange={onChange} />
          ))}
          {pool.belowPx > 0 && <tr key="below" style={{ height: `${pool.belowPx}px` }} />}
        </tbody>
      </table>
    </div>
  )
}

function Head() {
  return (
    <thead>
      <tr>
        <th scope="col">
          <span class="unseen">Enabled</span>
        </th>
        <th scope="col">Trigger</th>
        <th scope="col" class="wide-only">
          Workflow
        </th>
        <th scope="col" class="wide-only">
          Interval
        </th>
        <th scope="col">Last tick</th>
        <th scope="col" class="medium-only">
          Last fired
        </th>
        <th scope="col" class="medium-only">
          Next
        </th>
        <th scope="col" class="medium-only">
          Last hour
        </th>
      </tr>
    </thead>
  )
}

function NoTriggers() {
  return (
    <NothingYet title="No trigger has been served yet">
      <p>
        A trigger is a function with <code>@cloaca.trigger</code> that is polled, and starts a workflow. Serve a file
        that has one:
      </p>
      <pre>cloaca serve jobs.py</pre>
    </NothingYet>
  )
}
