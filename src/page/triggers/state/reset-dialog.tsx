/** Resets the state of a trigger, with a note. */

import { useNote } from '../../fields/note.tsx'
import { ActionDialog } from '../../overlays/action-dialog.tsx'
import { showToast } from '../../overlays/toasts.tsx'
import { resetState } from './stored-state.ts'

interface ResetDialogProps {
  readonly name: string
  onChange(): void
  onClose(): void
}

export function ResetDialog({ name, onChange, onClose }: ResetDialogProps) {
  const note = useNote({ label: 'Note (optional)', autofocus: true })
  const act = async (): Promise<void> => {
    await resetState(name, note.part)
    showToast(`State of "${name}" reset`)
    onChange()
  }
  return (
    <ActionDialog
      title={`Reset the state of ${name}`}
      verb="Reset"
      failure={`Could not reset the state of "${name}"`}
      act={act}
      onClose={onClose}
    >
      <p>
        The next poll starts from the state before the first poll. It may fire again for events that have already fired
        without a key.
      </p>
      {note.field}
    </ActionDialog>
  )
}
