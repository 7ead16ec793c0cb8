/** Starts a workflow with the input of an execution, edited or unchanged. Numbers keep their spelling. */

import { useEffect, useState } from 'preact/hooks'
import type { Execution, Workflow } from '../api/answer-types.ts'
import { readText } from '../api/client.ts'
import { showProblem } from '../overlays/toasts.tsx'
import { formatBytes } from '../parts/bytes.ts'
import { MAX_EDITED_BYTES } from './last-input.tsx'
import { RunDialog } from './run-dialog.tsx'

interface RerunDialogProps {
  readonly execution: Execution
  /** Null if the workflow is unknown or gone. */
  readonly definition: Workflow | null
  onClose(): void
}

export function RerunDialog({ execution, definition, onClose }: RerunDialogProps) {
  const { id, workflow, inputBytes } = execution
  const isSmall = inputBytes <= MAX_EDITED_BYTES
  const [text, setText] = useState<string | null>(isSmall ? null : '{}')
  useEffect(() => {
    if (!isSmall) return
    readText('/executions/{id}/input', { path: { id } }).then(setText, (thrown: unknown) => {
      showProblem('Could not load the input', thrown)
      onClose()
    })
  }, [])
  if (text === null) return null
  const size = formatBytes(inputBytes)
  const tooLarge = `The old input is too large to edit here (${size}). Enter a new input, or use Retry.`
  return (
    <RunDialog
      workflow={workflow}
      title={`Run ${workflow} again`}
      schema={definition?.inputSchema}
      text={text}
      {...(!isSmall && { hint: tooLarge })}
      onClose={onClose}
    />
  )
}
