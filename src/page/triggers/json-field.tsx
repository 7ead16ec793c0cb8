/** A field for a JSON object that is kept to the letter. Says where it is none. */

interface JsonFieldProps {
  readonly label: string
  readonly text: string
  onText(text: string): void
  /** Ctrl or Command with Enter. */
  onSubmit(): void
}

export function JsonField({ label, text, onText, onSubmit }: JsonFieldProps) {
  const problem = jsonProblem(text)
  return (
    <label>
      {label}
      <textarea
        autofocus
        rows={10}
        spellcheck={false}
        value={text}
        aria-invalid={problem !== null}
        onInput={({ currentTarget }) => onText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          if (problem === null) onSubmit()
        }}
      />
      <span class="small bad" role="status">
        {problem ?? ''}
      </span>
    </label>
  )
}

/** Null for a JSON object, and for nothing at all. */
export function jsonProblem(text: string): string | null {
  if (text.trim() === '') return null
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? null : 'Enter a JSON object: { … }'
  } catch (thrown) {
    return thrown instanceof Error ? `Invalid JSON: ${thrown.message}` : 'Invalid JSON'
  }
}
