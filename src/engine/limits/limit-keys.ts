/** Values of `per`: computes the slots that attempts and executions need from their inputs. Pure. */

import type { ContextText } from '../../model/context.ts'
import {
  type LimitDefinition,
  type LimitKey,
  MAX_LIMIT_VALUE_BYTES,
  workflowLimitName,
} from '../../model/limits/limits.ts'
import type { WorkflowDefinition } from '../../model/workflow.ts'
import type { ContextCodec } from '../ports.ts'
import type { NeededSlot } from '../starts/new-executions.ts'

/** Value of executions and attempts whose limit has no `per`, or whose input does not have the name. */
const NO_VALUE = 'null'

/** A value of `per` that cannot select slots. The message states the reason, without a full stop. */
export class LimitValueError extends Error {}

/** Returns the value of `per` in an input as JSON text. Equal values have equal texts. Throws `LimitValueError`. */
export function limitValue(per: string | null, inputText: ContextText, codec: ContextCodec): string {
  if (per === null) return NO_VALUE
  const picked = codec.pick(inputText, per)
  if (picked === null) return NO_VALUE
  const refused = (reason: string) => new LimitValueError(`the value of "${per}" ${reason}`)
  if (/^[[{]/.test(picked)) {
    throw refused(
      `is ${picked.startsWith('[') ? 'a list' : 'an object'}, but a limit needs a text, a number, a boolean, or null`,
    )
  }
  const text = codec.canonicalize(picked)
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_LIMIT_VALUE_BYTES) throw refused(`has ${bytes} bytes; a limit allows ${MAX_LIMIT_VALUE_BYTES}`)
  return text
}

/** Returns the slots that a task with this input needs, in ascending order. Throws `LimitValueError`. */
export function limitKeys(
  names: readonly string[],
  limits: ReadonlyMap<string, Pick<LimitDefinition, 'per'>>,
  inputText: ContextText,
  codec: ContextCodec,
): readonly LimitKey[] {
  return [...new Set(names)].sort().map((name) => {
    try {
      return { name, value: limitValue(limits.get(name)?.per ?? null, inputText, codec) }
    } catch (thrown) {
      if (thrown instanceof LimitValueError) throw new LimitValueError(`limit "${name}": ${thrown.message}`)
      throw thrown
    }
  })
}

/** Returns the slot that an execution needs before it can begin. Throws `LimitValueError`. */
export function neededSlot(
  { limit }: Pick<WorkflowDefinition, 'limit'>,
  inputText: ContextText,
  codec: ContextCodec,
): NeededSlot | undefined {
  if (limit === undefined) return undefined
  const { maxActive, overflow, per } = limit
  return { maxActive, overflow, per, value: limitValue(per, inputText, codec) }
}

/** Returns the key of the limit of a workflow for an execution, or null without a limit, or with an invalid value. */
export function workflowLimitKey(
  workflow: Pick<WorkflowDefinition, 'key' | 'limit'>,
  inputText: ContextText,
  codec: ContextCodec,
): LimitKey | null {
  try {
    const slot = neededSlot(workflow, inputText, codec)
    return slot === undefined ? null : { name: workflowLimitName(workflow.key), value: slot.value }
  } catch {
    // Ignored: the code has another `per` than at the start of the execution, which continues
    return null
  }
}
