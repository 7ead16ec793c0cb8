/**
 * How values look at a terminal: instants relative to now, ids short, states in colour, tables as wide as it is. Elsewhere, and
 * for programs, everything is exact, whole and plain. Used by `print.ts`.
 */

import { createRequire } from 'node:module'
import { isatty } from 'node:tty'
import { styleText } from 'node:util'
import type * as stringWidth from 'string-width'
import { shownError } from '../model/fault.ts'
import { formatInstant } from '../model/time/instant.ts'
import { visibleLine } from './visible-text.ts'

/** A value of a table, or the text that it has in any case. */
export type Cell =
  | string
  /** Epoch milliseconds; null is shown as `missing`, or as nothing. */
  | { readonly instant: number | null; readonly missing?: string }
  | { readonly state: string }
  | { readonly id: string }

/** What a cell comes to: its text, and the text as it is written, which takes no more columns. */
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

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

const isTerminal = isatty(STDOUT)
/** Null: instants are shown as they are. */
let now: number | null = null

/** What `now` is for instants at a terminal; null shows them as they are. */
export function showInstantsFrom(at: number | null): void {
  now = isTerminal ? at : null
}

/** An instant in a sentence or a field. */
export function instantText(at: number | null, missing = ''): string {
  if (at === null) return missing
  return now === null ? formatInstant(at) : relativeText(at - now)
}

/** How long something has gone on: `for 3 min` at a terminal, `since 2026-…` elsewhere. */
export function sinceText(at: number): string {
  return now === null ? `since ${formatInstant(at)}` : `for ${lengthText(Math.max(0, now - at))}`
}

/** The instant of one line among many: at a terminal the time of the day. */
export function clockText(at: number): string {
  if (now === null) return formatInstant(at)
  timeOfDay ??= new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', hourCycle: 'h23' })
  return timeOfDay.format(at)
}

/** Made where it is needed: what it loads takes 20 ms of each start. */
let timeOfDay: Intl.DateTimeFormat | undefined

/** An id as people read and type it: at a terminal as much of it as tells it from others. */
export function idText(id: string): string {
  return isTerminal ? id.slice(0, SHORT_ID) : id
}

export function shownCell(cell: Cell): ShownCell {
  if (typeof cell === 'string') return { text: visibleLine(shownError(cell)), style: null }
  if ('instant' in cell) return { text: instantText(cell.instant, cell.missing), style: null }
  if ('id' in cell) return { text: idText(cell.id), style: null }
  return { text: visibleLine(cell.state), style: STYLES[cell.state.toLowerCase()] ?? null }
}

/** In colour where the terminal has any: NO_COLOR and FORCE_COLOR say otherwise. */
export function styled({ text, style }: ShownCell): string {
  return style === null ? text : styleText(style, text, { stream: process.stdout })
}

/** Widths of columns that fit the terminal: the widest give way first. Elsewhere they are as they are. */
export function fittingWidths(widths: readonly number[], gap: number): readonly number[] {
  const columns = isTerminal && process.stdout.columns > 0 ? process.stdout.columns : Number.POSITIVE_INFINITY
  const available = columns - gap * (widths.length - 1)
  const fitting = [...widths]
  let total = fitting.reduce((sum, width) => sum + width, 0)
  while (total > available) {
    const widest = Math.max(...fitting)
    if (widest <= NARROWEST_COLUMN) break
    fitting[fitting.lastIndexOf(widest)] = widest - 1
    total -= 1
  }
  return fitting
}

/** How many columns a text takes at a terminal. Nearly all are plain ASCII; the tables for others take 30 ms to load. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  widthOfAny ??= (createRequire(import.meta.url)('string-width') as typeof stringWidth).default
  return widthOfAny(text)
}

/** As much of a text as fits, by what its characters take at a terminal. */
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

/** `3 min` */
function lengthText(lengthMs: number): string {
  const [unit, sizeMs] = UNITS.find(([, size]) => lengthMs >= size) ?? ['s', 1_000]
  return `${Math.floor(lengthMs / sizeMs)} ${unit}`
}
