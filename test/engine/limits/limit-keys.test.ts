/** Slots of limits: the values of `per` that attempts and executions have. */

import { describe, expect, it } from 'vitest'
import { limitKeys, limitValue } from '../../../src/engine/limits/limit-keys.ts'
import { newExecution } from '../../../src/engine/starts/firing-context.ts'
import { codec } from '../../../src/native/index.ts'
import { workflow } from '../../support/declared.ts'

const valueOfTenant = (inputText: string) => limitValue('tenant', inputText, codec)

describe('the value of a limit', () => {
  it('is the JSON text of the top-level value of the input', () => {
    const inputs = ['{"tenant":1}', '{"tenant":"1"}', '{"tenant":true}', '{"tenant":1.50}', '{"a":{"tenant":2}}']
    expect(inputs.map(valueOfTenant)).toEqual(['1', '"1"', 'true', '1.50', 'null'])
  })

  it('is the same for a missing value, for null, and without "per"', () => {
    expect([valueOfTenant('{}'), valueOfTenant('{"tenant":null}')]).toEqual(['null', 'null'])
    expect(limitValue(null, '{"tenant":7}', codec)).toBe('null')
  })

  it('is the same for equal texts, however they are escaped', () => {
    expect(valueOfTenant('{"tenant":"\\u00e9"}')).toBe(valueOfTenant('{"tenant":"é"}'))
  })

  it('is stored with escapes of characters that databases do not store', () => {
    expect(valueOfTenant('{"tenant":"\\ud800\\u0000"}')).toBe('"\\ud800\\u0000"')
  })

  it('is refused for lists, objects, and more than 200 bytes', () => {
    expect(() => valueOfTenant('{"tenant":[1]}')).toThrow('the value of "tenant" is a list')
    expect(() => valueOfTenant('{"tenant":{}}')).toThrow('is an object')
    expect(valueOfTenant(`{"tenant":"${'x'.repeat(198)}"}`)).toHaveLength(200)
    expect(() => valueOfTenant(`{"tenant":"${'é'.repeat(100)}"}`)).toThrow('has 202 bytes; a limit allows 200')
  })
})

it('names each limit of a task once, in ascending order, with its own value', () => {
  const limits = new Map([
    ['crm', { per: 'tenant' }],
    ['api', { per: null }],
  ])
  expect(limitKeys(['crm', 'api', 'crm'], limits, '{"tenant":"t"}', codec)).toEqual([
    { name: 'api', value: 'null' },
    { name: 'crm', value: '"t"' },
  ])
  expect(() => limitKeys(['crm'], limits, '{"tenant":[]}', codec)).toThrow('limit "crm": the value of "tenant" is')
})

describe('a new execution', () => {
  const limited = {
    ...workflow('sync', { a: {} }),
    limit: { maxActive: 1, per: 'customer', overflow: 'drop' as const },
  }

  it('has the slot that it needs and the priority of the call, or else of its workflow', () => {
    const definition = { ...limited, priority: 5 }
    expect(newExecution('e', definition, '{"customer":3}', codec)).toMatchObject({
      priority: 5,
      limit: { maxActive: 1, overflow: 'drop', per: 'customer', value: '3' },
    })
    expect(newExecution('e', definition, '{}', codec, -7)).toMatchObject({ priority: -7, limit: { value: 'null' } })
  })

  it('is refused for a value that selects no slots', () => {
    const refused = () => newExecution('e', limited, '{"customer":{}}', codec)
    expect(refused).toThrow(expect.objectContaining({ code: 'INVALID_CONTEXT' }))
  })
})
