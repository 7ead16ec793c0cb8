/** Replaces the state of a trigger with a text that the visitor writes, if the state has not changed since. */

import { useState } from 'preact/hooks'
import { asProblem } from '../../api/problem.ts'
import { Check } from '../../fields/field.tsx'
import { JsonField, jsonProblem } from '../../fields/json-field.tsx'
import { useNote } from '../../fields/note.tsx'
import { indentedJson } from '../../json/indented-json.ts'
import { ActionDialog } from '../../overlays/action-dialog.tsx'
import { showToast } from '../../overlays/toasts.tsx'
import { StateText } from './state-text.tsx'
import { readState, replaceState, type StateOnPage } from './stored-state.ts'

interface EditDialogProps {
  readonly name: string
  /** Later changes of this property are ignored, so that the written text is kept. */
  readonly stored: StateOnPage
  onChange(): void
  onClose(): void
}

export function EditDialog({ name, stored, onChange, onClose }: EditDialogProps) {
  const [opened] = useState(stored)
  const [newer, setNewer] = useState<StateOnPage | null>(null)
  const [text, setText] = useState(() => indentedJson(opened.text))
  const [isForced, setForced] = useState(false)
  const note = useNote({ label: 'Note (optional)' })
  const { version, previousText } = newer ?? opened
  const replace = async (): Promise<void> => {
    try {
      await replaceState(name, { text, version: isForced ? null : version, ...note.part })
    } catch (thrown) {
      if (asProblem(thrown).code === 'STATE_CHANGED') setNewer(await readState(name))
      throw thrown
    }
    showToast(`State of "${name}" replaced`)
    onChange()
  }
  return (
    <ActionDialog
      title={`Edit the state of ${name}`}
      isWide
      verb={`Replace version ${version}`}
      failure={`Could not replace the state of "${name}"`}
      isBlocked={jsonProblem(text, true) !== null}
      act={replace}
      onClose={onClose}
    >
      <p>The next poll starts from this state. If a poll is running, the state is stored after it.</p>
      {newer !== null && <Conflict opened={opened} newer={newer} onTake={() => setText(indentedJson(newer.text))} />}
      <JsonField label="State (JSON, sent unchanged)" isRequired text={text} onText={setText} />
      {previousText !== null && (
        <button type="button" onClick={() => setText(indentedJson(previousText))}>
          Use the state before the last change
        </button>
      )}
      {note.field}
      <Check isOn={isForced} onChange={setForced}>
        Replace also if the state changes while you edit
      </Check>
    </ActionDialog>
  )
}

interface ConflictProps {
  readonly opened: StateOnPage
  readonly newer: StateOnPage
  onTake(): void
}

/** Shows the state that is stored now. The visitor replaces it with the written text, or continues from it. */
function Conflict({ opened, newer, onTake }: ConflictProps) {
  return (
    <section aria-label="Stored state">
      <p class="bad" role="alert">
        The state has changed since you opened version {opened.version}. Version {newer.version} is stored now:
      </p>
      <StateText label="Stored state as JSON" text={newer.text} />
      <div class="actions">
        <button type="button" onClick={onTake}>
          Continue from the stored state
        </button>
      </div>
    </section>
  )
}
