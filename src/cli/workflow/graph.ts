/** The graph of a workflow as text: for people at a terminal, and for Mermaid. Pure. */

import type { TaskDefinition, WorkflowDefinition } from '../../index.ts'
import { ruleText } from '../../runner/records/rule-text.ts'

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

/** Mermaid reads HTML's entities, written with `#`, and takes a line break as `<br/>`. */
function mermaidLabel({ id, rule }: TaskDefinition): string {
  const label = escaped(id)
  return rule.type === 'Always' ? label : `${label}<br/>if ${escaped(ruleText(rule))}`
}

/** Mermaid would obey it otherwise. */
export function escaped(text: string): string {
  return text.replace(/[#"<>&\\`\n]/g, (character) => `#${character.charCodeAt(0)};`)
}
