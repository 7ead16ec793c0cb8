/** Polls a trigger without recording or starting anything, and shows what it would have come to. */

import { useEffect, useState } from 'preact/hooks'
import type { TestedPoll } from '../api/answers.ts'
import { write } from '../api/client.ts'
import { asProblem, type Problem } from '../api/problem.ts'
import { Records } from '../log/records.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { shownDuration } from '../parts/durations.ts'
import { NotRead } from '../parts/empty.tsx'
import { OutcomeBadge } from '../parts/outcomes.tsx'

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
      {problem !== null && <NotRead what="the result of the test" problem={problem} onRetry={again} />}
      {tested === null && problem === null && <p class="loading">Polling …</p>}
      {tested !== null && (
        <>
          <p>
            <OutcomeBadge outcome={tested.outcome} /> in {shownDuration(tested.durationMs)}
            {tested.reason !== null && `: ${tested.reason}`} <span class="faint">Nothing was recorded or started.</span>
          </p>
          {tested.error !== null && <pre class="bad">{tested.error.traceback || tested.error.message}</pre>}
          {tested.outcome === 'fired' && (
            <section>
              <h3>Context</h3>
              <pre>{tested.contextText ?? 'none'}</pre>
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
