/** Starts a workflow with a context that is written by hand, and goes to the execution. */

import { useState } from 'preact/hooks'
import { writeText } from '../api/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { attempt } from '../parts/toasts.tsx'
import { addressFor, goTo } from '../routing/location.ts'

interface ContextDialogProps {
  readonly workflow: string
  readonly title: string
  readonly hint: string
  /** What the field begins with. */
  readonly text: string
  onClose(): void
}

export function ContextDialog({ workflow, title, hint, text: given, onClose }: ContextDialogProps) {
  const [text, setText] = useState(given)
  const [isBusy, setBusy] = useState(false)
  const wrong = wrongWith(text)
  const start = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    await attempt('Could not start the workflow', async () => {
      const where = { path: { name: workflow } }
      const { id } = (await writeText('/workflows/{name}/executions', where, text)) as { readonly id: string }
      onClose()
      goTo(addressFor('executions', id))
    })
    setBusy(false)
  }
  return (
    <Dialog title={title} isWide onClose={onClose}>
      <form onSubmit={(event) => void start(event)}>
        <label>
          <span class="faint">{hint}</span>
          <textarea
            rows={12}
            spellcheck={false}
            aria-label="Context"
            aria-invalid={wrong !== null}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <div class="actions">
          <span class="problem-words" role="status">
            {wrong}
          </span>
          <button type="submit" class="primary" disabled={isBusy || wrong !== null}>
            Start
          </button>
        </div>
      </form>
    </Dialog>
  )
}

/** Null where it is a JSON object. */
function wrongWith(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? null : 'Enter a JSON object: {…}'
  } catch (thrown) {
    return (thrown as Error).message
  }
}
