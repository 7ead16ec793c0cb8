/**
 * Formats of values: local times, and at a terminal also ages, short ids, coloured states and tables that fit.
 * Elsewhere, and for programs, values are complete and plain. Used by `print.ts`.
 */

import { createRequire } from 'node:module'
import { isatty } from 'node:tty'
import { styleText } from 'node:util'
import type * as stringWidth from 'string-width'
import { formatError } from '../model/fault.ts'
import { visibleLine } from './visible-text.ts'

/** Value of a table, or a fixed text. */
export type Cell =
  | string
  /** Epoch milliseconds; null is shown as `missing`, or as an empty text. */
  | { readonly instant: number | null; readonly missing?: string }
  | { readonly state: string }
  | { readonly id: string }

/** Text of a cell, and the same text with its style, which has equal width. */
export interface ShownCell {
  readonly text: string
  readonly style: Style | null
}

type Style = 'green' | 'red' | 'yellow' | 'cyan' | 'magenta' | 'dim'

const PLAIN = /^[ -~]*$/
let widthOfAny: typeof stringWidth.default | undefined

const STDOUT = 1
const SHORT_ID = 8
const NARROWEST_COLUMN = 8
const ELLIPSIS = '…'

const STYLES: Readonly<Record<string, Style>> = {
  completed: 'green',
  fired: 'green',
  emitted: 'green',
  serving: 'green',
  failed: 'red',
  degraded: 'red',
  timedout: 'red',
  dead: 'red',
  late: 'red',
  running: 'cyan',
  cancelled: 'yellow',
  duplicate: 'yellow',
  limited: 'yellow',
  paused: 'magenta',
  pending: 'dim',
  notstarted: 'dim',
  skipped: 'dim',
  standby: 'dim',
}

const MINUTE_MS = 60_000
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', MINUTE_MS],
  ['s', 1_000],
] as const

const isTerminal = isatty(STDOUT)
let isUtc = false
/** Present for ages, which only people at a terminal read. Null: no ages are shown. */
let now: number | null = null

/** Sets the zone of all times, which is otherwise that of the machine or of `TZ`, and the present for ages. */
export function showTimes(options: { readonly isUtc: boolean; readonly now: number }): void {
  isUtc = options.isUtc
  now = isTerminal ? options.now : null
}

interface TimeForm {
  /** Distance from UTC. Default: the one of the local zone, or none if UTC was requested. */
  readonly offsetMs?: number
  readonly hasMillis?: boolean
}

