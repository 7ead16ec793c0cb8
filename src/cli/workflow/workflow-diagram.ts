/** The graph of a workflow as text, for terminals and for Mermaid. Pure. */

import type { TaskDefinition, WorkflowDefinition } from '../../index.ts'
import { ruleText } from '../../model/rules/rule-text.ts'
import { declaredWaitText } from '../../runner/records/declared-wait-text.ts'

/** Returns a line per task or node, indented by its longest path. `definition.tasks` has dependencies first. */
export function graphLines({ tasks }: WorkflowDefinition): readonly string[] {
  const depths = new Map<string, number>()
  return tasks.map((task) => {
    const depth = Math.max(-1, ...task.dependencies.map((id) => depths.get(id) ?? 0)) + 1
    depths.set(task.id, depth)
    const after = task.dependencies.length === 0 ? '' : `  after ${task.dependencies.join(', ')}`
    const rule = task.rule.type === 'Always' ? '' : `  if ${ruleText(task.rule)}`
    const wait = task.wait === undefined ? '' : `  waits for ${declaredWaitText(task.wait)}`
    return `${'  '.repeat(depth)}${task.id}${after}${wait}${rule}`
  })
}

/** Shape of nodes that wait. */
const HEXAGON = ['{{', '}}'] as const

export function mermaidLines({ tasks }: WorkflowDefinition): readonly string[] {
  const nodes = new Map(tasks.map((task, index) => [task.id, `t${index}`]))
  const lines = tasks.flatMap((task) => {
    const node = nodes.get(task.id)
    const arrows = task.dependencies.map((id) => `  ${nodes.get(id)} --> ${node}`)
    const [open, close] = task.wait === undefined ? ['[', ']'] : HEXAGON
    return [`  ${node}${open}"${mermaidLabel(task)}"${close}`, ...arrows]
  })
  return ['flowchart TD', ...lines]
}

/** Mermaid reads HTML entities, written with `#`, and `<br/>` as a line break. */
function mermaidLabel({ id, rule, wait }: TaskDefinition): string {
  const lines = [
    id,
    ...(wait === undefined ? [] : [`waits for ${declaredWaitText(wait)}`]),
    ...(rule.type === 'Always' ? [] : [`if ${ruleText(rule)}`]),
  ]
  return lines.map(escapeMermaid).join('<br/>')
}

/** Escapes characters that Mermaid would interpret. */
export function escapeMermaid(text: string): string {
  return text.replace(/[#"<>&\\`\n]/g, (character) => `#${character.charCodeAt(0)};`)
}
