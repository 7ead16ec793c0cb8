/** `workflow`: declares a workflow, task by task. Each step is a value of its own, checked when it is made. */

import { UsageError } from '../errors.ts'
import { shownValue } from '../model/arguments.ts'
import { type DeclaredTask, type DeclaredWorkflow, WORKFLOW } from './declared.ts'
import { nameOf, type Owner, optionalName, optionalText, optionsOf, refused } from './option-checks.ts'
import { placeOfCaller } from './place.ts'
import { isSchema } from './schema.ts'
import { declaredTask, type TasksBefore } from './task.ts'
import type { InputSchema, WorkflowOptions } from './types/options.ts'
import type { NewWorkflow, StorableInput, TaskValue } from './types/workflow.ts'

const OPTIONS: readonly (keyof WorkflowOptions)[] = ['input', 'title', 'description', 'tags', 'tenant', 'package']

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
  const key = nameOf(name, 'The name of a workflow', { path: 'name' })
  const owner: Owner = { what: `workflow "${key}"`, facts: { workflow: key } }
  const given = optionsOf(owner, options, OPTIONS)
  const made = new WorkflowValue(
    {
      key,
      title: optionalText(owner, given, 'title', key),
      description: optionalText(owner, given, 'description', ''),
      tags: tagsOf(owner, given.tags),
      tenant: optionalName(owner, given, 'tenant', 'public'),
      package: optionalName(owner, given, 'package', 'embedded'),
      input: schemaOf(owner, given.input),
      place: placeOfCaller(),
    },
    new TaskList([]),
    0,
  )
  return made as unknown as NewWorkflow<Name, Schema>
}

/**
 * What the interface `Workflow` describes to the compiler. Values that go on from one another share the list of their tasks, of which each
 * has the first so many: thousands of tasks are not copied thousands of times.
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
    Object.defineProperty(this, WORKFLOW, { value: 1 })
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
    const before: TasksBefore = {
      workflow: this.name,
      has: (other) => this.#list.has(other, this.#size),
      ids: () => this.#list.first(this.#size).map((task) => task.id),
    }
    const list = this.#list.withNext(this.#size, declaredTask(before, id, rest, placeOfCaller()))
    return new WorkflowValue(this.#head, list, this.#size + 1)
  }

  #taskValues(): Readonly<Record<string, TaskValue>> {
    // Without a prototype, so that "constructor" is an id as any other.
    const tasks: Record<string, TaskValue> = Object.create(null)
    for (const { id } of this.declared.tasks) tasks[id] = Object.freeze({ id, workflow: this.name })
    return Object.freeze(tasks)
  }
}

/** Tasks in the order of their declarations. It only grows, and only for the value that has all of it. */
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

  /** The list with a task behind the first so many: this one, unless another value has gone on from there. */
  withNext(size: number, task: DeclaredTask): TaskList {
    const list = size === this.#tasks.length ? this : new TaskList(this.first(size))
    list.#positions.set(task.id, size)
    list.#tasks.push(task)
    return list
  }
}

function schemaOf(owner: Owner, input: unknown): InputSchema | null {
  if (input === undefined) return null
  if (isSchema(input)) return input
  throw refused(
    owner,
    'input',
    'a schema that implements Standard Schema, for example of valibot, zod or arktype',
    input,
  )
}

function tagsOf(owner: Owner, tags: unknown): Readonly<Record<string, string>> {
  if (tags === undefined) return {}
  if (typeof tags !== 'object' || tags === null || Array.isArray(tags)) {
    throw refused(owner, 'tags', 'an object of strings', tags)
  }
  for (const [key, value] of Object.entries(tags)) {
    if (typeof value === 'string') continue
    const message = `The tag "${key}" of ${owner.what} must be a string, but ${shownValue(value)} was given.`
    throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: `tags.${key}` })
  }
  return Object.freeze({ ...tags })
}
