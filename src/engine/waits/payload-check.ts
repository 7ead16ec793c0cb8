/**
 * Checks payloads of signals against the schemas of nodes. The validator takes 50 ms to load, so the engine loads it
 * before it acquires executions of workflows with such nodes, and nothing else does.
 */

import { InternalError } from '../../errors.ts'
import type { formProblems } from '../../forms/form-values.ts'
import type { JsonObject, JsonValue } from '../../model/context.ts'
import type { WaitEnding } from '../../model/waits.ts'
import type { WaitDefinition, WorkflowDefinition } from '../../model/workflow.ts'
import { problemsText } from './answer-values.ts'

let problemsOf: typeof formProblems | null = null
const seen = new WeakSet<ReadonlyMap<string, WorkflowDefinition>>()

/** Loads the validator and compiles the schemas of the workflows. Returns null if there is nothing to wait for. */
export function preparePayloadChecks(workflows: ReadonlyMap<string, WorkflowDefinition>): Promise<void> | null {
  if (seen.has(workflows)) return null
  seen.add(workflows)
  const all = [...workflows.values()].flatMap(({ tasks }) => tasks.map(({ wait }) => schemaIn(wait)))
  const schemas = all.filter((schema) => schema !== null)
  return schemas.length === 0 ? null : compile(schemas)
}

/** Compiling a schema takes 20 ms, which must not be part of the limited time of a check. */
async function compile(schemas: readonly JsonObject[]): Promise<void> {
  const check = (await import('../../forms/form-values.ts')).formProblems
  for (const schema of schemas) check(schema, null)
  problemsOf = check
}

/** Returns the reason why a payload does not match the schema of its node, or null. */
export function payloadProblem(wait: WaitDefinition | undefined, ending: WaitEnding): string | null {
  const schema = schemaIn(wait)
  if (schema === null || ending.kind !== 'signal') return null
  if (problemsOf === null) throw new InternalError('The validator of payloads is not loaded.')
  const problems = problemsOf(schema, JSON.parse(ending.payloadText) as JsonValue)
  return problems.length === 0 ? null : problemsText(problems, 'it ')
}

function schemaIn(wait: WaitDefinition | undefined): JsonObject | null {
  return wait?.kind === 'signal' ? (wait.payload ?? null) : null
}
