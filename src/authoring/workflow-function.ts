/** `workflow`: declares a workflow task by task. Each step returns a new, checked value. */

import * as v from 'valibot'
import { UsageError } from '../errors.ts'
import type { DailyTime } from '../model/workflow.ts'
import { type OptionSchema, type Owner, parseOptions } from '../options/checked.ts'
import {
  durationAtLeast,
  NAME,
  optionsSchema,
  STORABLE_TEXT,
  TAGS,
  TIME_OF_DAY,
  TIME_ZONE,
} from '../options/schemas.ts'
import { placeOfCaller } from './caller-place.ts'
import { type DeclaredTask, type DeclaredWorkflow, WORKFLOW_KEY } from './declared.ts'
import { PRIORITY_OPTION, toWorkflowLimit, WORKFLOW_LIMIT_OPTIONS } from './limit-function.ts'
import { SCHEMA_OPTION } from './schema-options.ts'
import { declaredTask, type PrecedingTasks } from './task.ts'
import type { InputSchema, WorkflowOptions } from './types/option-types.ts'
import type { NewWorkflow, StorableInput, TaskValue } from './types/workflow-types.ts'
import { declaredApproval } from './waits/approval-node.ts'
import type { NewNode } from './waits/declared-node.ts'
import { declaredDelay } from './waits/delay-node.ts'
import { declaredSignalWait } from './waits/signal-node.ts'

const OPTIONS = optionsSchema({
  input: SCHEMA_OPTION,
  title: v.string(),
  description: v.string(),
  tags: TAGS,
  deadline: durationAtLeast(1),
  doneBy: TIME_OF_DAY,
  timezone: TIME_ZONE,
  tenant: STORABLE_TEXT,
  package: STORABLE_TEXT,
  ...WORKFLOW_LIMIT_OPTIONS,
  priority: PRIORITY_OPTION,
} satisfies Record<keyof WorkflowOptions, OptionSchema>)

/**
 * Declares a workflow. Add tasks with `task`. A trigger or `runner.execute` starts the workflow.
 *
 * @param name Name under which the workflow is registered and executed.
 * @param options Input schema, display name and further options.
 * @returns A workflow without tasks. After adding tasks, export it for `cloaca serve`, or pass it to `runner.register`.
 * @throws `UsageError` (`INVALID_ARGUMENT`) for an invalid argument.
 * @example
 * export const orders = workflow('order_processor', { input: object({ order_id: number() }) })
 *   .task('fetch', async ({ order_id }) => ({ lines: await fetchLines(order_id) }))
 *   .task('ship', { after: 'fetch', retries: 3 }, async ({ lines }, { signal }) => ship(lines, { signal }))
 */
export function workflow<const Name extends string, const Schema extends InputSchema | undefined = undefined>(
  name: Name,
  options?: WorkflowOptions<Schema> & StorableInput<Schema>,
): NewWorkflow<Name, Schema> {
  const key = parseOptions(NAME, name, 'name', { what: 'a workflow' })
  const owner = { what: `workflow "${key}"`, facts: { workflow: key } }
  const given = parseOptions(OPTIONS, options, '', owner)
  const made = new WorkflowValue(
    {
      key,
      title: given.title ?? key,
      description: given.description ?? '',
      tags: Object.freeze(given.tags ?? {}),
      deadlineMs: given.deadline ?? null,
      doneBy: doneByOf(owner, given),
      limit: toWorkflowLimit(owner, given),
      priority: given.priority ?? null,
      tenant: given.tenant ?? 'public',
      package: given.package ?? 'embedded',
      input: given.input ?? null,
      place: placeOfCaller(),
    },
    new TaskList([]),
    0,
  )
  return made as unknown as NewWorkflow<Name, Schema>
}

function doneByOf(owner: Owner, { doneBy, timezone }: v.InferOutput<typeof OPTIONS>): DailyTime | null {
  if (doneBy !== undefined) return Object.freeze({ time: doneBy, timezone: timezone ?? 'UTC' })
  if (timezone === undefined) return null
  const remedy = 'Add "doneBy", or remove "timezone".'
  const message = `The options of ${owner.what} conflict: "timezone" requires "doneBy". ${remedy}`
  throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'timezone' })
}

/**
 * Implements `Workflow`. Values that extend each other share a list of tasks, and each value has its first tasks, so
 * that thousands of tasks are not copied thousands of times.
 */
class WorkflowValue {
  readonly name: string
  readonly #head: Omit<DeclaredWorkflow, 'tasks'>
  readonly #list: TaskList
  readonly #size: number
  #tasks: Readonly<Record<string, TaskValue>> | null = null
  #declared: DeclaredWorkflow | null = null

  constructor(head: Omit<DeclaredWorkflow, 'tasks'>, list: TaskList, size: number) {
    this.name = head.key
    this.#head = head
    this.#list = list
    this.#size = size
    Object.defineProperty(this, WORKFLOW_KEY, { value: 1 })
    Object.freeze(this)
  }

  get tasks(): Readonly<Record<string, TaskValue>> {
    this.#tasks ??= this.#taskValues()
    return this.#tasks
  }

  get declared(): DeclaredWorkflow {
    this.#declared ??= Object.freeze({ ...this.#head, tasks: Object.freeze(this.#list.first(this.#size)) })
    return this.#declared
  }

  task(id: unknown, ...rest: readonly unknown[]): WorkflowValue {
    return this.#with(declaredTask(this.#before(), id, rest, placeOfCaller()))
  }

  delay(id: unknown, options: unknown): WorkflowValue {
    return this.#with(declaredDelay(this.#node(id, options)))
  }

  waitForSignal(id: unknown, options: unknown): WorkflowValue {
    return this.#with(declaredSignalWait(this.#node(id, options)))
  }

  approval(id: unknown, options: unknown): WorkflowValue {
    return this.#with(declaredApproval(this.#node(id, options)))
  }

  #node(id: unknown, options: unknown): NewNode {
    return { before: this.#before(), id, options, place: placeOfCaller() }
  }

  #before(): PrecedingTasks {
    return {
      workflow: this.name,
      has: (other) => this.#list.has(other, this.#size),
      ids: () => this.#list.first(this.#size).map((task) => task.id),
    }
  }

  #with(task: DeclaredTask): WorkflowValue {
    return new WorkflowValue(this.#head, this.#list.withNext(this.#size, task), this.#size + 1)
  }

  #taskValues(): Readonly<Record<string, TaskValue>> {
    // Without a prototype, so that "constructor" is a valid id.
    const tasks: Record<string, TaskValue> = Object.create(null)
    for (const { id } of this.declared.tasks) tasks[id] = Object.freeze({ id, workflow: this.name })
    return Object.freeze(tasks)
  }
}

/** Tasks in the order of their declarations. Only the value with all of them may add another one. */
class TaskList {
  readonly #tasks: DeclaredTask[]
  readonly #positions: Map<string, number>

  constructor(tasks: readonly DeclaredTask[]) {
    this.#tasks = [...tasks]
    this.#positions = new Map(tasks.map(({ id }, index) => [id, index]))
  }

  first(size: number): readonly DeclaredTask[] {
    return this.#tasks.slice(0, size)
  }

  has(id: string, size: number): boolean {
    const position = this.#positions.get(id)
    return position !== undefined && position < size
  }

  /** Adds a task after the first ones: to this list, unless another value has extended it there. */
  withNext(size: number, task: DeclaredTask): TaskList {
    const list = size === this.#tasks.length ? this : new TaskList(this.first(size))
    list.#positions.set(task.id, size)
    list.#tasks.push(task)
    return list
  }
}
