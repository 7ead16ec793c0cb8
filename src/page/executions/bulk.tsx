/** Actions on all selected executions, one after the other. */

import { useState } from 'preact/hooks'
import { write } from '../api/client.ts'
import { asProblem } from '../api/problem.ts'
import { useNote } from '../fields/note.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { ActionDialog } from '../overlays/action-dialog.tsx'
import { showProblem, showToast } from '../overlays/toasts.tsx'
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
  const note = useNote()
  const [done, setDone] = useState<number | null>(null)
  const act = async (): Promise<void> => {
    setDone(0)
    const failures: string[] = []
    for (const [index, id] of ids.entries()) {
      // One after the other, to leave the engine time for other work.
      await write(`/executions/{id}/${verb}`, { path: { id } }, note.part).catch((thrown: unknown) => {
        failures.push(`${id}: ${asProblem(thrown).message}`)
      })
      setDone(index + 1)
    }
    const well = ids.length - failures.length
    if (well > 0) showToast(`${well} ${well === 1 ? 'execution' : 'executions'} ${DONE[verb]}`)
    if (failures.length > 0)
      // Uncoded: only its text is shown
      showProblem(`Could not ${verb} ${failures.length} of ${what}`, new Error(failures.join('\n')))
    clearSelection()
    onDone()
  }
  const what = `${ids.length} ${ids.length === 1 ? 'execution' : 'executions'}`
  const words = `${verb === 'cancel' ? 'Cancel' : 'Retry'} ${what}`
  return (
    <ActionDialog
      title={`${words}?`}
      verb={words}
      failure={`Could not ${verb} ${what}`}
      status={done !== null && <progress max={ids.length} value={done} aria-label="Done" />}
      act={act}
      onClose={onClose}
    >
      <p class="faint">
        {verb === 'cancel'
          ? 'No further tasks start, and running tasks are stopped.'
          : 'Each one is retried as a new execution. Completed tasks keep their output; all others run again.'}
      </p>
      {note.field}
    </ActionDialog>
  )
}
