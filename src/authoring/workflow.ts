/** `workflow`: declares a workflow, task by task. Each step is a value of its own, checked when it is made. */

import { UsageError } from '../errors.ts'
import { shownValue } from '../model/arguments.ts'
import { type DeclaredTask, type DeclaredWorkflow, WORKFLOW } from './declared.ts'
import { nameOf, type Owner, optionalText, optionsOf, refused } from './option-checks.ts'
import { placeOfCaller } from './place.ts'
import { isSchema } from './schema.ts'
import { declaredTask } from './task.ts'
import type { InputSchema, WorkflowOptions } from './types/options.ts'
import type { NewWorkflow, StorableInput, TaskValue } from './types/workflow.ts'

const OPTIONS: readonly (keyof WorkflowOptions)[] = ['input', 'title', 'description', 'tags', 'tenant', 'package']

/**
 * Declares a workflow: a named graph of tasks, which are added with `task`. It runs when a trigger starts it, or with `runner.execute`.
 *
 * @param name The name under which it is registered and executed.
 * @param options The shape of its input, and what it is called on the page.
 * @returns A workflow without tasks. Export the one with its tasks for `cloaca serve`, or hand it to `runner.register`.
 * @throws `UsageError` (`INVALID_ARGUMENT`) when an argument is wrong.
 * @example
 * export const orders = workflow('order_processor', { input: object({ order_id: number() }) })
 *   .task('fetch', async ({ order_id }) => ({ lines: await fetchLines(order_id) }))
 *   .task('ship', { after: 'fetch', retries: 3 }, async ({ lines }, { signal }) => ship(lines, { signal }))
 */
export function workflow<const Name extends string, const Schema extends InputSchema | undefined = undefined>(
  name: Name,
  options?: WorkflowOptions<Schema> & StorableInput<Schema>,
): NewWorkflow<Name, Schema> {
  const key = nameOf(name, 'workflow')
  const owner: Owner = { what: `workflow "${key}"`, facts: { workflow: key } }
  const given = optionsOf(owner, options, OPTIONS)
  const made = new WorkflowValue({
    key,
    title: optionalText(owner, given, 'title', key),
    description: optionalText(owner, given, 'description', ''),
    tags: tagsOf(owner, given.tags),
    tenant: optionalText(owner, given, 'tenant', 'public'),
    package: optionalText(owner, given, 'package', 'embedded'),
    input: schemaOf(owner, given.input),
    tasks: [],
    place: placeOfCaller(),
  })
  return made as unknown as NewWorkflow<Name, Schema>
}

/** What the interface `Workflow` describes to the compiler. */
class WorkflowValue {
  readonly name: string
  readonly tasks: Readonly<Record<string, TaskValue>>
  readonly declared: DeclaredWorkflow

  constructor(declared: DeclaredWorkflow) {
    this.name = declared.key
    const tasks: Record<string, TaskValue> = Object.create(null)
    for (const { id } of declared.tasks) tasks[id] = Object.freeze({ id, workflow: declared.key })
    this.tasks = Object.freeze(tasks)
    this.declared = Object.freeze(declared)
    Object.defineProperty(this, WORKFLOW, { value: 1 })
    Object.freeze(this)
  }

  task(id: unknown, ...rest: readonly unknown[]): WorkflowValue {
    const task: DeclaredTask = declaredTask(this.declared, id, rest, placeOfCaller())
    return new WorkflowValue({ ...this.declared, tasks: [...this.declared.tasks, task] })
  }
}

function schemaOf(owner: Owner, input: unknown): InputSchema | null {
  if (input === undefined) return null
  if (isSchema(input)) return input
  throw refused(owner, 'input', 'a schema that follows Standard Schema, of valibot, zod or arktype for example', input)
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
