/** Starts the workflow of a trigger like a firing, with a context that the visitor writes. */

import { useState } from 'preact/hooks'
import type { FiredByHand, Trigger } from '../api/answer-types.ts'
import { writeText } from '../api/client.ts'
import { Check } from '../fields/field.tsx'
import { JsonField, jsonProblem } from '../fields/json-field.tsx'
import { useNote } from '../fields/note.tsx'
import { ActionDialog } from '../overlays/action-dialog.tsx'
import { showToast } from '../overlays/toasts.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor } from '../routing/location.ts'

interface FireDialogProps {
  readonly trigger: Trigger
  onClose(): void
}

export function FireDialog({ trigger: { name, workflow, allowConcurrent }, onClose }: FireDialogProps) {
  const [text, setText] = useState('{\n  \n}')
  const note = useNote({ label: 'Note (optional)' })
  const [isForced, setForced] = useState(false)
  const fire = async (): Promise<void> => {
    const query = { ...note.part, force: isForced ? 'true' : undefined }
    const body = text.trim() === '' ? null : text
    tellFired((await writeText('/triggers/{name}/fire', { path: { name }, query }, body)) as FiredByHand)
  }
  return (
    <ActionDialog
      title={`Fire ${name}`}
      isWide
      verb="Fire"
      failure={`Could not fire "${name}"`}
      isBlocked={jsonProblem(text) !== null}
      act={fire}
      onClose={onClose}
    >
      <p>
        Starts workflow <strong>{workflow}</strong> as if the trigger had fired
        {allowConcurrent || isForced ? '.' : ', unless an execution with the same context is active.'}
      </p>
      <JsonField label="Context (JSON, sent unchanged)" text={text} onText={setText} />
      {note.field}
      <Check isOn={isForced} onChange={setForced}>
        Start even if executions are active
      </Check>
    </ActionDialog>
  )
}

function tellFired({ trigger, outcome, executionId, reason }: FiredByHand): void {
  const link = executionId !== null && <Link to={addressFor('executions', executionId)}>Open the execution</Link>
  if (outcome === 'fired') showToast(`"${trigger}" fired`, link)
  else showToast(`"${trigger}" started no execution: ${outcome}`, link || reason)
}
