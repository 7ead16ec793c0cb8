/**
 * `j` and `k` in a list: they move the focus from row to row, so that Enter opens the row as it opens any link. Which row it is
 * stands in the URL (`row`).
 */

import type { RefObject } from 'preact'
import { setQuery } from '../routing/location.ts'
import { useKeys } from './keys.ts'

/** `list`: what contains the rows; each has `data-row` with its name, and a link. */
export function useRowKeys(list: RefObject<HTMLElement | null>): void {
  const move = (step: 1 | -1): void => {
    const rows = [...(list.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])]
    if (rows.length === 0) return
    const at = rows.findIndex((row) => row.contains(document.activeElement))
    const chosen = new URLSearchParams(location.search).get('row')
    const from = at >= 0 ? at : rows.findIndex((row) => row.dataset.row === chosen)
    const next = rows[from < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, from + step))]
    next?.querySelector<HTMLElement>('a, button')?.focus()
    next?.scrollIntoView({ block: 'nearest' })
    setQuery({ row: next?.dataset.row ?? null }, { keep: true })
  }
  useKeys([
    { key: 'j', does: 'next row', press: () => move(1) },
    { key: 'k', does: 'previous row', press: () => move(-1) },
  ])
}
