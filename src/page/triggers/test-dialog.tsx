/** Polls a trigger without recording or starting anything, and shows the outcome. */

import { useEffect, useState } from 'preact/hooks'
import type { TestedPoll } from '../api/answer-types.ts'
import { write } from '../api/client.ts'
import { asProblem, type Problem } from '../api/problem.ts'
import { indentedJson } from '../json/indented-json.ts'
import { Records } from '../log/records.tsx'
import { Dialog } from '../overlays/dialog.tsx'
import { shownDuration } from '../parts/durations.ts'
import { ReadFailed } from '../parts/empty.tsx'
import { OutcomeBadge } from '../parts/outcome-badge.tsx'

type State = { readonly tested: TestedPoll | null; readonly problem: Problem | null }
const WAITING: State = { tested: null, problem: null }

export function TestDialog({ name, onClose }: { readonly name: string; onClose(): void }) {
  const [{ tested, problem }, setState] = useState(WAITING)
  const [round, setRound] = useState(0)
  useEffect(() => {
    const closing = new AbortController()
    setState(WAITING)
    write('/triggers/{name}/test', { path: { name }, signal: closing.signal }, {}).then(
      (answer) => setState({ tested: answer, problem: null }),
      (thrown: unknown) => closing.signal.aborted || setState({ tested: null, problem: asProblem(thrown) }),
    )
    return () => closing.abort()
  }, [name, round])
  const again = (): void => setRound(round + 1)
  return (
    <Dialog title={`Test ${name}`} isWide onClose={onClose}>
      {problem !== null && <ReadFailed what="the result of the test" problem={problem} onRetry={again} />}
      {tested === null && problem === null && <p class="loading">Polling …</p>}
      {tested !== null && (
        <>
          <p>
            <OutcomeBadge outcome={tested.outcome} /> in {shownDuration(tested.durationMs)}
            {tested.reason !== null && `: ${tested.reason}`} <span class="faint">Nothing was recorded or started.</span>
          </p>
          {tested.error !== null && <pre class="bad">{tested.error.traceback || tested.error.message}</pre>}
          {tested.firings.map(({ key, contextText }, index) => (
            <section key={index}>
              <h3>{tested.firings.length === 1 ? 'Context' : `Context of firing ${index + 1}`}</h3>
              {key !== null && (
                <p>
                  Key: <code>{key}</code>
                </p>
              )}
              <pre>{contextText ?? 'none'}</pre>
            </section>
          ))}
          {tested.stateText !== null && (
            <section>
              <h3>State after the poll</h3>
              <pre>{indentedJson(tested.stateText)}</pre>
            </section>
          )}
          <section>
            <h3>Log</h3>
            <Records records={tested.records} />
          </section>
          <div class="actions">
            <button type="button" onClick={again}>
              Test again
            </button>
          </div>
        </>
      )}
    </Dialog>
  )
}
