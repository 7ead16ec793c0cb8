/** The timeline of a trigger, with controls for its range. */

import { useEffect } from 'preact/hooks'
import type { DisabledSpan, Trigger } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { engineNow } from '../api/engine-time.ts'
import { concernsTrigger } from '../live/concerns.ts'
import { OTHERS_EVERY_MS, usePolling } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { shownDuration } from '../parts/durations.ts'
import { setQuery } from '../routing/location.ts'
import { DisabledList } from '../timeline/disabled-spans.tsx'
import type { Mark } from '../timeline/marks.ts'
import { RangePicker } from '../timeline/range-picker.tsx'
import { recentTicks, ticksOfRange } from '../timeline/tick-windows.ts'
import { Timeline } from '../timeline/timeline.tsx'
import { LIVE_BEFORE_MS, type Range, range, showRange } from '../timeline/window.ts'
import { nextPollAt } from './polling.ts'
import { tickInUrl } from './ticks/tick-dialog.tsx'

export function TimelinePanel({ trigger }: { readonly trigger: Trigger }) {
  const { name } = trigger
  const shown = range.value
  const ticks = useResource(`timeline ${name} ${shown?.fromAt} ${shown?.untilAt}`, {
    load: shown === null ? recentTicks(name) : ticksOfRange(name, shown),
    concerns: (event) => (shown === null || shown.untilAt > engineNow()) && concernsTrigger(event, name),
  })
  usePolling(ticks, OTHERS_EVERY_MS, shown === null)
  const disabled = useDisabledPeriods(trigger, shown)
  return (
    <section aria-label="Timeline">
      <div class="section-row">
        <h2>{titleOf(shown)}</h2>
        <RangePicker />
      </div>
      <Timeline
        shown={ticks.value.value}
        range={shown}
        nextAt={nextPollAt(trigger)}
        disabled={disabled}
        onChoose={choose}
      />
      <DisabledList periods={disabled} />
      {ticks.problem.value !== null && (
        <p class="small bad" role="alert">
          Could not load the poll results: {ticks.problem.value.message}
        </p>
      )}
      {ticks.value.value?.isCut && (
        <p class="small faint">
          This range has more than 10,000 poll results, and only the newest are shown. Choose a shorter range.
        </p>
      )}
    </section>
  )
}

/** The periods of the shown range, which are read again when the trigger was changed. */
function useDisabledPeriods({ name, enabled, updatedAt }: Trigger, shown: Range | null): readonly DisabledSpan[] {
  const periods = useResource(`disabled ${name} ${shown?.fromAt} ${shown?.untilAt}`, {
    load: async (signal) => {
      const since = new Date(shown?.fromAt ?? engineNow() - LIVE_BEFORE_MS).toISOString()
      const until = shown === null ? undefined : new Date(shown.untilAt).toISOString()
      return await read('/triggers/{name}/disabled', { path: { name }, query: { since, until }, signal })
    },
    concerns: () => false,
  })
  useEffect(() => periods.reload(), [enabled, updatedAt])
  return periods.value.value?.items ?? []
}

function titleOf(shown: Range | null): string {
  if (shown === null) return 'Last 5 minutes'
  return `Range of ${shownDuration(shown.untilAt - shown.fromAt)}`
}

/** Opens a single tick, or zooms to the period of several. */
function choose({ count, tick, fromAt, untilAt }: Mark): void {
  const margin = Math.max(1_000, (untilAt - fromAt) * 0.1)
  if (count === tick.count) setQuery(tickInUrl(tick))
  else showRange(fromAt - margin, untilAt + margin)
}
