/** Dialogs that override the values of a limit, and that close and open its slots. */

import { useState } from 'preact/hooks'
import type { ListedLimit } from '../api/answer-types.ts'
import { write } from '../api/client.ts'
import { Check, Field } from '../fields/field.tsx'
import { useNote } from '../fields/note.tsx'
import { ActionDialog } from '../overlays/action-dialog.tsx'
import { showToast } from '../overlays/toasts.tsx'

interface LimitDialogProps {
  readonly limit: ListedLimit
  onDone(): void
  onClose(): void
}

interface SlotsDialogProps extends LimitDialogProps {
  readonly isOpening: boolean
}

const MINUTE_MS = 60_000

/** Times for which slots can be closed. Null: until they are opened. */
const CLOSINGS: readonly (readonly [words: string, ms: number | null])[] = [
  ['10 minutes', 10 * MINUTE_MS],
  ['1 minute', MINUTE_MS],
  ['1 hour', 60 * MINUTE_MS],
  ['1 day', 24 * 60 * MINUTE_MS],
  ['until opened', null],
]

export function SetLimitDialog({ limit, onDone, onClose }: LimitDialogProps) {
  const { name, workflow } = limit
  const [maxActive, setMaxActive] = useState(String(limit.maxActive ?? ''))
  const [rate, setRate] = useState(limit.rate ?? '')
  const [isReset, setReset] = useState(false)
  const note = useNote()
  const problem = isReset || isPositive(maxActive) || maxActive.trim() === '' ? '' : 'Enter a whole number from 1.'
  const set = async (): Promise<void> => {
    const values = { maxActive: numberIn(maxActive), ...(workflow === null && { rate: rate.trim() || null }) }
    await write('/limits/{name}/set', { path: { name } }, { ...note.part, ...(isReset ? { reset: true } : values) })
    showToast(isReset ? `"${name}" has its declared values` : `"${name}" is overridden`)
    onDone()
  }
  return (
    <ActionDialog
      title={`Set ${name}`}
      verb={isReset ? 'Reset limit' : 'Set limit'}
      failure={`Could not set "${name}"`}
      isBlocked={problem !== ''}
      act={set}
      onClose={onClose}
    >
      <p class="faint">The values override those of the code in all engines, even after a restart.</p>
      <Field label="Maximum at the same time (empty: none)" error={problem}>
        <input
          autofocus
          type="text"
          inputMode="numeric"
          value={maxActive}
          disabled={isReset}
          aria-invalid={problem !== ''}
          onInput={({ currentTarget }) => setMaxActive(currentTarget.value)}
        />
      </Field>
      {workflow === null && (
        <Field label="Rate, such as 100/1m (empty: none)">
          <input
            type="text"
            value={rate}
            disabled={isReset}
            onInput={({ currentTarget }) => setRate(currentTarget.value)}
          />
        </Field>
      )}
      <Check isOn={isReset} onChange={setReset}>
        Remove the overrides and use the values of the code
      </Check>
      {note.field}
    </ActionDialog>
  )
}

/** Closes slots, or opens closed ones. */
export function SlotsDialog({ limit: { name, per }, isOpening, onDone, onClose }: SlotsDialogProps) {
  const [chosen, setChosen] = useState(0)
  const [value, setValue] = useState('')
  const note = useNote()
  const verb = isOpening ? 'Open' : 'Close'
  const act = async (): Promise<void> => {
    const forMs = isOpening ? null : (CLOSINGS[chosen]?.[1] ?? null)
    const body = {
      ...note.part,
      ...(value.trim() && { value: scalarIn(value.trim()) }),
      ...(forMs !== null && { forMs }),
    }
    await write(isOpening ? '/limits/{name}/open' : '/limits/{name}/close', { path: { name } }, body)
    showToast(`"${name}" is ${isOpening ? 'open' : 'closed'}`)
    onDone()
  }
  return (
    <ActionDialog
      title={`${verb} ${name}`}
      verb={`${verb} limit`}
      failure={`Could not ${verb.toLowerCase()} "${name}"`}
      act={act}
      onClose={onClose}
    >
      {!isOpening && (
        <Field label="Nothing takes a slot while it is closed. Closed for">
          <select autofocus value={chosen} onChange={({ currentTarget }) => setChosen(Number(currentTarget.value))}>
            {CLOSINGS.map(([words], index) => (
              <option key={words} value={index}>
                {words}
              </option>
            ))}
          </select>
        </Field>
      )}
      {per !== null && (
        <Field label={`Only for this value of ${per} (text or JSON; empty: all values)`}>
          <input type="text" value={value} onInput={({ currentTarget }) => setValue(currentTarget.value)} />
        </Field>
      )}
      {note.field}
    </ActionDialog>
  )
}

function scalarIn(text: string): string | number | boolean | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? text : (value as string | number | boolean | null)
  } catch {
    // Ignored: such a text is a value without quotes
    return text
  }
}

function isPositive(text: string): boolean {
  return /^[1-9]\d{0,8}$/.test(text.trim())
}

function numberIn(text: string): number | null {
  return isPositive(text) ? Number(text) : null
}
