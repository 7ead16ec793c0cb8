/** Input, output and changes of a task. Large contexts are linked instead of read. */

import type { Execution, Task } from '../api/answer-types.ts'
import { readText } from '../api/client.ts'
import { MemberChanges } from '../json/member-changes.tsx'
import { changesBetween } from '../json/object-members.ts'
import { useResource } from '../live/resource.ts'
import { Loaded } from '../parts/loaded.tsx'
import { RawLink } from '../parts/raw-link.tsx'
import { addressFor } from '../routing/location.ts'

/** Maximum size of both contexts together. */
const READ_BYTES = 256 * 1_024

interface ContextsProps {
  readonly execution: Execution
  readonly task: Task
  /** Tasks that it depends on; null while they are unknown. */
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
      {(changes) => <MemberChanges changes={changes} same="No changes: the output equals the input." />}
    </Loaded>
  )
}

function inputBytesOf(execution: Execution, dependencies: readonly string[] | null): number | null {
  if (dependencies === null) return null
  if (dependencies.length === 0) return execution.inputBytes
  const outputs = execution.tasks.filter(({ id }) => dependencies.includes(id))
  return outputs.reduce((sum, { outputBytes }) => sum + (outputBytes ?? 0), 0)
}
