/** Parts that all nodes share: their checked options, and the declaration of a task without a function. */

import * as v from 'valibot'
import { UsageError } from '../../errors.ts'
import { checkKeyTemplate, templateParts, WaitKeyError } from '../../model/wait-templates.ts'
import type { OnTimeout, RetryPolicy, SourcePlace, WaitDefinition } from '../../model/workflow.ts'
import { type OptionSchema, type Owner, parseOptions } from '../../options/checked.ts'
import { durationAtLeast, optionsSchema } from '../../options/schemas.ts'
import type { DeclaredTask } from '../declared.ts'
import { A_RULE, isRule, type Rule } from '../rule-builders.ts'
import { AFTER_OPTION, checkedDependencies, newId, type PrecedingTasks, ruleFrom } from '../task.ts'
import type { NodeOptions, WaitLimitOptions } from '../types/wait-types.ts'

const ON_TIMEOUT = ['fail', 'skip', 'continue'] as const satisfies readonly OnTimeout[]
const NODE_OPTIONS = {
  after: AFTER_OPTION,
  when: v.custom<Rule>(isRule, A_RULE),
} satisfies Record<keyof NodeOptions<string, unknown>, OptionSchema>

/** Options of the limit of a wait. */
export const LIMIT_OPTIONS = {
  timeout: durationAtLeast(1),
  onTimeout: v.picklist(ON_TIMEOUT, "'fail', 'skip' or 'continue'"),
} satisfies Record<keyof WaitLimitOptions<OnTimeout>, OptionSchema>

/** A node has no attempts. */
const NO_RETRY: RetryPolicy = Object.freeze<RetryPolicy>({
  maxAttempts: 1,
  backoff: { kind: 'fixed' },
  initialDelayMs: 0,
  maxDelayMs: 0,
  jitter: false,
  condition: { kind: 'never' },
})

/** Schema of a text that contains values of a context, such as `'{order_id}'`. */
export const TEMPLATE = templateSchema(templateParts)

/** Schema of the template of a key, whose text is not too long for a key. */
export const KEY_TEMPLATE = templateSchema(checkKeyTemplate)

function templateSchema(check: (template: string) => unknown) {
  return v.pipe(
    v.string('a string'),
    v.rawCheck(({ dataset, addIssue }) => {
      const reason = dataset.typed ? templateProblem(check, dataset.value) : null
      if (reason !== null) addIssue({ message: `a string with names of values in braces (${reason})` })
    }),
  )
}

function templateProblem(check: (template: string) => unknown, template: string): string | null {
  try {
    check(template)
    return null
  } catch (thrown) {
    if (thrown instanceof WaitKeyError) return thrown.message
    throw thrown
  }
}

type WaitLimit = Pick<Extract<WaitDefinition, { readonly kind: 'signal' }>, 'timeoutMs' | 'onTimeout'>

export interface NewNode {
  readonly before: PrecedingTasks
  readonly id: unknown
  readonly options: unknown
  readonly place: SourcePlace | null
}

/** Returns a function that declares a node of one kind. `own`: its own options. */
export function nodeDeclaration<Own extends v.ObjectEntries>(
  kind: string,
  own: Own,
  waitOf: (owner: Owner, given: v.InferOutput<ReturnType<typeof optionsSchema<Own>>>) => WaitDefinition,
): (node: NewNode) => DeclaredTask {
  const schema = optionsSchema({ ...NODE_OPTIONS, ...own })
  return ({ before, id, options, place }) => {
    const nodeId = newId(before, id)
    const { workflow } = before
    const owner: Owner = { what: `${kind} "${nodeId}" of workflow "${workflow}"`, facts: { workflow, task: nodeId } }
    const given = parseOptions(schema, options, '', owner) as v.InferOutput<
      ReturnType<typeof optionsSchema<typeof NODE_OPTIONS>>
    >
    return Object.freeze({
      id: nodeId,
      dependencies: checkedDependencies(owner, before, given.after),
      retry: NO_RETRY,
      timeoutMs: null,
      ...ruleFrom(given.when),
      limits: [],
      place,
      runs: Object.freeze({ kind: 'wait', wait: Object.freeze(waitOf(owner, given as never)) }),
    })
  }
}

/** Returns an option that a node requires. */
export function requiredOption<Value>(owner: Owner, path: string, value: Value | undefined): Value {
  if (value !== undefined) return value
  throw new UsageError('INVALID_ARGUMENT', `The options of ${owner.what} require "${path}".`, { ...owner.facts, path })
}

export function waitLimit(
  owner: Owner,
  { timeout, onTimeout }: { readonly timeout?: number | undefined; readonly onTimeout?: OnTimeout | undefined },
): WaitLimit {
  if (timeout !== undefined || onTimeout === undefined) {
    return { timeoutMs: timeout ?? null, onTimeout: onTimeout ?? 'fail' }
  }
  const remedy = 'Add "timeout", or remove "onTimeout".'
  const message = `The options of ${owner.what} conflict: "onTimeout" requires "timeout". ${remedy}`
  throw new UsageError('INVALID_ARGUMENT', message, { ...owner.facts, path: 'onTimeout' })
}
