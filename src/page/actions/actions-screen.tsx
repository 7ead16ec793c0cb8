/** The screen of the actions of people and engines, newest first. Their times are in the URL (`since`, `until`). */

import { useMemo } from 'preact/hooks'
import type { ListedAction } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { matchesSearch, Search } from '../fields/search.tsx'
import { useRowKeys } from '../keyboard/row-keys.ts'
import { PagedRows } from '../live/paged-rows.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { EmptyList, FilteredOut } from '../parts/empty.tsx'
import { Loaded } from '../parts/loaded.tsx'
import { Time } from '../parts/time.tsx'
import { setQuery } from '../routing/location.ts'
import { type Column, Table } from '../rows/column-table.tsx'
import { OlderButton } from '../rows/older-button.tsx'
import { ActionOutcome, actorInWords, Note, Target } from './action-words.tsx'

const PAGE = 100

const COLUMNS: readonly Column<ListedAction>[] = [
  { title: 'Action', isName: true, class: 'action-text action-name', cell: Action },
  { title: 'Actor', class: 'nowrap', cell: ({ source }) => actorInWords(source) },
  { title: 'Note', class: 'action-text medium-only', cell: Note },
  { title: 'Outcome', class: 'action-outcome medium-only', cell: ActionOutcome },
  { title: 'Time', class: 'nowrap', cell: ({ at }) => <Time at={at} /> },
]

export function ActionsScreen() {
  const list = useMemo(
    () =>
      new PagedRows<ListedAction>((cursor, signal) =>
        read('/actions', { query: { limit: PAGE, cursor }, ...(signal && { signal }) }),
      ),
    [],
  )
  const actions = useResource('actions', {
    load: async (signal) => {
      await list.loadNewest(signal)
      return list.rows
    },
    concerns: ({ name }) => name === 'executionFinished',
  })
  usePolling(actions, OTHERS_EVERY_MS)
  return (
    <main>
      <div class="title-row">
        <h1>Actions</h1>
        <Search what="actions" />
      </div>
      <Loaded resource={actions} what="the actions">
        {(rows) => <Actions actions={rows.value} />}
      </Loaded>
      <OlderButton list={list} what="actions" />
    </main>
  )
}

function Actions({ actions }: { readonly actions: readonly ListedAction[] }) {
  const list = useRowKeys()
  const shown = actions.filter(({ kind, target, targetKind, source, note }) =>
    matchesSearch(`${kind} ${targetKind} ${target} ${actorInWords(source)} ${note ?? ''}`),
  )
  if (actions.length === 0) {
    return (
      <EmptyList title="No actions yet">
        <p>
          This list shows each action of a person or program, such as a cancel, a retry or a change of a trigger, with
          its note.
        </p>
      </EmptyList>
    )
  }
  if (shown.length === 0) return <FilteredOut what="loaded actions" onClear={() => setQuery({ q: null })} />
  return <Table class="actions-table" list={list} items={shown} columns={COLUMNS} keyOf={({ id }) => id} />
}

/** On a narrow screen, the note and an outcome other than "done" are below the action. */
function Action(action: ListedAction) {
  const { kind, isRefused, answeredAt } = action
  return (
    <>
      <strong>{kind}</strong> <Target {...action} />
      <div class="narrow-only small faint">
        <Note {...action} />
        {(isRefused === true || answeredAt === null) && <ActionOutcome {...action} />}
      </div>
    </>
  )
}
