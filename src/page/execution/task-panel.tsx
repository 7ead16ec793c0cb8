/** The selected task: its attempts with their errors, and its contexts. */

import { useEffect, useRef } from 'preact/hooks'
import { ruleText } from '../../model/rules/rule-text.ts'
import type { Attempt, Execution, Task, Workflow } from '../api/answer-types.ts'
import { useKeys } from '../keyboard/keys.ts'
import { withoutAnsi } from '../log/ansi.ts'
import { shownDuration } from '../parts/durations.ts'
import { Place } from '../parts/source-place.tsx'
import { StateBadge } from '../parts/states.tsx'
import { setQuery } from '../routing/location.ts'
import { Contexts } from './contexts.tsx'
import { attemptText } from './shown-task.ts'
import { WaitSentence } from './wait-sentence.tsx'

const SHOWN_ATTEMPTS = 50

const OUTCOME_WORDS: Readonly<Record<Attempt['outcome'], string>> = {
  completed: 'completed',
  failed: 'failed',
  timedOut: 'timed out',
  lost: 'lost: its process ended',
  cancelled: 'cancelled',
}

const OUTCOME_INKS: Readonly<Record<Attempt['outcome'], string>> = {
  completed: 'good-ink',
  failed: 'bad-ink',
  timedOut: 'bad-ink',
  lost: 'warn-ink',
  cancelled: 'faint',
}

interface TaskPanelProps {
  readonly execution: Execution
  readonly task: Task
  /** Null while it is unknown, or if it is gone. */
  readonly workflow: Workflow | null
  /** Maximum number of attempts by task. */
  readonly limits: ReadonlyMap<string, number>
  /** Number of times that the visitor has selected a task. The panel is scrolled into view after each. */
  readonly scrolls: number
}

export function TaskPanel({ execution, task, workflow, limits, scrolls }: TaskPanelProps) {
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    if (scrolls > 0) panel.current?.scrollIntoView({ block: 'nearest' })
  }, [scrolls])
  const close = (): void => setQuery({ task: null, panel: 'no' })
  useKeys([{ key: 'Escape', does: 'close the task', press: close }])
  const definition = workflow?.tasks.find(({ id }) => id === task.id)
  return (
    <aside class="task-panel" aria-label={`Task ${task.id}`} ref={panel}>
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
      <WaitSentence subject={`This ${isOfTask(task.waitingFor) ? 'task' : 'node'} is`} waitingFor={task.waitingFor} />
      {task.history.length === 0 && task.error !== null && (
        <p class={task.status === 'Skipped' ? 'skip-words' : 'error-words'}>{withoutAnsi(task.error)}</p>
      )}
      {task.status !== 'Waiting' && task.status !== 'Skipped' && definition?.wait === undefined && (
        <Attempts task={task} limit={limits.get(task.id)} />
      )}
      <Contexts execution={execution} task={task} dependencies={definition?.dependencies ?? null} />
    </aside>
  )
}

/** A task waits for a child or a slot. All others are waits of nodes. */
function isOfTask(wait: Task['waitingFor']): boolean {
  return wait?.kind === 'child' || wait?.kind === 'limit'
}

interface AttemptsProps {
  readonly task: Task
  readonly limit: number | undefined
}

function Attempts({ task: { status, history, attempts }, limit }: AttemptsProps) {
  return (
    <section class="attempts" aria-label="Attempts">
      <h3>Attempts</h3>
      {status === 'Running' && attempts > 0 && <p class="faint">Attempt {attemptText(attempts, limit)} is running.</p>}
      {history.length === 0 && <p class="faint">No attempt has ended{status === 'Running' ? ' yet' : ''}.</p>}
      {history
        .slice(-SHOWN_ATTEMPTS)
        .toReversed()
        .map((attempt, index) => (
          <AttemptBox key={attempt.attempt} attempt={attempt} limit={limit} isOpen={index === 0} />
        ))}
      {history.length > SHOWN_ATTEMPTS && (
        <p class="faint">{history.length - SHOWN_ATTEMPTS} earlier attempts are not shown.</p>
      )}
    </section>
  )
}

function Facts({ definition }: { readonly definition: Workflow['tasks'][number] }) {
  const { dependencies, retry, timeoutMs, rule, place, wait } = definition
  const condition = ruleText(rule)
  const isRetried = wait === undefined && retry.maxAttempts > 1 && retry.condition.kind !== 'never'
  const facts = [
    ...(dependencies.length > 0 ? [`after ${dependencies.join(', ')}`] : []),
    ...(isRetried ? [`at most ${retry.maxAttempts} attempts`] : []),
    ...(timeoutMs === null ? [] : [`at most ${shownDuration(timeoutMs)} per attempt`]),
    ...(condition === '' ? [] : [`runs if ${condition}`]),
  ]
  return (
    <p class="faint small facts">
      {facts.length > 0 && <span>{facts.join(' · ')}</span>}
      {place !== null && <Place place={place} />}
    </p>
  )
}

interface AttemptBoxProps {
  readonly attempt: Attempt
  readonly limit: number | undefined
  /** Whether the traceback is visible before the visitor opens it. */
  readonly isOpen: boolean
}

function AttemptBox({ attempt, limit, isOpen }: AttemptBoxProps) {
  const { outcome, queuedAt, startedAt, endedAt, error } = attempt
  const ended = Date.parse(endedAt)
  const started = startedAt === null ? ended : Date.parse(startedAt)
  const waited = queuedAt === null ? 0 : started - Date.parse(queuedAt)
  return (
    <div class="attempt">
      <p>
        <strong>Attempt {attemptText(attempt.attempt, limit)}</strong>{' '}
        <span class={OUTCOME_INKS[outcome]}>{OUTCOME_WORDS[outcome]}</span>{' '}
        <span class="faint">
          in {shownDuration(Math.max(0, ended - started))}
          {waited > 0 && `, waited ${shownDuration(waited)}`}
        </span>
      </p>
      {error !== null && isOpen && <Traceback error={error} />}
      {error !== null && !isOpen && (
        <details>
          <summary class="ellipsis">{withoutAnsi(shortError(error.message))}</summary>
          <Traceback error={error} />
        </details>
      )}
    </div>
  )
}

function Traceback({ error }: { readonly error: NonNullable<Attempt['error']> }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: visitors without a mouse scroll it
    <pre class="traceback" tabIndex={0}>
      {linesOf(error.traceback || `${error.type}: ${error.message}`)}
    </pre>
  )
}

/** Removes the documented beginning of the messages of failed tasks. */
function shortError(message: string): string {
  return message.replace(/^(?:Python task|Task) execution failed: /, '')
}

/** Removes control characters of terminals. */
function linesOf(text: string): string {
  return text.split('\n').map(withoutAnsi).join('\n')
}
