/** One trigger: its settings, its outcomes as a timeline and as a list, and its actions. */

import { useState } from 'preact/hooks'
import type { Trigger } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { RefireTable, useRefires } from '../batches/batch-table.tsx'
import { RefireDialog } from '../batches/refire-dialog.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { concernsTrigger } from '../live/concerns.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Link } from '../routing/link.tsx'
import { goTo } from '../routing/location.ts'
import type { ScreenProps } from '../routing/screen-props.ts'
import { FireDialog } from './fire-dialog.tsx'
import { pollNow } from './poll-now.ts'
import { RemovalDialog, Undeclared } from './removal.tsx'
import { StatePanel } from './state/state-panel.tsx'
import { askToSwitch, SwitchDialog, TriggerSwitch } from './switching.tsx'
import { TestDialog } from './test-dialog.tsx'
import { TickTable } from './ticks/tick-table.tsx'
import { TimelinePanel } from './timeline-panel.tsx'
import { TriggerFacts } from './trigger-facts.tsx'

export function TriggerScreen({ params: [name = ''] }: ScreenProps) {
  const trigger = useResource(`trigger ${name}`, {
    load: (signal) => read('/triggers/{name}', { path: { name }, signal }),
    concerns: (event) => concernsTrigger(event, name),
  })
  usePolling(trigger, OTHERS_EVERY_MS)
  return (
    <main>
      <p class="crumbs">
        <Link to="/triggers">Triggers</Link>
      </p>
      <Loaded resource={trigger} what={`trigger "${name}"`}>
        {(value) => <One trigger={value} onChange={() => trigger.reload()} />}
      </Loaded>
      <SwitchDialog />
      <RemovalDialog />
    </main>
  )
}

type Opened = 'fire' | 'test' | 'refire' | null

/** Returns whether a poll that the visitor requested is running, and a function that requests one. */
function usePoll(name: string, onChange: () => void) {
  const [isPolling, setPolling] = useState(false)
  const poll = async (): Promise<void> => {
    if (isPolling) return
    setPolling(true)
    await pollNow(name)
    setPolling(false)
    onChange()
  }
  return { isPolling, poll }
}

function One({ trigger, onChange }: { readonly trigger: Trigger; onChange(): void }) {
  const [opened, setOpened] = useState<Opened>(null)
  const { name } = trigger
  const { isPolling, poll } = usePoll(name, onChange)
  const refires = useRefires(name)
  useKeys([
    { key: 'p', does: 'poll the trigger now', press: () => void poll() },
    { key: 't', does: 'test the trigger', press: () => setOpened('test') },
    { key: 'f', does: 'fire the trigger', press: () => setOpened('fire') },
    { key: 'e', does: 'enable or disable the trigger', press: () => askToSwitch(trigger, onChange) },
  ])
  return (
    <>
      <div class="title-row">
        <div class="title">
          <TriggerSwitch trigger={trigger} onDone={onChange} />
          <h1>{name}</h1>
          <Undeclared trigger={trigger} onDone={() => goTo('/triggers')} />
        </div>
        <div class="actions">
          <button type="button" title="Poll the trigger now (p)" disabled={isPolling} onClick={() => void poll()}>
            {isPolling ? 'Polling …' : 'Poll now'}
          </button>
          <button
            type="button"
            title="Poll without recording or starting anything (t)"
            onClick={() => setOpened('test')}
          >
            Test
          </button>
          <button
            type="button"
            title="Start the workflow with a context that you write (f)"
            onClick={() => setOpened('fire')}
          >
            Fire …
          </button>
          <button type="button" title="Start recorded firings again" onClick={() => setOpened('refire')}>
            Refire …
          </button>
        </div>
      </div>
      <TriggerFacts trigger={trigger} />
      {trigger.takesState && <StatePanel name={name} />}
      <TimelinePanel trigger={trigger} />
      <RefireTable refires={refires} />
      <TickTable name={name} />
      {opened === 'fire' && <FireDialog trigger={trigger} onClose={() => setOpened(null)} />}
      {opened === 'refire' && (
        <RefireDialog name={name} onDone={() => refires.reload()} onClose={() => setOpened(null)} />
      )}
      {opened === 'test' && <TestDialog name={name} onClose={() => setOpened(null)} />}
    </>
  )
}
