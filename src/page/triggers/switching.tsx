/** Enables or disables a trigger, with a note. */

import { signal } from '@preact/signals'
import type { Trigger } from '../api/answer-types.ts'
import { write } from '../api/client.ts'
import { useNote } from '../fields/note.tsx'
import { ActionDialog } from '../overlays/action-dialog.tsx'
import { showToast } from '../overlays/toasts.tsx'

type Switched = Pick<Trigger, 'name' | 'enabled'>

/** Trigger of the open dialog, or null. */
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

/** Must be once on a screen with switches. */
export function SwitchDialog() {
  if (asked.value === null) return null
  const { trigger, onDone } = asked.value
  return <Ask key={trigger.name} trigger={trigger} onDone={onDone} />
}

function Ask({ trigger: { name, enabled }, onDone }: { readonly trigger: Switched; onDone(): void }) {
  const note = useNote({ label: 'Note (optional, shown with the trigger)', autofocus: true })
  const verb = enabled ? 'Disable' : 'Enable'
  const act = async (): Promise<void> => {
    const path = enabled ? '/triggers/{name}/disable' : '/triggers/{name}/enable'
    await write(path, { path: { name } }, note.part)
    showToast(`"${name}" is ${enabled ? 'disabled' : 'enabled'}`)
    onDone()
  }
  return (
    <ActionDialog
      title={`${verb} ${name}`}
      verb={verb}
      failure={`Could not ${verb.toLowerCase()} "${name}"`}
      act={act}
      onClose={() => {
        asked.value = null
      }}
    >
      <p>
        {enabled
          ? 'The trigger starts no execution until you enable it again, even after a restart.'
          : 'From now on, the trigger can start executions of its workflow again.'}
      </p>
      {note.field}
    </ActionDialog>
  )
}
