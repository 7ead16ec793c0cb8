/** Why somebody does something: kept with what was done. */

interface NoteFieldProps {
  readonly note: string
  onNote(note: string): void
}

export function NoteField({ note, onNote }: NoteFieldProps) {
  return (
    <label>
      Note
      <input
        type="text"
        value={note}
        maxLength={1_000}
        placeholder="Optional reason, stored with the action"
        onInput={({ currentTarget }) => onNote(currentTarget.value)}
      />
    </label>
  )
}

/** As a part of a body. */
export function noted(note: string): { readonly note?: string } {
  return note.trim() === '' ? {} : { note: note.trim() }
}
