/** Waits for signals and approvals declared in TypeScript. */

import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { moduleDeclarations } from '../../src/authoring/definition.ts'
import { succeeded } from '../../src/authoring/rule-builders.ts'
import { workflow } from '../../src/authoring/workflow-function.ts'
import { filledKey, templateParts } from '../../src/model/wait-templates.ts'
import templates from '../fixtures/key-templates.json' with { type: 'json' }

const base = workflow('refund').task('prepare', () => ({ order_id: 7 }))
const definitionsOf = (flow: unknown) => moduleDeclarations([flow], 'jobs.ts').declarations.workflows[0]?.tasks ?? []
const waitOf = (flow: unknown) => definitionsOf(flow).at(-1)?.wait

/** Schema of a library that converts its schemas to JSON Schema itself. */
const convertible: StandardSchemaV1<{ amount: number }> & StandardJSONSchemaV1<{ amount: number }> = {
  '~standard': {
    version: 1,
    vendor: 'own',
    validate: (value) => ({ value: value as { amount: number } }),
    jsonSchema: {
      input: ({ target }) => ({ $schema: target, type: 'object', properties: { amount: { type: 'number' } } }),
      output: () => ({}),
    },
  },
}

interface Untyped {
  waitForSignal(id: string, options?: object): unknown
  approval(id: string, options?: object): unknown
}

