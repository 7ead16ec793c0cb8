/** Retries an execution: its uncompleted tasks, a task and those after it, or all tasks. */

import { useState } from 'preact/hooks'
import type { Execution } from '../api/answer-types.ts'
import { write } from '../api/client.ts'
import { Check } from '../fields/field.tsx'
import { useNote } from '../fields/note.tsx'
import { ActionDialog } from '../overlays/action-dialog.tsx'
import { addressFor, goTo } from '../routing/location.ts'

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
  const note = useNote()
  const retry = async (): Promise<void> => {
    const body = { ...note.part, ...(scope === 'from' && { from }), ...(scope === 'all' && { all: true }) }
    const answer = await write('/executions/{id}/retry', { path: { id } }, body)
    goTo(addressFor('executions', answer.id))
  }
  const choice = (value: Scope, words: string) => (
    <Check group="scope" isOn={scope === value} onChange={() => setScope(value)}>
      <span>{words}</span>
    </Check>
  )
  return (
    <ActionDialog
      title={`Retry ${workflow}`}
      verb="Retry"
      failure="Could not retry the execution"
      act={retry}
      onClose={onClose}
    >
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
      {note.field}
    </ActionDialog>
  )
}
