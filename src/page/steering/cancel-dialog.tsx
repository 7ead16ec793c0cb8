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
    const isDone = await attempt('It was not cancelled', async () => {
      const answer = await write('/executions/{id}/cancel', { path: { id: execution.id } }, body)
      if (answer.state === 'asked') tell('The process that runs it has been asked', 'It has not answered yet.')
      else tell('Cancelled', answer.lostScripts.length === 0 ? null : lostWords(answer.lostScripts))
    })
    setBusy(false)
    onDone()
    if (isDone) onClose()
  }
  return (
    <Dialog title={`Cancel ${execution.workflow}?`} onClose={onClose}>
      <form onSubmit={(event) => void cancel(event)}>
        <p class="faint">No further task of it starts. What runs is stopped.</p>
        <label class="check">
          <input type="checkbox" checked={waits} onChange={({ currentTarget }) => setWaits(currentTarget.checked)} />
          <span>Let the tasks that run end by themselves</span>
        </label>
        <NoteField note={note} onNote={setNote} />
        <div class="actions">
          <button type="submit" class="primary" disabled={isBusy}>
            Cancel it
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function lostWords(scripts: readonly string[]): string {
  return `A task did not stop: its interpreter was ended, with the state of ${scripts.join(', ')}.`
}
