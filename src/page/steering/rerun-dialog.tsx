/** Starts the workflow of an execution with its input, changed or not: to the letter, so that numbers stay what they are. */

import { useEffect, useState } from 'preact/hooks'
import type { Execution } from '../api/answers.ts'
import { readText } from '../api/client.ts'
import { shownBytes } from '../parts/bytes.ts'
import { tellProblem } from '../parts/toasts.tsx'
import { ContextDialog } from './context-dialog.tsx'

/** A larger one is not for a text field. */
const EDITED_BYTES = 512 * 1_024

interface RerunDialogProps {
  readonly execution: Execution
  onClose(): void
}

export function RerunDialog({ execution, onClose }: RerunDialogProps) {
  const { id, workflow, inputBytes } = execution
  const isSmall = inputBytes <= EDITED_BYTES
  const [text, setText] = useState<string | null>(isSmall ? null : '{}')
  useEffect(() => {
    if (!isSmall) return
    readText('/executions/{id}/input', { path: { id } }).then(setText, (thrown: unknown) => {
      tellProblem('Could not load the input', thrown)
      onClose()
    })
  }, [])
  if (text === null) return null
  const hint = isSmall
    ? 'Input of the new execution. Numbers are sent as you write them.'
    : `The old input is too large to edit here (${shownBytes(inputBytes)}). Enter a new input, or use Retry.`
  return <ContextDialog workflow={workflow} title={`Run ${workflow} again`} hint={hint} text={text} onClose={onClose} />
}
