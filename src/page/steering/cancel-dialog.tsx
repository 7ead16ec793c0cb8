/** Ends an execution early. */

import { useState } from 'preact/hooks'
import type { Execution } from '../api/answers.ts'
import { write } from '../api/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { attempt, tell } from '../parts/toasts.tsx'
import { NoteField, noted } from './note-field.tsx'

interface CancelDialogProps {
  readonly execution: Execution
  onClose(): void
  onDone(): void
}

export function CancelDialog({ execution, onClose, onDone }: CancelDialogProps) {
  const [note, setNote] = useState('')
  const [waits, setWaits] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const cancel = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const body = { ...noted(note), ...(waits && { wait: true }) }
    const isDone = await attempt('Could not cancel the execution', async () => {
      const answer = await write('/executions/{id}/cancel', { path: { id: execution.id } }, body)
      if (answer.state === 'asked')
        tell('Cancellation requested', 'The engine that runs the execution has not answered yet.')
      else tell('Execution cancelled', answer.lostScripts.length === 0 ? null : lostWords(answer.lostScripts))
    })
    setBusy(false)
    onDone()
    if (isDone) onClose()
  }
  return (
    <Dialog title={`Cancel ${execution.workflow}?`} onClose={onClose}>
      <form onSubmit={(event) => void cancel(event)}>
        <p class="faint">No further tasks start. Running tasks are stopped, unless you let them finish.</p>
        <label class="check">
          <input type="checkbox" checked={waits} onChange={({ currentTarget }) => setWaits(currentTarget.checked)} />
          <span>Let running tasks finish</span>
        </label>
        <NoteField note={note} onNote={setNote} />
        <div class="actions">
          <button type="submit" class="primary" disabled={isBusy}>
            Cancel execution
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function lostWords(scripts: readonly string[]): string {
  const names = scripts.join(', ')
  return `A task did not stop, so its interpreter was restarted. Scripts that lost their state in memory: ${names}.`
}
