/** One trigger: how it is polled and what came of it, along time and as a list; what can be done with it. */

import { useState } from 'preact/hooks'
import type { Trigger } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { useKeys } from '../keyboard/keys.ts'
import { isOfTrigger } from '../live/concerns.ts'
import { OTHERS_EVERY_MS, useReadingAgain } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { Link } from '../routing/link.tsx'
import type { ScreenProps } from '../routing/screens.ts'
import { FireDialog } from './fire-dialog.tsx'
import { pollNow } from './poll-now.ts'
import { askToSwitch, SwitchDialog, TriggerSwitch } from './switching.tsx'
import { TestDialog } from './test-dialog.tsx'
import { TickTable } from './tick-table.tsx'
import { TimelinePanel } from './timeline-panel.tsx'
import { TriggerFacts } from './trigger-facts.tsx'

export function TriggerScreen({ params: [name = ''] }: ScreenProps) {
  const trigger = useResource(`trigger ${name}`, {
    load: (signal) => read('/triggers/{name}', { path: { name }, signal }),
    concerns: (event) => isOfTrigger(event, name),
  })
  useReadingAgain(trigger, OTHERS_EVERY_MS)
  return (
    <main>
      <p class="crumbs">
        <Link to="/triggers">Triggers</Link>
      </p>
      <Loaded resource={trigger} what={`trigger "${name}"`}>
        {(value) => <One trigger={value} onChange={() => trigger.reload()} />}
      </Loaded>
      <SwitchDialog />
    </main>
  )
}

type Opened = 'fire' | 'test' | null

function One({ trigger, onChange }: { readonly trigger: Trigger; onChange(): void }) {
  const [opened, setOpened] = useState<Opened>(null)
  const [isPolling, setPolling] = useState(false)
  const { name } = trigger
  const poll = async (): Promise<void> => {
    if (isPolling) return
    setPolling(true)
    await pollNow(name)
    setPolling(false)
    onChange()
  }
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
        </div>
      </div>
      <TriggerFacts trigger={trigger} />
      <TimelinePanel trigger={trigger} />
      <TickTable name={name} />
      {opened === 'fire' && <FireDialog trigger={trigger} onClose={() => setOpened(null)} />}
      {opened === 'test' && <TestDialog name={name} onClose={() => setOpened(null)} />}
    </>
  )
}
