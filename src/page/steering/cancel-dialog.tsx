/** Cancels an execution. */

import { useState } from 'preact/hooks'
import type { Execution } from '../api/answer-types.ts'
import { write } from '../api/client.ts'
import { Check } from '../fields/field.tsx'
import { useNote } from '../fields/note.tsx'
import { ActionDialog } from '../overlays/action-dialog.tsx'
import { showToast } from '../overlays/toasts.tsx'

interface CancelDialogProps {
  readonly execution: Execution
  onClose(): void
  onDone(): void
}

export function CancelDialog({ execution: { id, workflow }, onClose, onDone }: CancelDialogProps) {
  const note = useNote()
  const [waits, setWaits] = useState(false)
  const cancel = async (): Promise<void> => {
    const body = { ...note.part, ...(waits && { wait: true }) }
    const answer = await write('/executions/{id}/cancel', { path: { id } }, body).finally(onDone)
    if (answer.state === 'asked')
      showToast('Cancellation requested', 'The engine that runs the execution has not answered yet.')
    else showToast('Execution cancelled', answer.lostScripts.length === 0 ? null : lostWords(answer.lostScripts))
  }
  return (
    <ActionDialog
      title={`Cancel ${workflow}?`}
      verb="Cancel execution"
      failure="Could not cancel the execution"
      act={cancel}
      onClose={onClose}
    >
      <p class="faint">No further tasks start. Running tasks are stopped, unless you let them finish.</p>
      <Check isOn={waits} onChange={setWaits}>
        Let running tasks finish
      </Check>
      {note.field}
    </ActionDialog>
  )
}

function lostWords(scripts: readonly string[]): string {
  const names = scripts.join(', ')
  return `A task did not stop, so its interpreter was restarted. Scripts that lost their state in memory: ${names}.`
}
