/**
 * `j` and `k` in a list: they move the focus from row to row, so that Enter opens the row as it opens any link. Which row it is
 * stands in the URL (`row`).
 */

import type { RefObject } from 'preact'
import { query, setQuery } from '../routing/location.ts'
import { useKeys } from './keys.ts'

/** The name of the row that has the focus, or was chosen last; null where none was. */
export function focusedRow(list: RefObject<HTMLElement | null>): string | null {
  const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])]
  const row = rows.find((each) => each.contains(document.activeElement))
  return row?.dataset.row ?? query.value.get('row')
}

/** `list`: what contains the rows; each has `data-row` with its name, and a link, or a button with `data-open`. */
export function useRowKeys(list: RefObject<HTMLElement | null>): void {
  const move = (step: 1 | -1): void => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])]
    if (rows.length === 0) return
    const at = rows.findIndex((row) => row.contains(document.activeElement))
    const chosen = query.value.get('row')
    const from = at >= 0 ? at : rows.findIndex((row) => row.dataset.row === chosen)
    const next = rows[from < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, from + step))]
    next?.querySelector<HTMLElement>('[data-open], a')?.focus()
    next?.scrollIntoView({ block: 'nearest' })
    setQuery({ row: next?.dataset.row ?? null }, { keep: true })
  }
  useKeys([
    { key: 'j', does: 'next row', press: () => move(1) },
    { key: 'k', does: 'previous row', press: () => move(-1) },
  ])
}
