/** Fires a reactor by hand, with its newest values and those that the visitor writes. */

import { useState } from 'preact/hooks'
import type { FiringRow, Reactor } from '../api/answers.ts'
import { writeText } from '../api/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { attempt, tell } from '../parts/toasts.tsx'
import { JsonField, jsonProblem } from '../triggers/json-field.tsx'

interface FireReactorProps {
  readonly reactor: Reactor
  onClose(): void
}

export function FireReactor({ reactor: { name, inputs }, onClose }: FireReactorProps) {
  const [text, setText] = useState('{}')
  const [note, setNote] = useState('')
  const [isBusy, setBusy] = useState(false)
  const fire = async (): Promise<void> => {
    setBusy(true)
    const hasFired = await attempt(`Could not fire "${name}"`, async () => {
      const query = { note: note.trim() === '' ? undefined : note.trim() }
      const body = text.trim() === '' ? null : text
      const firing = (await writeText('/reactors/{name}/fire', { path: { name }, query }, body)) as FiringRow
      tell(`"${name}" fired: firing ${firing.sequence}`)
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
          Runs the graphs of the reactor and starts the subscribed workflows. Values that you enter here replace the
          newest values of their sources: {inputs.map(({ source }) => source).join(', ')}.
        </p>
        <JsonField
          label="Values by source (JSON, sent unchanged)"
          text={text}
          onText={setText}
          onSubmit={() => void fire()}
        />
        <label>
          Note (optional)
          <input maxLength={1_000} value={note} onInput={({ currentTarget }) => setNote(currentTarget.value)} />
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
