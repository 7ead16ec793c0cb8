/** A dialog that calls an action, with the values of its fields. It closes if the action succeeds. */

import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Dialog } from './dialog.tsx'
import { attemptAction } from './toasts.tsx'

interface ActionDialogProps {
  readonly title: string
  readonly isWide?: boolean
  /** Text of the button that calls the action. */
  readonly verb: string
  /** Title of the notice if the action fails. */
  readonly failure: string
  /** True while the action cannot be called with the values. */
  readonly isBlocked?: boolean
  readonly status?: ComponentChildren
  readonly children: ComponentChildren
  act(): Promise<void>
  onClose(): void
}

export function ActionDialog(props: ActionDialogProps) {
  const { title, isWide = false, verb, failure, isBlocked = false, status, children, act, onClose } = props
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    setBusy(true)
    const isDone = await attemptAction(failure, act)
    setBusy(false)
    if (isDone) onClose()
  }
  return (
    <Dialog title={title} isWide={isWide} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        {children}
        <div class="actions">
          {status}
          <button type="submit" class="primary" disabled={isBusy || isBlocked}>
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
