/** A field for a JSON object, which is sent unchanged. */

import { Field } from './field.tsx'

const NOT_AN_OBJECT = 'Enter a JSON object: { … }'

interface JsonFieldProps {
  readonly label: string
  readonly text: string
  /** Whether an empty text is an error. */
  readonly isRequired?: boolean
  onText(text: string): void
}

export function JsonField({ label, text, isRequired = false, onText }: JsonFieldProps) {
  const problem = jsonProblem(text, isRequired)
  const submit = (event: KeyboardEvent & { readonly currentTarget: HTMLTextAreaElement }): void => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    if (problem === null) event.currentTarget.form?.requestSubmit()
  }
  return (
    <Field label={label} error={problem ?? ''}>
      <textarea
        autofocus
        rows={10}
        spellcheck={false}
        value={text}
        aria-invalid={problem !== null}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
        onKeyDown={submit}
      />
    </Field>
  )
}

/** Returns the error in a text; null for a JSON object, and for an empty text unless an object is required. */
export function jsonProblem(text: string, isRequired = false): string | null {
  if (text.trim() === '') return isRequired ? NOT_AN_OBJECT : null
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? null : NOT_AN_OBJECT
  } catch (thrown) {
    return thrown instanceof Error ? `Invalid JSON: ${thrown.message}` : 'Invalid JSON'
  }
}
