/** Removes a trigger that no served script declares, with its history. */

import { signal } from '@preact/signals'
import { write } from '../api/client.ts'
import { useNote } from '../fields/note.tsx'
import { ActionDialog } from '../overlays/action-dialog.tsx'
import { showToast } from '../overlays/toasts.tsx'
import { exactTime } from '../parts/zone.ts'

interface Removed {
  readonly name: string
  readonly undeclaredAt: string | null
}

/** Trigger of the open dialog, or null. */
const asked = signal<{ readonly name: string; onDone(): void } | null>(null)

interface UndeclaredProps {
  readonly trigger: Removed
  /** Called after the trigger was removed. */
  onDone(): void
}

export function Undeclared({ trigger: { name, undeclaredAt }, onDone }: UndeclaredProps) {
  if (undeclaredAt === null) return null
  return (
    <>
      <span class="state warn" title={`Not declared by any served script since ${exactTime(Date.parse(undeclaredAt))}`}>
        not declared
      </span>
      <button
        type="button"
        class="in-row danger"
        aria-label={`Remove ${name}`}
        onClick={() => {
          asked.value = { name, onDone }
        }}
      >
        Remove …
      </button>
    </>
  )
}

/** Must be once on a screen with undeclared triggers. */
export function RemovalDialog() {
  if (asked.value === null) return null
  const { name, onDone } = asked.value
  return <Ask key={name} name={name} onDone={onDone} />
}

function Ask({ name, onDone }: { readonly name: string; onDone(): void }) {
  const note = useNote({ label: 'Note (optional)', autofocus: true })
  const act = async (): Promise<void> => {
    await write('/triggers/{name}/delete', { path: { name } }, note.part)
    showToast(`"${name}" is removed`)
    onDone()
  }
  return (
    <ActionDialog
      title={`Remove ${name}`}
      verb="Remove"
      failure={`Could not remove "${name}"`}
      act={act}
      onClose={() => {
        asked.value = null
      }}
    >
      <p>
        Deletes the trigger with its polls, firings and state. Its executions stay. If a script declares the trigger
        again, it starts without a history.
      </p>
      {note.field}
    </ActionDialog>
  )
}
