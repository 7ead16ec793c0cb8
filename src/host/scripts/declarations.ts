/**
 * Decodes what Python declared, once, at the border: everything behind it is typed and complete.
 * A wrong value is a defect of our own Python side, so the error carries the path (script, registration, field).
 */

import * as v from 'valibot'
import { InternalError } from '../../errors.ts'
import type { Declarations } from '../../model/declarations.ts'
import type { TriggerDefinition } from '../../model/trigger.ts'
import type { TriggerRule, WorkflowDefinition } from '../../model/workflow.ts'
import { GraphAssembly, graphSchema, reactorSchema, sourceSchema } from './graph-declarations.ts'

/** What a script declared, and how its triggers are polled. */
export interface ScriptDeclarations extends Declarations {
  /** By trigger: the number by which it is polled. */
  readonly pollNumbers: ReadonlyMap<string, number>
}

const place = { file: v.nullable(v.string()), line: v.nullable(v.number()) }

const triggerSchema = v.object({
  kind: v.literal('trigger'),
  name: v.string(),
  pollNumber: v.number(),
  workflow: v.string(),
  timing: v.variant('kind', [
    v.object({ kind: v.literal('poll'), intervalMs: v.number() }),
    v.object({
      kind: v.literal('cron'),
      expression: v.string(),
      timezone: v.string(),
      catchup: v.picklist(['skip', 'all', 'none']),
    }),
  ]),
  allowConcurrent: v.boolean(),
  policy: v.object({
    timeoutMs: v.nullable(v.number()),
    jitterMs: v.nullable(v.number()),
    maxActive: v.nullable(v.number()),
    pauseAfter: v.nullable(v.number()),
    onChange: v.boolean(),
  }),
  description: v.string(),
  ...place,
})

const ruleSchema: v.GenericSchema<TriggerRule> = v.variant('type', [
  v.object({ type: v.literal('Always') }),
  v.object({ type: v.picklist(['TaskSuccess', 'TaskFailed', 'TaskSkipped']), taskName: v.string() }),
  v.object({
    type: v.literal('ContextValue'),
    key: v.string(),
    operator: v.picklist([
      'Equals',
      'NotEquals',
      'GreaterThan',
      'LessThan',
      'Contains',
      'NotContains',
      'Exists',
      'NotExists',
    ]),
    valueText: v.string(),
  }),
  v.object({ type: v.picklist(['All', 'Any', 'None']), conditions: v.array(v.lazy(() => ruleSchema)) }),
])

const retrySchema = v.object({
  maxAttempts: v.number(),
  backoff: v.variant('kind', [
    v.object({ kind: v.literal('fixed') }),
    v.object({ kind: v.literal('linear'), multiplier: v.number() }),
    v.object({ kind: v.literal('exponential'), base: v.number(), multiplier: v.number() }),
  ]),
  initialDelayMs: v.number(),
  maxDelayMs: v.number(),
  jitter: v.boolean(),
  condition: v.variant('kind', [
    v.object({ kind: v.picklist(['never', 'transient', 'all']) }),
    v.object({ kind: v.literal('pattern'), patterns: v.array(v.string()) }),
  ]),
})

const taskSchema = v.object({
  id: v.string(),
  fullName: v.string(),
  dependencies: v.array(v.string()),
  retry: retrySchema,
  timeoutMs: v.nullable(v.number()),
  rule: ruleSchema,
  invokes: v.nullable(v.string()),
  ...place,
})

const workflowSchema = v.object({
  kind: v.literal('workflow'),
  key: v.string(),
  title: v.string(),
  description: v.string(),
  tags: v.record(v.string(), v.string()),
  tenant: v.string(),
  package: v.string(),
  version: v.string(),
  tasks: v.array(taskSchema),
  ...place,
})

const faultSchema = v.object({
  type: v.string(),
  message: v.string(),
  traceback: v.string(),
  place: v.nullable(v.object({ file: v.string(), line: v.number() })),
})
const placeSchema = v.object({ file: v.string(), line: v.number() })
const twinSchema = v.object({
  kind: v.picklist(['trigger', 'workflow', 'task', 'source', 'reactor', 'graph']),
  name: v.string(),
  earlier: placeSchema,
  place: placeSchema,
})
const requirementsSchema = v.object({ file: v.string(), unmet: v.array(v.string()) })
const declarationSchema = v.variant('kind', [triggerSchema, workflowSchema, sourceSchema, reactorSchema, graphSchema])
const loadResultSchema = v.object({
  declarations: v.array(declarationSchema),
  files: v.array(v.string()),
  fault: v.nullable(faultSchema),
  twins: v.array(twinSchema),
  requirements: v.nullable(requirementsSchema),
})

export type UnmetRequirements = v.InferOutput<typeof requirementsSchema>
export type LoadFault = v.InferOutput<typeof faultSchema>

export function decodeDeclarations(script: string, json: string): ScriptDeclarations {
  return assemble(script, decode(v.array(declarationSchema), script, json))
}

/** A name that a script declares twice, in two places: the later one counts. */
export type Twin = v.InferOutput<typeof twinSchema>

export interface LoadResult extends ScriptDeclarations {
  readonly files: readonly string[]
  readonly fault: LoadFault | null
  readonly twins: readonly Twin[]
  /** The requirements file beside it, with what of it is not installed, if anything. */
  readonly requirements: UnmetRequirements | null
}

export function decodeLoadResult(script: string, json: string): LoadResult {
  const { declarations, ...rest } = decode(loadResultSchema, script, json)
  return { ...assemble(script, declarations), ...rest }
}

function decode<Output>(schema: v.GenericSchema<unknown, Output>, script: string, json: string): Output {
  const result = v.safeParse(schema, JSON.parse(json))
  if (result.success) return result.output
  const [issue] = result.issues
  const path = `${script}: ${v.getDotPath(issue) ?? 'declarations'}`
  throw new InternalError(`Cannot decode a declaration that Python sent (${path}): ${issue.message}.`, {
    script,
    path,
  })
}

function assemble(
  script: string,
  declarations: readonly v.InferOutput<typeof declarationSchema>[],
): ScriptDeclarations {
  const triggers: TriggerDefinition[] = []
  const workflows: WorkflowDefinition[] = []
  const pollNumbers = new Map<string, number>()
  const graphs = new GraphAssembly(script)
  for (const declaration of declarations) {
    if (declaration.kind === 'trigger') {
      const { kind: _, pollNumber, file, line, ...rest } = declaration
      pollNumbers.set(rest.name, pollNumber)
      triggers.push({ ...rest, script, place: placeOf(file, line) })
    } else if (declaration.kind === 'workflow') {
      const { kind: _, file, line, tasks, ...rest } = declaration
      workflows.push({
        ...rest,
        tasks: tasks.map(({ file, line, invokes, ...task }) => ({
          ...task,
          ...(invokes !== null && { invokes }),
          place: placeOf(file, line),
        })),
        script,
        place: placeOf(file, line),
      })
    } else graphs.add(declaration)
  }
  return { triggers, workflows, pollNumbers, graphs: graphs.declarations }
}

function placeOf(file: string | null, line: number | null) {
  return file === null ? null : { file, line: line ?? 0 }
}
