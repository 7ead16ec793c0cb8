/** One execution: where it comes from, its tasks, its log, and what can be done with it. */

import { useEffect } from 'preact/hooks'
import type { Execution, Workflow } from '../api/answers.ts'
import { read } from '../api/client.ts'
import { Problem } from '../api/problem.ts'
import { Took } from '../executions/execution-rows.tsx'
import { useKeys } from '../keyboard/keys.ts'
import { useReadingAgain } from '../live/reading-again.ts'
import { type Resource, useResource } from '../live/resource.ts'
import { plain } from '../log/ansi.ts'
import { Log } from '../log/log.tsx'
import { jump, marker } from '../log/marker.ts'
import { Loaded } from '../parts/loaded.tsx'
import { RawLink } from '../parts/raw-link.tsx'
import { hasEnded, shortId, waitWords } from '../parts/states.tsx'
import { Time } from '../parts/time.tsx'
import { Link } from '../routing/link.tsx'
import { addressFor, query, setQuery } from '../routing/location.ts'
import type { ScreenProps } from '../routing/screens.ts'
import { Steering } from '../steering/steering.tsx'
import { CauseChain } from './cause-chain.tsx'
import { TaskPanel } from './task-panel.tsx'
import { Tasks } from './tasks.tsx'

/** What another process runs is not told here. */
const READ_EVERY_MS = 2_000

export function ExecutionScreen({ params: [id = ''] }: ScreenProps) {
  const execution = useResource(`execution ${id}`, {
    load: (signal) => read('/executions/{id}', { path: { id }, signal }),
    concerns: ({ data }) => String((data as { readonly executionId?: unknown }).executionId ?? '').startsWith(id),
  })
  const status = execution.value.value?.status
  useReadingAgain(execution, READ_EVERY_MS, status !== undefined && !hasEnded(status))
  useEffect(
    () => () => {
      marker.value = null
      jump.value = null
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
  const wait = waitWords(execution)
  const name = query.value.get('task')
  const task = tasks.find(({ id }) => id === name) ?? null
  const startAt = Date.parse(execution.createdAt)
  useEffect(() => {
    const at = Number(query.value.get('at') ?? Number.NaN)
    if (!Number.isNaN(at)) jump.value = { at: startAt + at, from: 'gantt' }
  }, [])
  const move = (step: 1 | -1): void => {
    const index = tasks.findIndex(({ id }) => id === name)
    const next = tasks[index < 0 ? 0 : Math.min(tasks.length - 1, Math.max(0, index + step))]
    if (next !== undefined) setQuery({ task: next.id }, { keep: true })
  }
  useKeys([
    { key: 'j', does: 'next task', press: () => move(1) },
    { key: 'k', does: 'previous task', press: () => move(-1) },
  ])
  return (
    <>
      <Head execution={execution} task={task?.id ?? null} onDone={() => resource.reload()} />
      <CauseChain execution={execution} />
      {wait !== null && <p class="faint">This execution is {wait}.</p>}
      {execution.errorMessage !== null && <p class="error-words">{plain(execution.errorMessage)}</p>}
      <Tasks execution={execution} workflow={workflow} chosen={task?.id ?? null} />
      <div class={task === null ? 'below' : 'below with-task'}>
        <Log id={execution.id} startAt={startAt} isRunning={!hasEnded(execution.status)} task={task?.id ?? null} />
        {task !== null && <TaskPanel execution={execution} task={task} workflow={workflow} />}
      </div>
    </>
  )
}

interface HeadProps {
  readonly execution: Execution
  readonly task: string | null
  onDone(): void
}

function Head({ execution, task, onDone }: HeadProps) {
  const { id, workflow, createdAt, startedAt, endedAt, version, inputBytes, contextBytes } = execution
  const at = addressFor('executions', id)
  return (
    <>
      <div class="title-row">
        <h1>
          <Link to={addressFor('workflows', workflow)}>{workflow}</Link>{' '}
          <span class="faint" title={id}>
            {shortId(id)}
          </span>
        </h1>
        <Steering execution={execution} task={task} onDone={onDone} />
      </div>
      <p class="facts faint small">
        <span>
          created <Time at={createdAt} />
        </span>
        <span>
          took <Took startedAt={startedAt} endedAt={endedAt} />
        </span>
        <span>
          version <code>{version.slice(0, 8)}</code>
        </span>
        <RawLink path={`${at}/input`} name="input" bytes={inputBytes} />
        <RawLink path={`${at}/context`} name="context" bytes={contextBytes} />
      </p>
    </>
  )
}

/** Null while it is read, and where it is gone: what does not need it is shown all the same. */
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
