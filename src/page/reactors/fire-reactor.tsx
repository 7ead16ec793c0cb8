/** Fires a reactor by hand, with its newest values and those that the visitor writes. */

import { useState } from 'preact/hooks'
import type { Reactor, ReactorFiringDetail } from '../api/answer-types.ts'
import { writeText } from '../api/client.ts'
import { JsonField, jsonProblem } from '../fields/json-field.tsx'
import { useNote } from '../fields/note.tsx'
import { ActionDialog } from '../overlays/action-dialog.tsx'
import { showToast } from '../overlays/toasts.tsx'

interface FireReactorProps {
  readonly reactor: Reactor
  onClose(): void
}

export function FireReactor({ reactor: { name, inputs }, onClose }: FireReactorProps) {
  const [text, setText] = useState('{}')
  const note = useNote({ label: 'Note (optional)' })
  const fire = async (): Promise<void> => {
    const where = { path: { name }, query: note.part }
    const body = text.trim() === '' ? null : text
    const firing = (await writeText('/reactors/{name}/fire', where, body)) as ReactorFiringDetail
    showToast(`"${name}" fired: firing ${firing.sequence}`)
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
        Runs the graphs of the reactor and starts the subscribed workflows. Values that you enter here replace the
        newest values of their sources: {inputs.map(({ source }) => source).join(', ')}.
      </p>
      <JsonField label="Values by source (JSON, sent unchanged)" text={text} onText={setText} />
      {note.field}
    </ActionDialog>
  )
}
