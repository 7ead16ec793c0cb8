/** Actions on an execution: cancel, pause, resume, retry, run again with another input. */

import { useState } from 'preact/hooks'
import type { Execution, Workflow } from '../api/answer-types.ts'
import { write } from '../api/client.ts'
import { useKeys } from '../keyboard/keys.ts'
import { attemptAction, showToast } from '../overlays/toasts.tsx'
import { hasEnded } from '../parts/states.tsx'
import { CancelDialog } from './cancel-dialog.tsx'
import { RerunDialog } from './rerun-dialog.tsx'
import { RetryDialog } from './retry-dialog.tsx'

type Open = 'cancel' | 'retry' | 'rerun' | null

interface SteeringProps {
  readonly execution: Execution
  /** Null if the workflow is unknown or gone. */
  readonly definition: Workflow | null
  /** Selected task, which a retry may begin with. */
  readonly task: string | null
  onDone(): void
}

export function Steering({ execution, definition, task, onDone }: SteeringProps) {
  const [open, setOpen] = useState<Open>(null)
  const { id, status } = execution
  const isOver = hasEnded(status)
  const pause = async (): Promise<void> => {
    const verb = status === 'Paused' ? 'resume' : 'pause'
    await attemptAction(`Could not ${verb} the execution`, async () => {
      const { state } = await write(`/executions/{id}/${verb}`, { path: { id } }, {})
      if (state === 'asked')
        showToast(`Request to ${verb} sent`, 'The engine that runs the execution has not answered yet.')
    })
    onDone()
  }
  useKeys(
    isOver
      ? [
          { key: 'r', does: 'retry the execution', press: () => setOpen('retry') },
          { key: 'e', does: 'run the workflow again with another input', press: () => setOpen('rerun') },
        ]
      : [
          { key: 'c', does: 'cancel the execution', press: () => setOpen('cancel') },
          {
            key: 'p',
            does: status === 'Paused' ? 'resume the execution' : 'pause the execution',
            press: () => void pause(),
          },
        ],
  )
  const close = (): void => setOpen(null)
  return (
    <div class="steering">
      {isOver ? (
        <>
          <button type="button" class={status === 'Completed' ? '' : 'primary'} onClick={() => setOpen('retry')}>
            Retry
          </button>
          <button type="button" onClick={() => setOpen('rerun')}>
            Run again …
          </button>
        </>
      ) : (
        <>
          <button type="button" onClick={() => void pause()}>
            {status === 'Paused' ? 'Resume' : 'Pause'}
          </button>
          <button type="button" class="danger" onClick={() => setOpen('cancel')}>
            Cancel
          </button>
        </>
      )}
      {open === 'cancel' && <CancelDialog execution={execution} onClose={close} onDone={onDone} />}
      {open === 'retry' && <RetryDialog execution={execution} task={task} onClose={close} />}
      {open === 'rerun' && <RerunDialog execution={execution} definition={definition} onClose={close} />}
    </div>
  )
}
