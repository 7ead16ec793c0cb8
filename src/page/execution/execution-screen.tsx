/** One execution: its origin, tasks, log and actions. */

import { useEffect, useState } from 'preact/hooks'
import type { Execution, Workflow } from '../api/answer-types.ts'
import { read } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { Elapsed, Priority } from '../executions/execution-rows.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { usePolling } from '../live/reading-again.ts'
import { type Resource, useResource } from '../live/resource.ts'
import { withoutAnsi } from '../log/ansi.ts'
import { Log } from '../log/log-view.tsx'
import { jumpTarget, marker } from '../log/marker.ts'
import { Loaded } from '../parts/loaded.tsx'
import { errorWords, hasEnded, shortId } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, query, setQuery } from '../routing/location.ts'
import type { ScreenProps } from '../routing/screen-props.ts'
import { Steering } from '../steering/steering-buttons.tsx'
import { ActionNotes } from './action-notes.tsx'
import { CauseChain } from './cause-chain.tsx'
import { ChildList } from './child-list.tsx'
import { attemptLimits, shownTask } from './shown-task.ts'
import { StoredText, StoredTextButtons } from './stored-text.tsx'
import { TaskPanel } from './task-panel.tsx'
import { Tasks } from './tasks.tsx'
import { WaitSentence } from './wait-sentence.tsx'

/** Choices in the URL that show no task, also not the first failed one. */
const CLOSED = { task: null, panel: 'no', line: null }
/** Events of other processes do not arrive here. */
const READ_EVERY_MS = 2_000

export function ExecutionScreen({ params: [id = ''] }: ScreenProps) {
  const execution = useResource(`execution ${id}`, {
    load: (signal) => read('/executions/{id}', { path: { id }, signal }),
    concerns: ({ data }) => String((data as { readonly executionId?: unknown }).executionId ?? '').startsWith(id),
  })
  const status = execution.value.value?.status
  usePolling(execution, READ_EVERY_MS, status !== undefined && !hasEnded(status))
  useEffect(
    () => () => {
      marker.value = null
      jumpTarget.value = null
    },
    [],
  )
  return (
    <main class="execution">
      <Loaded resource={execution} what="the execution">
        {(value) => <Shown execution={value} resource={execution} />}
      </Loaded>
    </main>
  )
}

function Shown({ execution, resource }: { readonly execution: Execution; readonly resource: Resource<Execution> }) {
  const workflow = useWorkflow(execution.workflow)
  const { tasks } = execution
  const error = errorWords(execution)
  const task = shownTask(execution, query.value)
  const limits = attemptLimits(workflow)
  const [scrolls, setScrolls] = useState(0)
  const startAt = Date.parse(execution.createdAt)
  useEffect(() => {
    const at = Number(query.value.get('at') ?? Number.NaN)
    if (!Number.isNaN(at)) jumpTarget.value = { at: startAt + at, from: 'gantt' }
  }, [])
  const move = (step: 1 | -1): void => {
    const index = tasks.findIndex(({ id }) => id === task?.id)
    const next = tasks[index < 0 ? 0 : Math.min(tasks.length - 1, Math.max(0, index + step))]
    if (next !== undefined) setQuery({ task: next.id, panel: null, line: null }, { keep: true })
  }
  const choose = (id: string): void => {
    setQuery(id === task?.id ? CLOSED : { task: id, panel: null, line: null })
    setScrolls(scrolls + 1)
  }
  useKeys([
    { key: 'j', does: 'next task', press: () => move(1) },
    { key: 'k', does: 'previous task', press: () => move(-1) },
  ])
  return (
    <>
      <Head execution={execution} definition={workflow} task={task?.id ?? null} onDone={() => resource.reload()} />
      <StoredText execution={execution} />
      <CauseChain execution={execution} />
      <ActionNotes execution={execution} />
      <WaitSentence subject="This execution is" waitingFor={execution.waitingFor} />
      {error !== null && <p class="error-words">{withoutAnsi(error)}</p>}
      <ChildList execution={execution} />
      <div class={task === null ? 'execution-parts' : 'execution-parts with-task'}>
        <Tasks execution={execution} workflow={workflow} limits={limits} chosen={task?.id ?? null} onChoose={choose} />
        <Log id={execution.id} startAt={startAt} isRunning={!hasEnded(execution.status)} task={task?.id ?? null} />
        {task !== null && (
          <TaskPanel execution={execution} task={task} workflow={workflow} limits={limits} scrolls={scrolls} />
        )}
      </div>
    </>
  )
}

interface HeadProps {
  readonly execution: Execution
  readonly definition: Workflow | null
  readonly task: string | null
  onDone(): void
}

function Head({ execution, definition, task, onDone }: HeadProps) {
  const { id, workflow, createdAt, startedAt, endedAt, version } = execution
  return (
    <>
      <div class="title-row">
        <h1>
          <Link to={addressFor('workflows', workflow)}>{workflow}</Link>{' '}
          <span class="faint" title={id}>
            {shortId(id)}
          </span>
        </h1>
        <Steering execution={execution} definition={definition} task={task} onDone={onDone} />
      </div>
      <p class="facts faint small">
        <span>
          created <Time at={createdAt} />
        </span>
        <span>
          took <Elapsed startedAt={startedAt} endedAt={endedAt} />
        </span>
        <Priority priority={execution.priority} />
        <span>
          version <code>{version.slice(0, 8)}</code>
        </span>
        <StoredTextButtons execution={execution} />
      </p>
    </>
  )
}

/** Returns the workflow; null while it is read, and if it is gone. Other parts of the screen do not need it. */
function useWorkflow(name: string): Workflow | null {
  const workflow = useResource<Workflow | null>(`workflow ${name}`, {
    load: (signal) =>
      read('/workflows/{name}', { path: { name }, signal }).catch((thrown: unknown) => {
        if (thrown instanceof Problem && thrown.status === 404) return null
        throw thrown
      }),
    concerns: () => false,
  })
  return workflow.value.value
}
