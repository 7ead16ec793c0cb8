/** Trigger rules: every condition and operator, and how they combine. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { meetsRule, type RuleView } from '../../../src/engine/executions/rule-evaluation.ts'
import type { TaskStatus } from '../../../src/model/execution.ts'
import type { ContextOperator, TriggerRule } from '../../../src/model/workflow.ts'
import { codec } from '../../../src/native/index.ts'

const ALWAYS: TriggerRule = { type: 'Always' }
const NEVER: TriggerRule = { type: 'Any', conditions: [] }

function viewOf(statuses: Readonly<Record<string, TaskStatus>>, inputText = '{}'): RuleView {
  return { statusOf: (name) => statuses[name] ?? null, inputText: () => inputText }
}

function meets(rule: TriggerRule, view: RuleView = viewOf({})): boolean {
  return meetsRule(rule, view, codec)
}

function looks(inputText: string, operator: ContextOperator, valueText: string): boolean {
  return meets({ type: 'ContextValue', key: 'k', operator, valueText }, viewOf({}, inputText))
}

describe('a rule about a task', () => {
  it.each([
    ['TaskSuccess', 'Completed'],
    ['TaskFailed', 'Failed'],
    ['TaskSkipped', 'Skipped'],
  ] as const)('%s holds only for a task with the status %s', (type, status) => {
    const statuses: TaskStatus[] = ['NotStarted', 'Ready', 'Running', 'Completed', 'Failed', 'Skipped']

    const holding = statuses.filter((each) => meets({ type, taskName: 'fetch' }, viewOf({ fetch: each })))

    expect(holding).toEqual([status])
  })

  it('does not hold for a task that is not in the workflow', () => {
    expect(meets({ type: 'TaskFailed', taskName: 'nobody' })).toBe(false)
  })
})

describe('a rule about a context value', () => {
  it.each([
    // A key with the value null exists.
    ['{"k":null}', 'Exists', '0', true],
    ['{}', 'Exists', '0', false],
    ['{"k":null}', 'NotExists', '0', false],
    ['{}', 'NotExists', '0', true],
    // Equality ignores the order of keys and white space, but 1 differs from 1.0.
    ['{"k":{"b":1,"a":[2]}}', 'Equals', '{"a": [2], "b": 1}', true],
    ['{"k":"x"}', 'Equals', '"x"', true],
    ['{"k":1.0}', 'Equals', '1', false],
    ['{"k":true}', 'Equals', '1', false],
    ['{"k":1152921504606846977}', 'Equals', '1152921504606846976', false],
    ['{}', 'Equals', 'null', false],
    ['{"k":1}', 'NotEquals', '1', false],
    ['{"k":1}', 'NotEquals', '2', true],
    ['{}', 'NotEquals', '1', true],
    // Only numbers are compared, exactly to the last digit.
    ['{"k":2}', 'GreaterThan', '1', true],
    ['{"k":2}', 'GreaterThan', '2', false],
    ['{"k":2.5}', 'GreaterThan', '2', true],
    ['{"k":-1e3}', 'LessThan', '0', true],
    ['{"k":9007199254740993}', 'GreaterThan', '9007199254740992', true],
    ['{"k":-12}', 'LessThan', '-3', true],
    ['{"k":-12}', 'GreaterThan', '-3', false],
    ['{"k":-3}', 'GreaterThan', '-12', true],
    ['{"k":-1}', 'LessThan', '1', true],
    ['{"k":-0}', 'LessThan', '0', false],
    ['{"k":21}', 'GreaterThan', '12', true],
    [`{"k":${'9'.repeat(400)}}`, 'GreaterThan', '1.7976931348623157e308', true],
    [`{"k":-${'9'.repeat(400)}}`, 'LessThan', '-1.7976931348623157e308', true],
    ['{"k":"3"}', 'GreaterThan', '1', false],
    ['{"k":3}', 'GreaterThan', '"1"', false],
    ['{"k":true}', 'GreaterThan', '0', false],
    ['{}', 'GreaterThan', '1', false],
    ['{}', 'LessThan', '1', false],
    // A string contains its parts, a list contains its elements.
    ['{"k":"a \\u00e9 b"}', 'Contains', '"é"', true],
    ['{"k":"abc"}', 'Contains', '"d"', false],
    ['{"k":"123"}', 'Contains', '2', false],
    ['{"k":[1,"x",{"a":1}]}', 'Contains', '{"a": 1}', true],
    ['{"k":[1,1,2]}', 'Contains', '1', true],
    ['{"k":[1,1,2]}', 'Contains', '3', false],
    ['{"k":[1]}', 'Contains', '1.0', false],
    ['{"k":[]}', 'Contains', 'null', false],
    ['{"k":{"a":1}}', 'Contains', '"a"', false],
    ['{"k":5}', 'Contains', '5', false],
    ['{}', 'Contains', '1', false],
    ['{"k":[1]}', 'NotContains', '1', false],
    ['{"k":5}', 'NotContains', '5', true],
    ['{}', 'NotContains', '1', true],
  ] as const)('in the context %s, the rule "k %s %s" is %s', (inputText, operator, valueText, holds) => {
    expect(looks(inputText, operator, valueText)).toBe(holds)
  })

  // With BigInt and the string search of V8, these comparisons would take minutes.
  it('is evaluated in time proportional to the length of the value', () => {
    const digits = '9'.repeat(64_000_000)
    const letters = 'a'.repeat(4_000_000)
    const part = `${'a'.repeat(50_000)}b${'a'.repeat(50_000)}`

    expect(looks(`{"k":${digits}}`, 'GreaterThan', '1')).toBe(true)
    expect(looks(`{"k":${digits}}`, 'LessThan', '1.5')).toBe(false)
    expect(looks(`{"k":-${digits}}`, 'LessThan', '-1')).toBe(true)
    expect(looks(`{"k":${digits}}`, 'LessThan', `1${digits}`)).toBe(true)
    expect(looks(`{"k":"${letters}"}`, 'Contains', `"${part}"`)).toBe(false)
  })

  it('is the only kind of rule that reads the context', () => {
    const view: RuleView = {
      statusOf: () => 'Completed',
      inputText: () => {
        throw new Error('the context was looked at')
      },
    }

    expect(meets({ type: 'All', conditions: [{ type: 'TaskSuccess', taskName: 'a' }, ALWAYS] }, view)).toBe(true)
  })
})

describe('combined rules (All, Any, None)', () => {
  it('without any conditions, All and None hold, but Any does not', () => {
    const holding = (['All', 'Any', 'None'] as const).filter((type) => meets({ type, conditions: [] }))

    expect(holding).toEqual(['All', 'None'])
  })

  it('hold if all, any or none of their conditions hold, at any depth of nesting', () => {
    const leaves = fc.array(fc.boolean(), { maxLength: 5 })
    fc.assert(
      fc.property(
        leaves,
        fc.constantFrom('All', 'Any', 'None'),
        fc.integer({ min: 0, max: 6 }),
        (values, type, depth) => {
          const conditions = values.map((value): TriggerRule => {
            let rule = value ? ALWAYS : NEVER
            for (let level = 0; level < depth; level++)
              rule = { type: level % 2 === 0 ? 'All' : 'Any', conditions: [rule] }
            return rule
          })
          const expected = { All: values.every(Boolean), Any: values.some(Boolean), None: !values.some(Boolean) }

          expect(meets({ type, conditions })).toBe(expected[type])
        },
      ),
    )
  })
})
