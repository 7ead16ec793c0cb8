/** Schemas of the input of a workflow, and of the values that a Python task adds. */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { check, minLength, number, object, optional, pipe, string, transform } from 'valibot'
import { describe, expect, it } from 'vitest'
import { moduleDeclarations } from '../../src/authoring/definition.ts'
import type { TaskTools } from '../../src/authoring/function-types.ts'
import { always, any, failed, succeeded } from '../../src/authoring/rule-builders.ts'
import { isSchema } from '../../src/authoring/schema-options.ts'
import { trigger } from '../../src/authoring/trigger-function.ts'
import type { AnyWorkflow } from '../../src/authoring/types/workflow-types.ts'
import { workflow } from '../../src/authoring/workflow-function.ts'
import type { WorkflowDefinition } from '../../src/model/workflow.ts'

const TOOLS = {} as TaskTools
const INPUT = object({ order_id: number(), note: optional(pipe(string(), minLength(2)), 'none') })

const functionsOf = (...values: unknown[]) => moduleDeclarations(values, 'orders.ts').functions
const definitionOf = (flow: AnyWorkflow) => {
  const [definition] = moduleDeclarations([flow], 'orders.ts').declarations.workflows
  return definition as WorkflowDefinition
}
const orders = workflow('orders', { input: INPUT }).task('ship', () => ({ ok: true }))

/** Schema of a library whose checks are asynchronous, and whose schemas are functions. */
const slow: StandardSchemaV1<unknown, { score: number }> = Object.assign(() => undefined, {
  '~standard': {
    version: 1 as const,
    vendor: 'slow',
    validate: async (value: unknown) => {
      const { score } = value as { score?: unknown }
      if (typeof score === 'number') return { value: { score } }
      return { issues: [{ message: 'no number', path: ['lines', 2, { key: 'score' }] }] }
    },
  },
})

describe('the input of a workflow', () => {
  it('has the defaults of its schema', () => {
    expect(functionsOf(orders).inputs.get('orders')?.({ order_id: 7 })).toEqual({ order_id: 7, note: 'none' })
  })

  it('is rejected with each mismatch and its path', () => {
    const checkInput = functionsOf(orders).inputs.get('orders')

    expect(() => checkInput?.({ order_id: '7', note: 'x' })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONTEXT',
        facts: {
          workflow: 'orders',
          problems: [
            { path: 'order_id', message: expect.stringContaining('number') },
            { path: 'note', message: expect.stringContaining('2') },
          ],
        },
        message: expect.stringMatching(
          /^The input of workflow "orders" does not match its schema: order_id: .*number.*; note: .*2.*\.$/,
        ),
      }),
    )
  })

  it('is a JSON Schema in the definition, without the checks that JSON Schema cannot express', () => {
    const odd = pipe(
      object({ n: pipe(string(), transform(Number)) }),
      check(({ n }) => n % 2 === 1),
    )

    expect(definitionOf(orders).inputSchema).toEqual({
      type: 'object',
      properties: { order_id: { type: 'number' }, note: { type: 'string', minLength: 2, default: 'none' } },
      required: ['order_id'],
    })
    expect(definitionOf(workflow('odd', { input: odd }).task('t', () => {}))).toMatchObject({
      checksInput: true,
      inputSchema: { type: 'object', properties: { n: { type: 'string' } }, required: ['n'] },
    })
  })

  it('has no JSON Schema in the definition if its library does not convert it', () => {
    const definition = definitionOf(workflow('scores', { input: slow }).task('t', () => {}))

    expect(definition.checksInput).toBe(true)
    expect(definition).not.toHaveProperty('inputSchema')
  })

  it('is checked when a trigger fires', () => {
    const functions = functionsOf(trigger('inbox', { starts: orders }, () => ({ order_id: 7 })))

    expect(functions.triggers.get('inbox')?.checkFired?.({ order_id: 7 })).toEqual({ order_id: 7, note: 'none' })
    expect(functionsOf(trigger('inbox', { starts: 'orders' }, () => true)).triggers.get('inbox')?.checkFired).toBeNull()
  })

  it('may be checked asynchronously by a schema that is a function', async () => {
    expect(isSchema(slow)).toBe(true)
    const checkInput = functionsOf(workflow('scores', { input: slow }).task('t', () => {})).inputs.get('scores')

    await expect(checkInput?.({ score: 7, more: 1 })).resolves.toEqual({ score: 7 })
    await expect(checkInput?.({ score: 'x' })).rejects.toThrow(
      'The input of workflow "scores" does not match its schema: lines[2].score: no number.',
    )
  })

  it('is rejected with at most ten of a thousand mismatches', () => {
    const issues = Array.from({ length: 1000 }, (_, index) => ({ message: 'm'.repeat(1000), path: [index] }))
    const strict: StandardSchemaV1 = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } }
    // The type of the output of this schema is unknown.
    const flow = workflow('many', { input: strict as StandardSchemaV1<{ a: 1 }> }).task('t', () => {})
    const checkInput = functionsOf(flow).inputs.get('many')

    expect(() => checkInput?.({})).toThrow(
      /^The input of workflow "many" does not match its schema: .{800,1200}; and 990 more\.$/,
    )
  })
})

