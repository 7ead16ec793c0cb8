/** A table whose columns are data. If all rows have one height, only rows near the visible ones become elements. */

import type { ComponentChildren, RefObject } from 'preact'
import { useRef } from 'preact/hooks'
import { useRowPool } from './row-pool.ts'

export interface Column<Item> {
  readonly title: ComponentChildren
  /** Classes of the heading and of the cells. */
  readonly class?: string
  /** CSS width: `60%`. */
  readonly width?: string
  /** True if the cells name their rows. */
  readonly isName?: boolean
  cell(item: Item): ComponentChildren
  /** Returns the text that a cell shows under the mouse. */
  tip?(item: Item): string | null
}

interface TableProps<Item> {
  readonly items: readonly Item[]
  readonly columns: readonly Column<Item>[]
  readonly class?: string
  /** Element that contains the rows, from `useRowKeys`. */
  readonly list?: RefObject<HTMLTableSectionElement | null>
  /** Name of the table for screen readers. The keyboard can then scroll the table. */
  readonly label?: string
  /** True for a table without headings and frame. */
  readonly isBare?: boolean
  /** Height of each row, if all rows have the same height. */
  readonly rowPx?: number
  /** Returns the name of a row, which is in its `data-row`. */
  keyOf(item: Item): string
  rowClass?(item: Item): string
}

export function Table<Item>({ items, columns, label, isBare = false, rowPx = 0, keyOf, ...rest }: TableProps<Item>) {
  const own = useRef<HTMLTableSectionElement>(null)
  const list = rest.list ?? own
  const { from, until, abovePx, belowPx } = useRowPool(list, items.length, rowPx)
  const isPooled = until - from < items.length
  const table = (
    <table class={`${rest.class ?? ''}${isPooled ? ' pooled' : ''}`}>
      {!isBare && <Head columns={columns} />}
      <tbody ref={list}>
        {abovePx > 0 && <tr key=" above" style={{ height: `${abovePx}px` }} />}
        {items.slice(from, until).map((item) => {
          const name = keyOf(item)
          return <Row key={name} item={item} columns={columns} name={name} class={rest.rowClass?.(item) ?? ''} />
        })}
        {belowPx > 0 && <tr key=" below" style={{ height: `${belowPx}px` }} />}
      </tbody>
    </table>
  )
  if (isBare) return table
  if (label === undefined) return <div class="scroll">{table}</div>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: visitors without a mouse scroll the table
    <section class="scroll" aria-label={label} tabIndex={0}>
      {table}
    </section>
  )
}

function Head<Item>({ columns }: { readonly columns: readonly Column<Item>[] }) {
  return (
    <thead>
      <tr>
        {columns.map(({ title, class: classes, width }, index) => (
          <th key={index} scope="col" class={classes} style={{ width }}>
            {title}
          </th>
        ))}
      </tr>
    </thead>
  )
}

interface RowProps<Item> {
  readonly item: Item
  readonly columns: readonly Column<Item>[]
  readonly name: string
  readonly class: string
}

/** A component of its own, so that a change of the time redraws only the rows that show it. */
function Row<Item>({ item, columns, name, class: rowClass }: RowProps<Item>) {
  return (
    <tr data-row={name} class={rowClass}>
      {columns.map(({ class: classes, isName, cell, tip }, index) => {
        const text = tip?.(item) ?? undefined
        return isName ? (
          <th key={index} scope="row" class={classes} title={text}>
            {cell(item)}
          </th>
        ) : (
          <td key={index} class={classes} title={text}>
            {cell(item)}
          </td>
        )
      })}
    </tr>
  )
}
