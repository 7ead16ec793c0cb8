/** One line of the log with its details. */

import { exactTime } from '../parts/zone.ts'
import { setQuery } from '../routing/location.ts'
import { ansiPieces, withoutAnsi } from './ansi.ts'
import { type NumberedLine, recordLevel } from './log-view-lines.ts'
import { marker } from './marker.ts'
import { plainTime } from './offset.ts'

interface LogRowProps {
  readonly line: NumberedLine
  readonly startAt: number
  readonly isChosen: boolean
  readonly showsTask: boolean
}

export function LogRow({ line, startAt, isChosen, showsTask }: LogRowProps) {
  const { record, at, isFirst, number } = line
  const choose = (): void => setQuery({ line: isChosen ? null : String(number) }, { keep: true })
  const tone = toneOf(line)
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the details of a line are a help of the mouse
    // biome-ignore lint/a11y/noStaticElementInteractions: the same
    <div
      class={`log-row ${tone}${isChosen ? ' chosen' : ''}`}
      onPointerEnter={() => (marker.value = { at, from: 'log' })}
      onPointerLeave={() => (marker.value = null)}
      onClick={choose}
    >
      <time class="faint" dateTime={record.at} title={exactTime(at)}>
        {isFirst ? plainTime(at - startAt) : ''}
      </time>
      {showsTask && (
        <span class="log-task ellipsis faint" title={`${record.task}, attempt ${record.attempt}`}>
          {isFirst ? record.task : ''}
        </span>
      )}
      <span class="log-level">{isFirst ? labelOf(line) : ''}</span>
      <span class="log-text">
        {ansiPieces(line.text).map(({ text, style }, index) => (
          <span key={index} class={style}>
            {text}
          </span>
        ))}
      </span>
    </div>
  )
}

export function LogDetails({ line }: { readonly line: NumberedLine }) {
  const { record } = line
  const { task, attempt, stream, logger, place, extra, level, message, traceback } = record
  const facts = [
    `${task}, attempt ${attempt}`,
    stream === 'log' ? [level, logger].filter(Boolean).join(' of ') : stream,
    ...(place === undefined ? [] : [place]),
    exactTime(line.at),
  ]
  return (
    <aside class="log-details" aria-label="Log record">
      <div class="section-head">
        <span class="faint small">{facts.join(' · ')}</span>
        <button type="button" class="quiet" aria-label="Close" onClick={() => setQuery({ line: null }, { keep: true })}>
          ×
        </button>
      </div>
      <pre>{message.split('\n').map(withoutAnsi).join('\n')}</pre>
      {extra !== undefined && <pre>{JSON.stringify(extra, null, 2)}</pre>}
      {traceback !== undefined && <pre>{traceback.split('\n').map(withoutAnsi).join('\n')}</pre>}
    </aside>
  )
}

function toneOf({ record }: NumberedLine): string {
  if (record.stream === 'cut') return 'is-cut'
  const level = recordLevel(record)
  if (level >= 40) return 'is-error'
  if (level >= 30) return 'is-warning'
  return level < 20 ? 'is-debug' : ''
}

function labelOf({ record }: NumberedLine): string {
  if (record.stream === 'stdout' || record.stream === 'cut') return ''
  return record.stream === 'stderr' ? 'stderr' : (record.level ?? '')
}
