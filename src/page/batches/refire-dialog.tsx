/** Starts recorded firings of a trigger again. */

import { useState } from 'preact/hooks'
import type { ExecutionStatus } from '../api/answer-types.ts'
import { read, write } from '../api/client.ts'
import { Field } from '../fields/field.tsx'
import { showToast } from '../overlays/toasts.tsx'
import { EXECUTION_STATUSES } from '../parts/states.tsx'
import { BatchDialog, type ChosenRange, type ChosenStart, executionsText, type Preview } from './batch-dialog.tsx'

interface RefireDialogProps {
  readonly name: string
  onDone(): void
  onClose(): void
}

export function RefireDialog({ name, onDone, onClose }: RefireDialogProps) {
  const [status, setStatus] = useState<ExecutionStatus | ''>('')
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const chosen = status === '' ? {} : { status }
  const path = { name }
  const preview = async (range: ChosenRange, signal: AbortSignal): Promise<Preview> => {
    const query = { ...range, timezone, ...chosen }
    const { executions, pruned } = await read('/triggers/{name}/refires/preview', { path, query, signal })
    const sentence = `${executionsText(executions)} would start.`
    return { executions, sentence: pruned === 0 ? sentence : `${sentence} ${pruned} firings have no stored execution.` }
  }
  const start = async (range: ChosenStart): Promise<void> => {
    const { total } = await write('/triggers/{name}/refires', { path }, { ...range, timezone, ...chosen })
    showToast(`Refire of "${name}" started: ${executionsText(total)}`)
    onDone()
  }
  return (
    <BatchDialog
      title={`Refire ${name}`}
      introduction="Starts the recorded firings in the range again, with their stored contexts."
      zone={timezone}
      failure={`Could not refire "${name}"`}
      choices={status}
      preview={preview}
      start={start}
      onClose={onClose}
    >
      <Field label="Status of their executions">
        <select value={status} onChange={({ currentTarget }) => setStatus(currentTarget.value as ExecutionStatus | '')}>
          <option value="">All</option>
          {EXECUTION_STATUSES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </Field>
    </BatchDialog>
  )
}
