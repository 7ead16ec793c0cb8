/** Starts the workflow of a trigger as if it had fired, with a context that the visitor writes. */

import { useState } from 'preact/hooks'
import type { FiredByHand, Trigger } from '../api/answers.ts'
import { writeText } from '../api/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { attempt, tell } from '../parts/toasts.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'
import { JsonField, jsonProblem } from './json-field.tsx'

interface FireDialogProps {
  readonly trigger: Trigger
  onClose(): void
}

export function FireDialog({ trigger: { name, workflow, allowConcurrent }, onClose }: FireDialogProps) {
  const [text, setText] = useState('{\n  \n}')
  const [note, setNote] = useState('')
  const [isForced, setForced] = useState(false)
  const [isBusy, setBusy] = useState(false)
  const fire = async (): Promise<void> => {
    setBusy(true)
    const hasFired = await attempt(`Could not fire "${name}"`, async () => {
      const query = { note: note.trim() === '' ? undefined : note.trim(), force: isForced ? 'true' : undefined }
      const body = text.trim() === '' ? null : text
      tellFired((await writeText('/triggers/{name}/fire', { path: { name }, query }, body)) as FiredByHand)
    })
    setBusy(false)
    if (hasFired) onClose()
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    void fire()
  }
  return (
    <Dialog title={`Fire ${name}`} isWide onClose={onClose}>
      <form onSubmit={submit}>
        <p>
          Starts workflow <strong>{workflow}</strong> as if the trigger had fired
          {allowConcurrent || isForced ? '.' : ', unless an execution with the same context is active.'}
        </p>
        <JsonField label="Context (JSON, sent unchanged)" text={text} onText={setText} onSubmit={() => void fire()} />
        <label>
          Note (optional)
          <input maxLength={1_000} value={note} onInput={({ currentTarget }) => setNote(currentTarget.value)} />
        </label>
        <label class="check">
          <input type="checkbox" checked={isForced} onInput={({ currentTarget }) => setForced(currentTarget.checked)} />
          Start even if executions are active
        </label>
        <div class="actions">
          <button type="submit" class="primary" disabled={isBusy || jsonProblem(text) !== null}>
            Fire
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function tellFired({ trigger, outcome, executionId, reason }: FiredByHand): void {
  const link = executionId !== null && <Link to={addressFor('executions', executionId)}>Open the execution</Link>
  if (outcome === 'fired') tell(`"${trigger}" fired`, link)
  else tell(`"${trigger}" started no execution: ${outcome}`, link || reason)
}
