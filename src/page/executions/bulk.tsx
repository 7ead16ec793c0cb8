/** What can be done with all executions that are chosen, one after the other. */

import { useState } from 'preact/hooks'
import { write } from '../api/client.ts'
import { asProblem } from '../api/problem.ts'
import { useKeys } from '../keyboard/keys.ts'
import { Dialog } from '../parts/dialog.tsx'
import { tell, tellProblem } from '../parts/toasts.tsx'
import { NoteField, noted } from '../steering/note-field.tsx'
import { clearSelection, selected } from './selection.ts'

type Verb = 'cancel' | 'retry'

const DONE: Readonly<Record<Verb, string>> = { cancel: 'cancelled', retry: 'retried' }

export function BulkActions({ onDone }: { onDone(): void }) {
  const [asked, setAsked] = useState<Verb | null>(null)
  const count = selected.value.size
  const ask = (verb: Verb) => () => count > 0 && setAsked(verb)
  useKeys([
    { key: 'c', does: 'cancel the selected executions', press: ask('cancel') },
    { key: 'r', does: 'retry the selected executions', press: ask('retry') },
  ])
  if (count === 0) return null
  return (
    <section class="bulk" aria-label="Selected executions">
      <strong>{count} selected</strong>
      <button type="button" onClick={ask('cancel')}>
        Cancel
      </button>
      <button type="button" onClick={ask('retry')}>
        Retry
      </button>
      <button type="button" class="quiet" onClick={clearSelection}>
        Clear selection
      </button>
      {asked !== null && <BulkDialog verb={asked} onClose={() => setAsked(null)} onDone={onDone} />}
    </section>
  )
}

interface BulkDialogProps {
  readonly verb: Verb
  onClose(): void
  onDone(): void
}

function BulkDialog({ verb, onClose, onDone }: BulkDialogProps) {
  const ids = [...selected.value]
  const [note, setNote] = useState('')
  const [done, setDone] = useState<number | null>(null)
  const act = async (event: Event): Promise<void> => {
    event.preventDefault()
    setDone(0)
    const failures: string[] = []
    for (const [index, id] of ids.entries()) {
      // One after the other: the engine has other things to do as well.
      await write(`/executions/{id}/${verb}`, { path: { id } }, noted(note)).catch((thrown: unknown) => {
        failures.push(`${id}: ${asProblem(thrown).message}`)
      })
      setDone(index + 1)
    }
    const well = ids.length - failures.length
    if (well > 0) tell(`${well} ${well === 1 ? 'execution' : 'executions'} ${DONE[verb]}`)
    if (failures.length > 0)
      tellProblem(`Could not ${verb} ${failures.length} of ${what}`, new Error(failures.join('\n')))
    clearSelection()
    onDone()
    onClose()
  }
  const what = `${ids.length} ${ids.length === 1 ? 'execution' : 'executions'}`
  return (
    <Dialog title={`${verb === 'cancel' ? 'Cancel' : 'Retry'} ${what}?`} onClose={onClose}>
      <form onSubmit={(event) => void act(event)}>
        <p class="faint">
          {verb === 'cancel'
            ? 'No further tasks start, and running tasks are stopped.'
            : 'Each one is retried as a new execution. Completed tasks keep their output; all others run again.'}
        </p>
        <NoteField note={note} onNote={setNote} />
        <div class="actions">
          {done !== null && <progress max={ids.length} value={done} aria-label="Done" />}
          <button type="submit" class="primary" disabled={done !== null}>
            {verb === 'cancel' ? 'Cancel' : 'Retry'} {what}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