/** Formats all times of the command line: `2026-11-30 11:02:03 +01:00`. `--since` and `--until` accept this form. */
export function timeText(at: number, { offsetMs = shownOffsetMs(at), hasMillis = false }: TimeForm = {}): string {
  const local = new Date(at + offsetMs).toISOString()
  const minutes = Math.trunc(Math.abs(offsetMs) / MINUTE_MS)
  const parts = [Math.trunc(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'))
  const clock = local.slice(local.indexOf('T') + 1, hasMillis ? -1 : -'.000Z'.length)
  return `${local.slice(0, local.indexOf('T'))} ${clock} ${offsetMs < 0 ? '-' : '+'}${parts.join(':')}`
}

/** An unknown zone in `TZ` has the offset of UTC. */
export function shownOffsetMs(at: number): number {
  return isUtc ? 0 : -new Date(at).getTimezoneOffset() * MINUTE_MS
}

/** Returns a time in a sentence or a field, with its age at a terminal. */
export function instantText(at: number | null, missing = ''): string {
  if (at === null) return missing
  return now === null ? timeText(at) : `${timeText(at)} (${relativeText(at - now)})`
}

/** Returns how long something took: `8 ms`, `1.4 s`, `2 min 5 s`, `3 h 20 min`. */
export function elapsedText(startedAt: number, endedAt: number): string {
  const lengthMs = Math.max(0, endedAt - startedAt)
  if (lengthMs < 1_000) return `${lengthMs} ms`
  if (lengthMs < 10_000) return `${(Math.floor(lengthMs / 100) / 10).toFixed(1)} s`
  const [, sizeMs] = largestUnit(lengthMs)
  const restMs = lengthMs % sizeMs
  return restMs < 1_000 ? lengthText(lengthMs) : `${lengthText(lengthMs)} ${lengthText(restMs)}`
}

/** Returns an id as people read and type it: at a terminal, enough characters to be unambiguous. */
export function idText(id: string): string {
  return isTerminal ? id.slice(0, SHORT_ID) : id
}

export function formatCell(cell: Cell): ShownCell {
  if (typeof cell === 'string') return { text: visibleLine(formatError(cell)), style: null }
  if ('instant' in cell)
    return { text: cell.instant === null ? (cell.missing ?? '') : timeText(cell.instant), style: null }
  if ('id' in cell) return { text: idText(cell.id), style: null }
  return { text: visibleLine(cell.state), style: STYLES[cell.state.toLowerCase()] ?? null }
}

/** Returns coloured text if the terminal has colours, or as NO_COLOR and FORCE_COLOR request. */
export function styled({ text, style }: ShownCell): string {
  return style === null ? text : styleText(style, text, { stream: process.stdout })
}

function terminalColumns(): number {
  return isTerminal && process.stdout.columns > 0 ? process.stdout.columns : Number.POSITIVE_INFINITY
}

/** Columns that a narrow terminal leaves out, in this order, until the last column has its width or `lastWidth`. */
export interface LeftOut<Column> {
  readonly columns: readonly Column[]
  readonly lastWidth: number
}

/** Returns the columns that a terminal shows. Elsewhere all are shown. */
export function fittingColumns(
  widths: readonly number[],
  gap: number,
  { columns, lastWidth }: LeftOut<number>,
): readonly number[] {
  const shown = new Set(widths.keys())
  const last = widths.length - 1
  const needed = (column: number): number => Math.min(widths[column] ?? 0, column === last ? lastWidth : Infinity)
  for (const column of columns) {
    const total = [...shown].reduce((sum, each) => sum + needed(each) + gap, -gap)
    if (total <= terminalColumns()) break
    shown.delete(column)
  }
  return [...shown]
}

/**
 * Returns widths of columns that fit the terminal, reducing the widest first, and times last, because a part of a time
 * is useless. Elsewhere they do not change.
 */
export function fittingWidths(widths: readonly number[], gap: number, hasTimes: readonly boolean[]): readonly number[] {
  const available = terminalColumns() - gap * (widths.length - 1)
  const fitting = [...widths]
  let total = fitting.reduce((sum, width) => sum + width, 0)
  for (const mayCutTimes of [false, true]) {
    while (total > available) {
      const reducible = fitting.map((width, column) => (mayCutTimes || !hasTimes[column] ? width : 0))
      const widest = Math.max(...reducible)
      if (widest <= NARROWEST_COLUMN) break
      fitting[reducible.lastIndexOf(widest)] = widest - 1
      total -= 1
    }
  }
  return fitting
}

/** Returns the number of columns of a text. Nearly all are plain ASCII; the tables for others take 30 ms to load. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  widthOfAny ??= (createRequire(import.meta.url)('string-width') as typeof stringWidth).default
  return widthOfAny(text)
}

/** Returns tags as in the routes of alerts: `team=data, tier=1`. */
export function tagsText(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
}

/** Cuts a text to a number of columns at a terminal. */
export function truncated(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let kept = ''
  let columns = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    columns += textWidth(segment)
    if (columns > width - 1) break
    kept += segment
  }
  return kept + ELLIPSIS
}

/** `3 min ago`, `in 2 h`. */
function relativeText(distanceMs: number): string {
  const amount = lengthText(Math.abs(distanceMs))
  if (amount === '0 s') return 'now'
  return distanceMs < 0 ? `${amount} ago` : `in ${amount}`
}

function lengthText(lengthMs: number): string {
  const [unit, sizeMs] = largestUnit(lengthMs)
  return `${Math.floor(lengthMs / sizeMs)} ${unit}`
}

function largestUnit(lengthMs: number): (typeof UNITS)[number] {
  return UNITS.find(([, sizeMs]) => lengthMs >= sizeMs) ?? ['s', 1_000]
}
