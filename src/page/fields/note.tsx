/** Field for the reason of an action, which the engine stores with the action. */

import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { Field } from './field.tsx'

interface Note {
  readonly field: VNode
  /** The note as a part of a request; empty without a note. */
  readonly part: { readonly note?: string }
}

interface NoteOptions {
  readonly label: string
  readonly placeholder?: string
  readonly autofocus?: boolean
}

const STORED: NoteOptions = { label: 'Note', placeholder: 'Optional reason, stored with the action' }

export function useNote({ label, ...rest }: NoteOptions = STORED): Note {
  const [text, setText] = useState('')
  const note = text.trim()
  return {
    field: (
      <Field label={label}>
        <input
          {...rest}
          type="text"
          maxLength={1_000}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </Field>
    ),
    part: note === '' ? {} : { note },
  }
}
