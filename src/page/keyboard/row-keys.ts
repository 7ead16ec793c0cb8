/** The keys `j` and `k` move the focus between rows, so that Enter opens a row. Its name is in the URL (`row`). */

import type { RefObject } from 'preact'
import { useRef } from 'preact/hooks'
import { query, setQuery } from '../routing/location.ts'
import { useKeys } from './keys.ts'

/** Returns the name of the row that has the focus, or had it last; null if no row had it. */
export function focusedRow(list: RefObject<HTMLElement | null>): string | null {
  const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])]
  const row = rows.find((each) => each.contains(document.activeElement))
  return row?.dataset.row ?? query.value.get('row')
}

/** Returns the reference for the parent of the rows, which have `data-row`, and a link or a `data-open` button. */
export function useRowKeys<List extends HTMLElement = HTMLTableSectionElement>(): RefObject<List | null> {
  const list = useRef<List>(null)
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
  return list
}
