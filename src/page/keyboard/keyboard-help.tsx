/** The keys of the current screen (`?`). */

import { Dialog } from '../overlays/dialog.tsx'
import { type Column, Table } from '../rows/column-table.tsx'
import { type Key, keyGroups } from './keys.ts'

type Shown = Pick<Key, 'key' | 'does'>

const ESCAPE: Shown = { key: 'Esc', does: 'close the dialog, or leave the field' }

const COLUMNS: readonly Column<Shown>[] = [
  { title: 'Key', isName: true, cell: ({ key }) => <kbd>{key}</kbd> },
  { title: 'Effect', cell: ({ does }) => does },
]

export function KeyboardHelp({ onClose }: { onClose(): void }) {
  const keys = [...keyGroups.value.flat(), ESCAPE]
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <Table class="keys" isBare items={keys} columns={COLUMNS} keyOf={({ key }) => key} />
    </Dialog>
  )
}
