/** The task that is chosen: its attempts with what they raised, and its contexts. */

import { ruleText } from '../../runner/records/rule-text.ts'
import type { Attempt, Execution, Task, Workflow } from '../api/answers.ts'
import { useKeys } from '../keyboard/keys.ts'
import { plain } from '../log/ansi.ts'
import { shownDuration } from '../parts/durations.ts'
import { Place } from '../parts/place.tsx'
import { StateBadge } from '../parts/states.tsx'
import { setQuery } from '../routing/location.ts'
import { Contexts } from './contexts.tsx'

const SHOWN_ATTEMPTS = 50

interface TaskPanelProps {
  readonly execution: Execution
  readonly task: Task
  /** Null while it is not known, or gone. */
  readonly workflow: Workflow | null
}

export function TaskPanel({ execution, task, workflow }: TaskPanelProps) {
  const close = (): void => setQuery({ task: null })
  useKeys([{ key: 'Escape', does: 'close the task', press: close }])
  const definition = workflow?.tasks.find(({ id }) => id === task.id)
  return (
    <aside class="task-panel" aria-label={`Task ${task.id}`}>
      <div class="section-head">
        <h2 class="ellipsis" title={task.id}>
          {task.id}
        </h2>
        <StateBadge state={task.status} />
        <button type="button" class="quiet" aria-label="Close" onClick={close}>
          ×
        </button>
      </div>
      {definition !== undefined && <Facts definition={definition} />}
      <Contexts execution={execution} task={task} dependencies={definition?.dependencies ?? null} />
      <section class="attempts" aria-label="Attempts">
        <h3>Attempts</h3>
        {task.history.length === 0 && (
          <p class="faint">No attempt has ended{task.status === 'Running' ? ' yet' : ''}.</p>
        )}
        {task.history
          .slice(-SHOWN_ATTEMPTS)
          .toReversed()
          .map((attempt) => (
            <AttemptBox key={attempt.attempt} attempt={attempt} />
          ))}
        {task.history.length > SHOWN_ATTEMPTS && (
          <p class="faint">{task.history.length - SHOWN_ATTEMPTS} earlier attempts are not shown.</p>
        )}
      </section>
    </aside>
  )
}

function Facts({ definition }: { readonly definition: Workflow['tasks'][number] }) {
  const { dependencies, retry, timeoutMs, rule, place } = definition
  const condition = ruleText(rule)
  const isRetried = retry.maxAttempts > 1 && retry.condition.kind !== 'never'
  const facts = [
    ...(dependencies.length > 0 ? [`after ${dependencies.join(', ')}`] : []),
    ...(isRetried ? [`at most ${retry.maxAttempts} attempts`] : []),
    ...(timeoutMs === null ? [] : [`at most ${shownDuration(timeoutMs)} per attempt`]),
    ...(condition === '' ? [] : [`if ${condition}`]),
  ]
  return (
    <p class="faint small facts">
      {facts.length > 0 && <span>{facts.join(' · ')}</span>}
      {place !== null && <Place place={place} />}
    </p>
  )
}

function AttemptBox({ attempt }: { readonly attempt: Attempt }) {
  const { outcome, queuedAt, startedAt, endedAt, error } = attempt
  const ended = Date.parse(endedAt)
  const started = startedAt === null ? ended : Date.parse(startedAt)
  const waited = queuedAt === null ? 0 : started - Date.parse(queuedAt)
  return (
    <div class="attempt">
      <p>
        <strong>{attempt.attempt}</strong>{' '}
        <span class={outcome === 'completed' ? 'good-ink' : 'bad-ink'}>{outcome}</span>{' '}
        <span class="faint">
          in {shownDuration(Math.max(0, ended - started))}
          {waited > 0 && `, waited ${shownDuration(waited)}`}
        </span>
      </p>
      {error !== null && <pre class="traceback">{linesOf(error.traceback || `${error.type}: ${error.message}`)}</pre>}
    </div>
  )
}

/** Without what would control a terminal. */
function linesOf(text: string): string {
  return text.split('\n').map(plain).join('\n')
}
