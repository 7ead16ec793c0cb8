/** All triggers: how often each is polled or when it fires, the last poll or firing, when the next is due. */

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
import { type CronTrigger, CronTriggerRow, readCronTriggers } from './cron-trigger-row.tsx'
import { useRowPool } from './row-pool.ts'
import { askToSwitch, SwitchDialog } from './switching.tsx'
import { TriggerRow } from './trigger-row.tsx'

const AT_MOST = 1_000
/** As `triggers.css` has it. */
const ROW_PX = 62

const CONCERNS: ReadonlySet<string> = new Set(['tick', 'skips', 'triggerFired', 'cronFired', 'warning'])

type Listed = Trigger | CronTrigger

/** Reads the polled triggers, then the cron triggers. */
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
  useReadingAgain(triggers, OTHERS_EVERY_MS)
  return (
    <main>
      <div class="title-row">
        <h1>Triggers</h1>
        <Filters triggers={triggers.value.value ?? []} />
      </div>
      <Loaded resource={triggers} what="triggers">
        {(all) => <Triggers triggers={all} onChange={() => triggers.reload()} />}
      </Loaded>
      <SwitchDialog />
    </main>
  )
}

const STATES = {
  failing: (trigger: Listed) => trigger.kind === 'poll' && trigger.failuresInRow > 0,
  broken: (trigger: Listed) => trigger.kind === 'cron trigger' && trigger.problem !== null,
  disabled: ({ enabled }: Listed) => !enabled,
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
  const list = useRef<HTMLTableSectionElement>(null)
  useRowKeys(list)
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
          {shown
            .slice(pool.from, pool.until)
            .map((trigger) =>
              trigger.kind === 'poll' ? (
                <TriggerRow key={`t ${trigger.name}`} trigger={trigger} onChange={onChange} />
              ) : (
                <CronTriggerRow key={`c ${trigger.name}`} trigger={trigger} onChange={onChange} />
              ),
            )}
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
        <th scope="col">Last poll</th>
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
    <NothingYet title="No triggers yet">
      <p>
        A trigger starts a workflow when a poll fires, or at the times of a cron expression. Declare one with{' '}
        <code>@cloaca.trigger</code>, and serve the file:
      </p>
      <pre>cloaca serve jobs.py</pre>
    </NothingYet>
  )
}
