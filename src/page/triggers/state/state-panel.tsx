/** The state of a trigger, with its last change, and the actions that change it. */

import { useState } from 'preact/hooks'
import { MemberChanges } from '../../json/member-changes.tsx'
import { changesBetween } from '../../json/object-members.ts'
import { useKeys } from '../../keyboard/keys.ts'
import { concernsTrigger } from '../../live/concerns.ts'
import { OTHERS_EVERY_MS, usePolling } from '../../live/reading-again.ts'
import { useResource } from '../../live/resource.ts'
import { Loaded } from '../../parts/loaded.tsx'
import { Time } from '../../parts/time.tsx'
import { EditDialog } from './edit-dialog.tsx'
import { ResetDialog } from './reset-dialog.tsx'
import { StateText } from './state-text.tsx'
import { changeInWords, readState, type StateOnPage } from './stored-state.ts'

type Shown = StateOnPage & { readonly by: string | null }

/** Must be used only for a trigger that takes a state. */
export function StatePanel({ name }: { readonly name: string }) {
  const state = useResource(`state ${name}`, {
    load: async (signal): Promise<Shown> => {
      const stored = await readState(name, signal)
      const { changedBy } = stored
      return { ...stored, by: changedBy === null ? null : await changeInWords(name, changedBy, signal) }
    },
    concerns: (event) => concernsTrigger(event, name),
  })
  usePolling(state, OTHERS_EVERY_MS)
  return (
    <Loaded resource={state} what="the state">
      {(value) => <Panel state={value} onChange={() => state.reload()} />}
    </Loaded>
  )
}

type Opened = 'edit' | 'reset' | null

function Panel({ state, onChange }: { readonly state: Shown; onChange(): void }) {
  const [opened, setOpened] = useState<Opened>(null)
  useKeys([{ key: 's', does: 'edit the state of the trigger', press: () => setOpened('edit') }])
  const { trigger, text, previousText, version } = state
  const dialog = { name: trigger, onChange, onClose: () => setOpened(null) }
  return (
    <section aria-label="State">
      <div class="section-row">
        <div>
          <h2>State</h2>
          <LastChange state={state} />
        </div>
        <div class="actions">
          <button type="button" title="Replace the state with one that you write (s)" onClick={() => setOpened('edit')}>
            Edit state …
          </button>
          <button type="button" title="Reset to the state before the first poll" onClick={() => setOpened('reset')}>
            Reset state …
          </button>
        </div>
      </div>
      <StateText label="State as JSON" text={text} />
      {previousText !== null && <Changes before={previousText} after={text} version={version} />}
      {opened === 'edit' && <EditDialog {...dialog} stored={state} />}
      {opened === 'reset' && <ResetDialog {...dialog} />}
    </section>
  )
}

interface ChangesProps {
  readonly before: string
  readonly after: string
  readonly version: number
}

/** The last change, as members of the state before and after. */
function Changes({ before, after, version }: ChangesProps) {
  return (
    <section class="last-change" aria-label="Last change of the state">
      <h3>
        Last change: version {version - 1} to {version}
      </h3>
      <MemberChanges changes={changesBetween(before, after) ?? []} same="The members have only another order." />
    </section>
  )
}

function LastChange({ state: { version, changedAt, by } }: { readonly state: Shown }) {
  if (changedAt === null) return <p class="small faint">never changed</p>
  return (
    <p class="small faint">
      version {version.toLocaleString('en')}, changed <Time at={changedAt} /> {by}
    </p>
  )
}
