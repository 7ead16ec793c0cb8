/** Switches a trigger on or off, with a note that says why. */

import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'
import type { Trigger } from '../api/answers.ts'
import { write } from '../api/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { attempt, tell } from '../parts/toasts.tsx'

type Switched = Pick<Trigger, 'name' | 'enabled'>

/** The one that the dialog asks about. */
const asked = signal<{ readonly trigger: Switched; onDone(): void } | null>(null)

export function askToSwitch(trigger: Switched, onDone: () => void): void {
  asked.value = { trigger, onDone }
}

export function TriggerSwitch({ trigger, onDone }: { readonly trigger: Switched; onDone(): void }) {
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={trigger.enabled}
      aria-label={`${trigger.name} is enabled`}
      title={trigger.enabled ? 'Enabled. Click to disable (e).' : 'Disabled. Click to enable (e).'}
      onClick={() => askToSwitch(trigger, onDone)}
    />
  )
}

/** Once on a screen that has switches. */
export function SwitchDialog() {
  if (asked.value === null) return null
  const { trigger, onDone } = asked.value
  return <Ask key={trigger.name} trigger={trigger} onDone={onDone} />
}

function Ask({ trigger: { name, enabled }, onDone }: { readonly trigger: Switched; onDone(): void }) {
  const [note, setNote] = useState('')
  const [isBusy, setBusy] = useState(false)
  const verb = enabled ? 'Disable' : 'Enable'
  const act = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const path = enabled ? '/triggers/{name}/disable' : '/triggers/{name}/enable'
    const hasDone = await attempt(`Could not ${verb.toLowerCase()} "${name}"`, async () => {
      await write(path, { path: { name } }, note.trim() === '' ? {} : { note: note.trim() })
      tell(`"${name}" is ${enabled ? 'disabled' : 'enabled'}`)
    })
    setBusy(false)
    if (!hasDone) return
    asked.value = null
    onDone()
  }
  return (
    <Dialog
      title={`${verb} ${name}`}
      onClose={() => {
        asked.value = null
      }}
    >
      <form onSubmit={act}>
        <p>
          {enabled
            ? 'The trigger starts no execution until you enable it again, even after a restart.'
            : 'From now on, the trigger can start executions of its workflow again.'}
        </p>
        <label>
          Note (optional, shown with the trigger)
          <input
            autofocus
            maxLength={1_000}
            value={note}
            onInput={({ currentTarget }) => setNote(currentTarget.value)}
          />
        </label>
        <div class="actions">
          <button type="submit" class="primary" disabled={isBusy}>
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
