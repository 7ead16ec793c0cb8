/** Marks of the newest executions of a workflow, oldest first: the state is the colour, the duration the height. */

import { useEffect, useMemo, useState } from 'preact/hooks'
import type { RecentExecution } from '../api/answer-types.ts'
import { inTurn } from '../live/in-turn.ts'
import { stateTone } from '../parts/states.tsx'
import { zone } from '../parts/zone.ts'
import { followClicked, pageHref } from '../routing/followed-links.ts'
import { addressFor } from '../routing/location.ts'
import { moveBetweenMarks } from './mark-keys.ts'
import { longestCompletedMs, markShare, runInWords } from './run-words.ts'

interface RunStripProps {
  readonly workflow: string
  /** Newest first. */
  readonly runs: readonly RecentExecution[]
}

/**
 * The elements stay the same until an execution changes, so that a list of strips is cheap to update. Strips are drawn
 * in short tasks after the rows of the list.
 */
export function RunStrip({ workflow, runs }: RunStripProps) {
  const [isDrawn, setDrawn] = useState(false)
  useEffect(() => inTurn(() => setDrawn(true)), [])
  const version = runs.map(({ id, status }) => `${id} ${status}`).join()
  const marks = useMemo(
    () => isDrawn && <Marks workflow={workflow} runs={runs} />,
    [workflow, version, isDrawn, zone.value],
  )
  if (runs.length === 0) return <span class="faint small">No executions yet</span>
  return isDrawn ? marks : <div class="run-strip" />
}

function Marks({ workflow, runs }: RunStripProps) {
  const longest = longestCompletedMs(runs)
  const name = runs.length === 1 ? `Last execution of ${workflow}` : `Last ${runs.length} executions of ${workflow}`
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset groups form fields, and these are links
    <div class="run-strip" role="group" aria-label={name} onClick={followClicked} onKeyDown={moveBetweenMarks}>
      {runs.toReversed().map((run, index) => (
        <RunMark key={run.id} run={run} longest={longest} isInTabOrder={index === runs.length - 1} />
      ))}
    </div>
  )
}

interface RunMarkProps {
  readonly run: RecentExecution
  readonly longest: number
  readonly isInTabOrder: boolean
}

function RunMark({ run, longest, isInTabOrder }: RunMarkProps) {
  const text = runInWords(run)
  return (
    // biome-ignore lint/a11y/useAnchorContent: aria-label names the link, and one element per mark is drawn faster
    <a
      href={pageHref(addressFor('executions', run.id))}
      class={`run-mark ${stateTone(run.status)}`}
      style={{ '--share': `${markShare(run, longest)}%` }}
      aria-label={text}
      title={text}
      tabIndex={isInTabOrder ? 0 : -1}
    />
  )
}