describe('the values that a Python task adds', () => {
  const python = { script: 'score.py', task: 'score', adds: object({ score: number() }) }
  const base = workflow('scores').task('score', { python })

  function run(flow: AnyWorkflow, task: string, context: object): unknown {
    return functionsOf(flow)
      .tasks.get('scores')
      ?.get(task)
      ?.run({ ...context }, TOOLS)
  }

  it('are checked once, before the first later TypeScript task', () => {
    const flow = base
      .task('more', { after: 'score', python: { script: 'score.py', task: 'more' } })
      .task('use', { after: 'more' }, (ctx) => ({ double: ctx.score * 2 }))
      .task('late', { after: 'use' }, () => ({ done: true }))

    expect(run(flow, 'use', { score: 2 })).toEqual({ double: 4 })
    expect(() => run(flow, 'use', { score: 'two' })).toThrow(
      new RegExp(
        '^Task "use" of workflow "scores" was not called, because the Python task "score" failed or set values ' +
          'that do not match the schema in its option "adds": score: .*number',
      ),
    )
    expect(run(flow, 'late', { score: 'two' })).toEqual({ done: true })
  })

  it('are not transformed by the schema', () => {
    const strict = pipe(
      object({ score: number() }),
      transform(({ score }) => ({ score: score + 1 })),
    )
    const flow = workflow('scores')
      .task('score', { python: { ...python, adds: strict } })
      .task('use', { after: 'score' }, (ctx) => ({ seen: ctx }))

    expect(run(flow, 'use', { score: 2, other: 1 })).toEqual({ seen: { score: 2, other: 1 } })
  })

  it.each([
    [always(), true],
    [succeeded('score'), true],
    [failed('score'), false],
    [any(succeeded('score'), failed('score')), false],
  ] as const)('are checked unless the rule of the later task permits a failure (%#)', (when, isChecked) => {
    const flow = base.task('use', { after: 'score', when }, () => ({ done: true }))

    if (isChecked)
      expect(() => run(flow, 'use', {})).toThrow('values that do not match the schema in its option "adds"')
    else expect(run(flow, 'use', {})).toEqual({ done: true })
  })

  it('may be checked asynchronously', async () => {
    const flow = workflow('scores')
      .task('score', { python: { ...python, adds: slow } })
      .task('use', { after: 'score' }, (ctx) => ({ double: ctx.score * 2 }))

    await expect(run(flow, 'use', { score: 2 })).resolves.toEqual({ double: 4 })
    await expect(run(flow, 'use', {})).rejects.toThrow('lines[2].score: no number')
  })
})
