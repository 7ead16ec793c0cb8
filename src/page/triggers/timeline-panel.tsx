/** The timeline of a trigger, with what chooses its range. */

import type { Trigger } from '../api/answers.ts'
import { engineNow } from '../api/engine-time.ts'
import { isOfTrigger } from '../live/concerns.ts'
import { OTHERS_EVERY_MS, useReadingAgain } from '../live/reading-again.ts'
import { useResource } from '../live/resource.ts'
import { shownDuration } from '../parts/durations.ts'
import { setQuery } from '../routing/location.ts'
import type { Mark } from '../timeline/marks.ts'
import { RangePicker } from '../timeline/range-picker.tsx'
import { recentTicks, ticksOfRange } from '../timeline/ticks.ts'
import { Timeline } from '../timeline/timeline.tsx'
import { type Range, range, showRange } from '../timeline/window.ts'
import { nextPollAt } from './polling.ts'
import { tickInUrl } from './tick-dialog.tsx'

export function TimelinePanel({ trigger }: { readonly trigger: Trigger }) {
  const { name } = trigger
  const shown = range.value
  const ticks = useResource(`timeline ${name} ${shown?.fromAt} ${shown?.untilAt}`, {
    load: shown === null ? recentTicks(name) : ticksOfRange(name, shown),
    concerns: (event) => (shown === null || shown.untilAt > engineNow()) && isOfTrigger(event, name),
  })
  useReadingAgain(ticks, OTHERS_EVERY_MS, shown === null)
  return (
    <section aria-label="Timeline">
      <div class="section-row">
        <h2>{titleOf(shown)}</h2>
        <RangePicker />
      </div>
      <Timeline shown={ticks.value.value} range={shown} nextAt={nextPollAt(trigger)} onChoose={choose} />
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

function titleOf(shown: Range | null): string {
  if (shown === null) return 'Last 5 minutes'
  return `Range of ${shownDuration(shown.untilAt - shown.fromAt)}`
}

/** One tick is opened; of several the time in which they are is shown alone. */
function choose({ count, tick, fromAt, untilAt }: Mark): void {
  const margin = Math.max(1_000, (untilAt - fromAt) * 0.1)
  if (count === tick.count) setQuery(tickInUrl(tick))
  else showRange(fromAt - margin, untilAt + margin)
}
