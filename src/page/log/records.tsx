/** Output and log of a poll, line by line. */

import type { PollLogRecord } from '../api/answer-types.ts'
import { clockTime, exactTime } from '../parts/zone.ts'
import { ansiPieces, withoutAnsi } from './ansi.ts'

export function Records({ records }: { readonly records: readonly PollLogRecord[] }) {
  if (records.length === 0) return <p class="faint">Nothing was printed or logged.</p>
  return (
    <ol class="records">
      {records.map(({ at, stream, level, message, traceback }, index) => (
        <li key={index} class={`${stream} ${(level ?? '').toLowerCase()}`}>
          <time dateTime={at} title={exactTime(Date.parse(at))}>
            {clockTime(Date.parse(at))}
          </time>
          <span class="level">{level ?? (stream === 'stdout' ? '' : stream)}</span>
          <span class="message">
            {ansiPieces(message).map(({ text, style }, piece) => (
              <span key={piece} class={style}>
                {text}
              </span>
            ))}
            {traceback !== undefined && `\n${withoutAnsi(traceback)}`}
          </span>
        </li>
      ))}
    </ol>
  )
}
