/** Converts a trigger rule to the words of its declaration, such as `all of (failed('score'), skipped('ship'))`. */

import type { ContextOperator, TriggerRule } from '../workflow.ts'

const OPERATORS: Readonly<Record<ContextOperator, string>> = {
  Equals: '==',
  NotEquals: '!=',
  GreaterThan: '>',
  LessThan: '<',
  Contains: 'contains',
  NotContains: 'notContains',
  Exists: 'exists',
  NotExists: 'notExists',
}

/** Returns the words of a rule, or '' if it is always true. */
export function ruleText(rule: TriggerRule): string {
  switch (rule.type) {
    case 'Always':
      return ''
    case 'TaskSuccess':
      return `succeeded(${quoted(rule.taskName)})`
    case 'TaskFailed':
      return `failed(${quoted(rule.taskName)})`
    case 'TaskSkipped':
      return `skipped(${quoted(rule.taskName)})`
    case 'ContextValue': {
      const subject = `value(${quoted(rule.key)}, '${OPERATORS[rule.operator]}'`
      const hasOperand = rule.operator !== 'Exists' && rule.operator !== 'NotExists'
      return hasOperand ? `${subject}, ${rule.valueText})` : `${subject})`
    }
    case 'All':
      return joined(rule.conditions, 'all of', true)
    case 'Any':
      return joined(rule.conditions, 'any of', false)
    case 'None':
      return joined(rule.conditions, 'none of', true)
  }
}

/** Returns the names of the tasks in a rule, each once, in the order of the rule. */
export function tasksOfRule(rule: TriggerRule): readonly string[] {
  if ('taskName' in rule) return [rule.taskName]
  return 'conditions' in rule ? [...new Set(rule.conditions.flatMap(tasksOfRule))] : []
}

/** `isEmptyTrue`: value of a rule without conditions. */
function joined(conditions: readonly TriggerRule[], word: string, isEmptyTrue: boolean): string {
  const texts = conditions.map((condition) => ruleText(condition) || 'always()')
  const [only] = texts
  if (only === undefined) return isEmptyTrue ? '' : 'never'
  return texts.length === 1 && word !== 'none of' ? only : `${word} (${texts.join(', ')})`
}

function quoted(name: string): string {
  return `'${name}'`
}
