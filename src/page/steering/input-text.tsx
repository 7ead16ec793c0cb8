/** Field for the input of an execution as JSON. */

import { Field } from '../fields/field.tsx'
import { jsonProblem } from '../fields/json-field.tsx'

interface InputTextProps {
  readonly hint?: string | undefined
  readonly text: string
  onText(text: string): void
}

export function InputText({ hint, text, onText }: InputTextProps) {
  const problem = jsonProblem(text, true)
  return (
    <Field
      label={<span class="faint">{hint ?? 'Input of the execution. Numbers are sent as you write them.'}</span>}
      error={problem ?? ''}
    >
      <textarea
        rows={12}
        spellcheck={false}
        aria-label="Context"
        aria-invalid={problem !== null}
        value={text}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
      />
    </Field>
  )
}
