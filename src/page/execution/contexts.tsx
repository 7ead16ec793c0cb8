/** What went into a task and came out of it: what it changed. Large ones are not read, but linked. */

import type { Execution, Task } from '../api/answers.ts'
import { readText } from '../api/client.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { RawLink } from '../parts/raw-link.tsx'
import { addressFor } from '../routing/location.ts'
import { type Change, changesBetween } from './members.ts'

/** Of both together. */
const READ_BYTES = 256 * 1_024
const SHOWN_CHARACTERS = 2_000

interface ContextsProps {
  readonly execution: Execution
  readonly task: Task
  /** The tasks that it depends on; null while that is not known. */
  readonly dependencies: readonly string[] | null
}

export function Contexts({ execution, task, dependencies }: ContextsProps) {
  const at = addressFor('executions', execution.id, 'tasks', task.id)
  const inputBytes = inputBytesOf(execution, dependencies)
  return (
    <section class="contexts" aria-label="Input and output">
      <div class="section-head">
        <h3>Changes</h3>
        <span class="links">
          {dependencies !== null && <RawLink path={`${at}/input`} name="input" bytes={inputBytes} />}
          <RawLink path={`${at}/output`} name="output" bytes={task.outputBytes} />
        </span>
      </div>
      <Changed execution={execution} task={task} inputBytes={inputBytes} />
    </section>
  )
}

interface ChangedProps {
  readonly execution: Execution
  readonly task: Task
  readonly inputBytes: number | null
}

function Changed({ execution, task, inputBytes }: ChangedProps) {
  if (task.outputBytes === null) return <p class="faint">No output{task.status === 'Running' ? ' yet' : ''}.</p>
  if (inputBytes === null)
    return <p class="faint">The input is unknown because the definition of the task is not available.</p>
  if (inputBytes + task.outputBytes > READ_BYTES) {
    return <p class="faint">Too large to compare here. Open input and output with the links above.</p>
  }
  return <Compared key={`${task.id} ${task.endedAt}`} id={execution.id} task={task.id} />
}

function Compared({ id, task }: { readonly id: string; readonly task: string }) {
  const texts = useResource(`contexts ${id} ${task}`, {
    load: async (signal) => {
      const where = { path: { id, task }, signal }
      const [input, output] = await Promise.all([
        readText('/executions/{id}/tasks/{task}/input', where),
        readText('/executions/{id}/tasks/{task}/output', where),
      ])
      return changesBetween(input, output) ?? []
    },
    concerns: () => false,
  })
  return (
    <Loaded resource={texts} what="the changes">
      {(changes) => <Changes changes={changes} />}
    </Loaded>
  )
}

function Changes({ changes }: { readonly changes: readonly Change[] }) {
  const same = changes.filter(({ kind }) => kind === 'same')
  const others = changes.filter(({ kind }) => kind !== 'same')
  return (
    <>
      {others.length === 0 && <p class="faint">No changes: the output equals the input.</p>}
      {others.length > 0 && <ChangeList changes={others} />}
      {same.length > 0 && (
        <details>
          <summary>
            {same.length} {same.length === 1 ? 'key' : 'keys'} unchanged
          </summary>
          <ChangeList changes={same} />
        </details>
      )}
    </>
  )
}

const SIGNS: Readonly<Record<Change['kind'], string>> = { added: '+', changed: '~', removed: '−', same: '' }

function ChangeList({ changes }: { readonly changes: readonly Change[] }) {
  return (
    <dl class="changes">
      {changes.map(({ key, kind, before, after }) => (
        <div key={key} class={`change ${kind}`}>
          <dt>
            <span class="sign" title={kind}>
              {SIGNS[kind]}
            </span>
            <span>{key}</span>
          </dt>
          {kind === 'changed' || kind === 'removed' ? <dd class="before">{cut(before ?? '')}</dd> : null}
          {kind !== 'removed' ? <dd class="after">{cut(after ?? '')}</dd> : null}
        </div>
      ))}
    </dl>
  )
}

function cut(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return text
  return `${text.slice(0, SHOWN_CHARACTERS)} … (${text.length.toLocaleString('en')} characters)`
}

function inputBytesOf(execution: Execution, dependencies: readonly string[] | null): number | null {
  if (dependencies === null) return null
  if (dependencies.length === 0) return execution.inputBytes
  const outputs = execution.tasks.filter(({ id }) => dependencies.includes(id))
  return outputs.reduce((sum, { outputBytes }) => sum + (outputBytes ?? 0), 0)
}
