/** A trigger rule in words, for one line of the command line or the page. Pure. */

import type { ContextOperator, TriggerRule } from '../../model/workflow.ts'

const OPERATORS: Readonly<Record<ContextOperator, string>> = {
  Equals: '==',
  NotEquals: '!=',
  GreaterThan: '>',
  LessThan: '<',
  Contains: 'contains',
  NotContains: 'does not contain',
  Exists: 'exists',
  NotExists: 'does not exist',
}

/** Returns the words of a rule, or '' if it is always true. */
export function ruleText(rule: TriggerRule): string {
  switch (rule.type) {
    case 'Always':
      return ''
    case 'TaskSuccess':
      return `${rule.taskName} completed`
    case 'TaskFailed':
      return `${rule.taskName} failed`
    case 'TaskSkipped':
      return `${rule.taskName} was skipped`
    case 'ContextValue': {
      const subject = `${rule.key} ${OPERATORS[rule.operator]}`
      return rule.operator === 'Exists' || rule.operator === 'NotExists' ? subject : `${subject} ${rule.valueText}`
    }
    case 'All':
      return joined(rule.conditions, 'all of', true)
    case 'Any':
      return joined(rule.conditions, 'any of', false)
    case 'None':
      return joined(rule.conditions, 'none of', true)
  }
}

/** `isEmptyTrue`: value of a rule without conditions. */
function joined(conditions: readonly TriggerRule[], word: string, isEmptyTrue: boolean): string {
  const texts = conditions.map((condition) => ruleText(condition) || 'always')
  const [only] = texts
  if (only === undefined) return isEmptyTrue ? '' : 'never'
  return texts.length === 1 && word !== 'none of' ? only : `${word} (${texts.join(', ')})`
}
