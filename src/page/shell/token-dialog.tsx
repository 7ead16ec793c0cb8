/** Prompts for the token of an engine that requires one. */

import { useState } from 'preact/hooks'
import { setToken } from '../api/token.ts'
import { Field } from '../fields/field.tsx'
import { ActionDialog } from '../overlays/action-dialog.tsx'

export function TokenDialog() {
  const [text, setText] = useState('')
  const token = text.trim()
  const take = async (): Promise<void> => {
    setToken(token)
    location.reload()
  }
  return (
    <ActionDialog
      title="Token required"
      verb="Continue"
      failure="Could not store the token"
      isBlocked={token === ''}
      act={take}
      onClose={() => setText('')}
    >
      <Field
        label={
          <>
            Value of <code>CLOACA_HTTP_TOKEN</code>
          </>
        }
      >
        <input
          type="password"
          autocomplete="off"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </Field>
    </ActionDialog>
  )
}
