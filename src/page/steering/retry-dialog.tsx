/** Starts an execution again: what did not complete, a task and all after it, or everything. */

import { useState } from 'preact/hooks'
import type { Execution } from '../api/answers.ts'
import { write } from '../api/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { attempt } from '../parts/toasts.tsx'
import { addressFor, goTo } from '../routing/location.ts'
import { NoteField, noted } from './note-field.tsx'

interface RetryDialogProps {
  readonly execution: Execution
  readonly task: string | null
  onClose(): void
}

type Scope = 'rest' | 'from' | 'all'

export function RetryDialog({ execution, task, onClose }: RetryDialogProps) {
  const { id, workflow, status, tasks } = execution
  const [scope, setScope] = useState<Scope>(task !== null ? 'from' : status === 'Completed' ? 'all' : 'rest')
  const [from, setFrom] = useState(task ?? tasks[0]?.id ?? '')
  const [note, setNote] = useState('')
  const [isBusy, setBusy] = useState(false)
  const retry = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const body = { ...noted(note), ...(scope === 'from' && { from }), ...(scope === 'all' && { all: true }) }
    await attempt('Could not retry the execution', async () => {
      const answer = await write('/executions/{id}/retry', { path: { id } }, body)
      onClose()
      goTo(addressFor('executions', answer.id))
    })
    setBusy(false)
  }
  const choice = (value: Scope, words: string) => (
    <label class="check">
      <input type="radio" name="scope" checked={scope === value} onChange={() => setScope(value)} />
      <span>{words}</span>
    </label>
  )
  return (
    <Dialog title={`Retry ${workflow}`} onClose={onClose}>
      <form onSubmit={(event) => void retry(event)}>
        <fieldset>
          <legend class="faint">Tasks that run again in a new execution with the same input</legend>
          {choice('rest', 'Tasks that did not complete; the others keep their output')}
          {choice('from', 'A task and all tasks after it')}
          {scope === 'from' && (
            <select aria-label="Task" value={from} onChange={({ currentTarget }) => setFrom(currentTarget.value)}>
              {tasks.map((each) => (
                <option key={each.id} value={each.id}>
                  {each.id} ({each.status})
                </option>
              ))}
            </select>
          )}
          {choice('all', 'All tasks')}
        </fieldset>
        <NoteField note={note} onNote={setNote} />
        <div class="actions">
          <button type="submit" class="primary" disabled={isBusy}>
            Retry
          </button>
        </div>
      </form>
    </Dialog>
  )
}