describe('a wait for a signal', () => {
  it('is a task of the definition with its signal, key, limit and schema, and without a function', () => {
    const flow = base.waitForSignal('decided', {
      ...{ after: 'prepare', when: succeeded('prepare'), signal: 'refund-decision', key: '{order_id}' },
      ...{ timeout: '3d', onTimeout: 'skip', payload: v.object({ by: v.string() }) },
    })
    const { declarations, functions } = moduleDeclarations([flow], 'jobs.ts')

    expect(declarations.workflows[0]?.tasks[1]).toMatchObject({
      id: 'decided',
      fullName: 'public::embedded::refund::decided',
      dependencies: ['prepare'],
      hasOwnRule: true,
      wait: {
        kind: 'signal',
        signal: 'refund-decision',
        key: '{order_id}',
        timeoutMs: 259_200_000,
        onTimeout: 'skip',
        payload: { type: 'object', properties: { by: { type: 'string' } }, required: ['by'] },
      },
    })
    expect([...(functions.tasks.get('refund')?.keys() ?? [])]).toEqual(['prepare'])
  })

  it('has no key and no limit by default, and may be the only node', () => {
    const wait = waitOf(workflow('nodes').waitForSignal('go', { signal: 'go' }))

    expect(wait).toEqual({ kind: 'signal', signal: 'go', key: '', timeoutMs: null, onTimeout: 'fail' })
  })

  it('gives later tasks the type of its payload, which is null after a timeout that continues', () => {
    const payload = v.object({ by: v.string(), amount: v.optional(v.number(), 0) })
    base
      .waitForSignal('decided', { after: 'prepare', signal: 's', payload })
      .task('pay', { after: 'decided' }, ({ decided, order_id }) => {
        expectTypeOf(decided.by).toEqualTypeOf<string>()
        // Values are stored as they are sent, without the defaults of the schema.
        expectTypeOf(decided.amount).toEqualTypeOf<number | undefined>()
        expectTypeOf(order_id).toEqualTypeOf<number>()
      })
    base
      .waitForSignal('decided', { signal: 's', payload, timeout: '1h', onTimeout: 'continue' })
      .task('pay', { after: 'decided' }, ({ decided }) => {
        expectTypeOf(decided?.by).toEqualTypeOf<string | undefined>()
        // @ts-expect-error: the payload is null after a timeout
        return { by: decided.by }
      })
    const open = base.waitForSignal('decided', { after: 'prepare', signal: 's' })
    // @ts-expect-error: the workflow already has a node with this id
    expect(() => open.waitForSignal('decided', { signal: 's' })).toThrow('already has a task "decided"')
    // @ts-expect-error: there is no task "prepared"
    expect(() => base.waitForSignal('decided', { after: 'prepared', signal: 's' })).toThrow('Did you mean "prepare"?')
    // @ts-expect-error: "signal" is missing
    expect(() => base.waitForSignal('decided', { after: 'prepare' })).toThrow('require "signal"')
  })

  it('may have a key of exactly 512 bytes without its values', () => {
    for (const key of [`{{${'é'.repeat(255)}}}`, `${'k'.repeat(512)}{order_id}`]) {
      expect(() => base.waitForSignal('decided', { signal: 's', key })).not.toThrow()
    }
  })

  it.each([
    ['without options', undefined, 'require "signal"'],
    ['with an empty signal', { signal: '' }, 'a string of 1 to 512 bytes'],
    ['with a long signal', { signal: 'é'.repeat(257) }, 'a string of 1 to 512 bytes'],
    ['with a signal that no database stores', { signal: 's\0' }, 'without U+0000'],
    ['with a key that is a number', { signal: 's', key: 7 }, '"key" of signal wait "decided"'],
    ['with a malformed key', { signal: 's', key: '{order_id' }, 'has a single "{": write "{{"'],
    ['with a long key', { signal: 's', key: 'é'.repeat(257) }, 'the key has 514 bytes, but at most 512 are allowed'],
    ['with a long text around a value', { signal: 's', key: `{{${'k'.repeat(512)}{n}` }, 'the key has 513 bytes'],
    ['with an empty timeout', { signal: 's', timeout: '0s' }, '"timeout" of signal wait "decided"'],
    ['with an unknown effect', { signal: 's', timeout: '1h', onTimeout: 'retry' }, "'fail', 'skip' or 'continue'"],
    ['with an effect and no timeout', { signal: 's', onTimeout: 'skip' }, '"onTimeout" requires "timeout"'],
    ['with a payload that is no schema', { signal: 's', payload: {} }, '"payload" of signal wait "decided"'],
    ['with an unknown option', { signal: 's', time: '1h' }, 'Unknown option "time"'],
  ])('is refused %s', (_, options, message) => {
    expect(() => (base as unknown as Untyped).waitForSignal('decided', options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    )
  })

  it.each(templates.malformed)('refuses the template $template', ({ template, reason }) => {
    expect(() => templateParts(template)).toThrow(reason)
  })

  const picked = (context: object) => (name: string) => {
    return Object.hasOwn(context, name) ? JSON.stringify(context[name as keyof typeof context]) : null
  }

  it.each(templates.filled)('fills the key $template with $context', ({ template, context, text }) => {
    expect(filledKey(template, picked(context))).toBe(text)
  })

  it.each(templates.unfilled)('refuses to fill the key $template with $context', ({ template, context, reason }) => {
    expect(() => filledKey(template, picked(context))).toThrow(reason)
  })
})

describe('an approval', () => {
  const form = { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] }

  it('is a task of the definition with its title, form and limit', () => {
    const flow = base.approval('ok', { after: 'prepare', title: 'Refund {order_id}?', form, timeout: '36h' })

    expect(definitionsOf(flow)[1]).toMatchObject({
      dependencies: ['prepare'],
      wait: { kind: 'approval', title: 'Refund {order_id}?', form, timeoutMs: 129_600_000, onTimeout: 'fail' },
    })
  })

  const converted = { type: 'object', properties: { amount: { type: 'number' } } }

  it.each([
    ['valibot', v.object({ amount: v.number() }), { ...converted, required: ['amount'] }],
    ['a library that converts its schemas', convertible, converted],
    ['JSON Schema', { $schema: 'https://json-schema.org/draft/2020-12/schema', ...form }, form],
  ])('accepts a form of %s', (_, given, expected) => {
    const flow = (base as unknown as Untyped).approval('ok', { title: 'Refund?', form: given })

    expect(waitOf(flow)).toMatchObject({ kind: 'approval', form: expected })
  })

  it('has no form by default', () => {
    expect(waitOf(base.approval('ok', { title: 'Refund?' }))).toMatchObject({ form: null })
  })

  it('gives later tasks the type of the answer', () => {
    base
      .approval('ok', { after: 'prepare', title: 'Refund?', form: convertible })
      .approval('sure', { after: 'ok', title: 'Sure?', form, timeout: '1h', onTimeout: 'continue' })
      .task('pay', { after: 'sure' }, ({ ok, sure, order_id }) => {
        expectTypeOf(ok.values.amount).toEqualTypeOf<number>()
        expectTypeOf(ok.approved).toEqualTypeOf<boolean>()
        expectTypeOf(ok.note).toEqualTypeOf<string | null>()
        expectTypeOf(sure?.by).toEqualTypeOf<string | undefined>()
        expectTypeOf(order_id).toEqualTypeOf<number>()
      })
    // @ts-expect-error: "title" is missing
    expect(() => base.approval('ok', { after: 'prepare' })).toThrow('require "title"')
  })

  it.each([
    ['without a title', {}, 'require "title"'],
    ['with an empty title', { title: ' ' }, 'a string that is not empty'],
    ['with a malformed title', { title: 'Refund {}?' }, 'has a single "{": write "{{"'],
    ['with a form that is a text', { title: 't', form: 'amount' }, 'or a JSON Schema'],
    ['with a form of a list', { title: 't', form: v.array(v.string()) }, 'must be "object"'],
    ['with a form without a type', { title: 't', form: {} }, 'must be "object"'],
    [
      'with a form that is not JSON',
      { title: 't', form: { type: 'object', default: 1n } },
      '"form.default" is not one',
    ],
    ['with a schema with a transformation', { title: 't', form: v.pipe(v.string(), v.trim()) }, 'in JSON Schema'],
    [
      'with a schema of a library without a conversion',
      { title: 't', form: { '~standard': { version: 1, vendor: 'own', validate: () => ({ value: 1 }) } } },
      'the library "own" does not convert its schemas',
    ],
  ])('is refused %s', (_, options, message) => {
    expect(() => (base as unknown as Untyped).approval('ok', options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    )
  })
})
