/** Signals and approvals of a test, for the nodes that wait for them. */

import * as v from 'valibot'
import { answerProblems, problemsText } from '../engine/waits/answer-values.ts'
import { UsageError } from '../errors.ts'
import type { JsonObject } from '../model/context.ts'
import { plainJson } from '../model/plain-json.ts'
import type { ApprovalAnswer, NodeWait, WaitEnding } from '../model/waits.ts'
import type { WorkflowDefinition } from '../model/workflow.ts'
import type { OptionSchema } from '../options/checked.ts'
import { isTable, NAME, tableSchema } from '../options/schemas.ts'
import { didYouMean } from '../registry/nearest.ts'
import type { TestAnswer, TestSignal } from './test-options.ts'

const SIGNAL = v.strictObject(
  { name: NAME, key: v.optional(v.string('a string')), payload: v.optional(v.unknown()) } satisfies Record<
    keyof TestSignal,
    OptionSchema
  >,
  "an object such as { name: 'refund-decision', key: '7', payload: { by: 'Ada' } }",
)
const ANSWER = v.strictObject({
  approved: v.boolean('true or false'),
  values: v.optional(v.custom<JsonObject>(isTable, 'an object')),
  note: v.optional(v.nullable(v.string('a string'))),
} satisfies Record<keyof TestAnswer, OptionSchema>)

/** Options of `runWorkflow` for events. */
export const EVENT_OPTIONS = {
  signals: v.array(SIGNAL, 'an array of signals'),
  approvals: tableSchema(
    v.optional(v.union([v.boolean(), ANSWER], 'true, false, or an object such as { approved: true, values: {} }')),
    'an object that maps ids of approvals to answers',
  ),
} satisfies Record<'signals' | 'approvals', OptionSchema>

interface GivenOptions {
  readonly signals?: v.InferOutput<typeof EVENT_OPTIONS.signals> | undefined
  readonly approvals?: object | undefined
}

interface GivenSignal {
  readonly name: string
  readonly key: string
  readonly payloadText: string
}

type GivenAnswer = Pick<ApprovalAnswer, 'approved' | 'values' | 'note'>

/** Events of one run. Each signal ends one wait, the first signals first. */
export class GivenEvents {
  readonly #unused: GivenSignal[]
  readonly #answers: ReadonlyMap<string, GivenAnswer>

  private constructor(signals: readonly GivenSignal[], answers: ReadonlyMap<string, GivenAnswer>) {
    this.#unused = [...signals]
    this.#answers = answers
  }

  /** Throws `INVALID_ARGUMENT` for an unknown approval, and for values that are not JSON or do not match its form. */
  static async of(
    { signals = [], approvals = {} }: GivenOptions,
    definition: WorkflowDefinition,
  ): Promise<GivenEvents> {
    const answers = new Map<string, GivenAnswer>()
    for (const [id, given] of Object.entries(approvals)) {
      if (given !== undefined) answers.set(id, await checkedAnswer(definition, id, given as boolean | TestAnswer))
    }
    return new GivenEvents(
      signals.map(({ name, key = '', payload = null }, index) => {
        return { name, key, payloadText: JSON.stringify(plainJson(payload, `signals[${index}].payload`)) }
      }),
      answers,
    )
  }

  /** Returns the end of a wait that opens now, or null if the test does not give its event. Uses up the signal. */
  endingOf(node: string, wait: NodeWait): WaitEnding | null {
    const endedAt = wait.openedAt
    if (wait.kind === 'approval') {
      const answer = this.#answers.get(node)
      if (answer === undefined) return null
      return { kind: 'answered', endedAt, payloadText: JSON.stringify({ ...answer, by: 'test', at: endedAt }) }
    }
    if (wait.kind !== 'signal') return null
    const index = this.#unused.findIndex(({ name, key }) => name === wait.signal && key === wait.key)
    const [signal] = index < 0 ? [] : this.#unused.splice(index, 1)
    return signal === undefined ? null : { kind: 'signal', endedAt, payloadText: signal.payloadText }
  }

  /** Returns the error of a test that gives no event to a wait without a timeout. */
  missing(workflow: string, node: string, wait: NodeWait): UsageError {
    const remedy = this.#remedy(node, wait)
    const message = `Node "${node}" of workflow "${workflow}" has no timeout and still waits for ${remedy}`
    return new UsageError('INVALID_ARGUMENT', message, { workflow, task: node })
  }

  #remedy(node: string, wait: NodeWait): string {
    if (wait.kind !== 'signal') return `an answer: pass approvals: { ${JSON.stringify(node)}: true }.`
    const key = wait.key === '' ? '' : `, key: ${JSON.stringify(wait.key)}`
    const given = `signals: [{ name: ${JSON.stringify(wait.signal)}${key}, payload: … }]`
    const others = this.#unused.map((signal) => signalText(signal.name, signal.key))
    const unused = others.length === 0 ? '' : ` The test sends other signals: ${others.join(', ')}.`
    return `signal ${signalText(wait.signal, wait.key)}: pass ${given}.${unused}`
  }
}

function signalText(name: string, key: string): string {
  return key === '' ? `"${name}"` : `"${name}" with key "${key}"`
}

async function checkedAnswer(
  { key, tasks }: WorkflowDefinition,
  id: string,
  given: boolean | TestAnswer,
): Promise<GivenAnswer> {
  const { approved, values = {}, note = null } = typeof given === 'boolean' ? { approved: given } : given
  const path = `approvals.${id}`
  const wait = tasks.find((task) => task.id === id)?.wait
  if (wait?.kind !== 'approval') {
    const known = tasks.flatMap((task) => (task.wait?.kind === 'approval' ? [task.id] : []))
    const message = `Workflow "${key}" has no approval "${id}", so its answer is never used.${didYouMean(id, known)}`
    throw new UsageError('INVALID_ARGUMENT', message, { workflow: key, path })
  }
  const plain = plainJson(values, `${path}.values`) as JsonObject
  const problems = await answerProblems(wait.form, plain, approved)
  if (problems.length === 0) return { approved, values: plain, note }
  const message = `The values of approval "${id}" do not match its form: ${problemsText(problems)}.`
  throw new UsageError('INVALID_ARGUMENT', message, { workflow: key, path: `${path}.values` })
}
