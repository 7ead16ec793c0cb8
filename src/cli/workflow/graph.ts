/** The graph of a workflow as text: for people at a terminal, and for Mermaid. Pure. */

import type { TaskDefinition, TriggerRule, WorkflowDefinition } from '../../index.ts'

/** One line a task, indented by the longest way to it. `definition.tasks` has dependencies first. */
export function graphLines({ tasks }: WorkflowDefinition): readonly string[] {
  const depths = new Map<string, number>()
  return tasks.map((task) => {
    const depth = Math.max(-1, ...task.dependencies.map((id) => depths.get(id) ?? 0)) + 1
    depths.set(task.id, depth)
    const after = task.dependencies.length === 0 ? '' : `  after ${task.dependencies.join(', ')}`
    const rule = task.rule.type === 'Always' ? '' : `  if ${ruleText(task.rule)}`
    return `${'  '.repeat(depth)}${task.id}${after}${rule}`
  })
}

/** A flowchart in the language of Mermaid. */
export function mermaidLines({ tasks }: WorkflowDefinition): readonly string[] {
  const nodes = new Map(tasks.map((task, index) => [task.id, `t${index}`]))
  const lines = tasks.flatMap((task) => {
    const node = nodes.get(task.id)
    const arrows = task.dependencies.map((id) => `  ${nodes.get(id)} --> ${node}`)
    return [`  ${node}["${mermaidLabel(task)}"]`, ...arrows]
  })
  return ['flowchart TD', ...lines]
}

/** The condition of a task in words. */
export function ruleText(rule: TriggerRule): string {
  switch (rule.type) {
    case 'Always':
      return 'always'
    case 'TaskSuccess':
      return `${rule.taskName} completed`
    case 'TaskFailed':
      return `${rule.taskName} failed`
    case 'TaskSkipped':
      return `${rule.taskName} was skipped`
    case 'ContextValue':
      return `context ${rule.key} ${OPERATORS[rule.operator]}${VALUELESS.has(rule.operator) ? '' : ` ${rule.valueText}`}`
    case 'All':
      return `all of (${rule.conditions.map(ruleText).join('; ')})`
    case 'Any':
      return `any of (${rule.conditions.map(ruleText).join('; ')})`
    case 'None':
      return `none of (${rule.conditions.map(ruleText).join('; ')})`
  }
}

type ContextOperator = Extract<TriggerRule, { readonly type: 'ContextValue' }>['operator']

const OPERATORS: Readonly<Record<ContextOperator, string>> = {
  Equals: '=',
  NotEquals: '≠',
  GreaterThan: '>',
  LessThan: '<',
  Contains: 'contains',
  NotContains: 'does not contain',
  Exists: 'exists',
  NotExists: 'does not exist',
}
const VALUELESS: ReadonlySet<ContextOperator> = new Set(['Exists', 'NotExists'])

/** Mermaid reads HTML's entities, written with `#`, and takes a line break as `<br/>`. */
function mermaidLabel({ id, rule }: TaskDefinition): string {
  const label = escaped(id)
  return rule.type === 'Always' ? label : `${label}<br/>if ${escaped(ruleText(rule))}`
}

function escaped(text: string): string {
  return text.replace(/[#"<>&\\`\n]/g, (character) => `#${character.charCodeAt(0)};`)
}
