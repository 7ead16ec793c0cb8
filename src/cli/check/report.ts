/** Result of a check for people: scripts with their triggers and graphs, then problems in the form of compilers. */

import { relative, resolve } from 'node:path'
import type {
  CheckedScript,
  CheckProblem,
  CheckReport,
  TaskDefinition,
  TriggerDefinition,
  WorkflowDefinition,
} from '../../index.ts'
import { ruleText } from '../../model/rules/rule-text.ts'
import { declaredLimitText, workflowLimitText } from '../../runner/records/declared-limit-text.ts'
import { declaredWaitText } from '../../runner/records/declared-wait-text.ts'
import { tagsText } from '../display.ts'
import { formatDuration, printLine, printTexts } from '../print.ts'
import { countText, declarationsText } from '../serve/script-log.ts'
import { indentedText, visibleLine } from '../visible-text.ts'

export function printReport({ scripts, problems, warnings }: CheckReport): void {
  for (const script of scripts) printScript(script)
  for (const problem of problems) printProblem(problem)
  for (const warning of warnings) printProblem({ ...warning, message: `Warning: ${warning.message}` })
  if (problems.length + warnings.length > 0) printLine('')
  const all = {
    triggers: scripts.flatMap((each) => each.triggers),
    workflows: scripts.flatMap((each) => each.workflows),
    sources: scripts.flatMap((each) => each.sources),
    reactors: scripts.flatMap((each) => each.reactors),
    graphs: scripts.flatMap((each) => each.graphs),
  }
  const what = `${declarationsText(all)} from ${countText(scripts.length, 'script')}`
  const found = problems.length === 0 ? 'no problems' : countText(problems.length, 'problem')
  printLine(`${what}: ${found}${warnings.length === 0 ? '' : `, ${countText(warnings.length, 'warning')}`}`)
}

function printScript(checked: CheckedScript): void {
  const { script, triggers, workflows } = checked
  const lines = [visibleLine(script)]
  lines.push(...triggers.map(triggerLine))
  for (const workflow of workflows) lines.push(...workflowLines(workflow))
  lines.push(...checked.limits.map(limitLine), ...graphLines(checked))
  for (const { kind, name, by } of checked.overridden) {
    lines.push(`  ${kind} ${visibleLine(name)}: overridden by ${visibleLine(by)}`)
  }
  if (lines.length === 1) lines.push('  declares no trigger and no workflow')
  printTexts([...lines, ''])
}

function limitLine({ name, place, ...values }: CheckedScript['limits'][number]): string {
  return `  limit ${visibleLine(name)}: ${factsText([declaredLimitText(values)])}${lineOf(place)}`
}

function triggerLine({ name, timing, workflow, policy, priority, tags = {}, place }: TriggerDefinition): string {
  const { expectFireMs } = policy
  const facts = [
    timing.kind === 'poll' ? `every ${formatDuration(timing.intervalMs)}` : `${timing.expression} (${timing.timezone})`,
    `starts ${workflow}`,
    expectFireMs === null ? '' : `expect_fire ${formatDuration(expectFireMs)}`,
    priorityFact(priority),
    tagsFact(tags),
  ]
  return `  trigger ${visibleLine(name)}: ${factsText(facts)}${lineOf(place)}`
}

function graphLines({ sources, reactors, graphs }: CheckedScript): readonly string[] {
  return [
    ...sources.map(({ name, accumulation, place }) => {
      return `  source ${visibleLine(name)}: ${accumulation.kind}${lineOf(place)}`
    }),
    ...reactors.map((each) => {
      const of = each.sources.map(visibleLine).join(', ')
      return `  reactor ${visibleLine(each.name)}: ${each.mode} of ${of}${lineOf(each.place)}`
    }),
    ...graphs.map(({ name, reactor, nodes, place }) => {
      const by = reactor === null ? 'run by tasks' : `run by reactor ${visibleLine(reactor)}`
      return `  graph ${visibleLine(name)}: ${countText(nodes.length, 'node')}, ${by}${lineOf(place)}`
    }),
  ]
}

/** Returns a line for each task, below its dependencies. */
function workflowLines(workflow: WorkflowDefinition): readonly string[] {
  const { key, tasks, tags, deadlineMs, doneBy, limit, priority, place } = workflow
  const facts = [
    countText(tasks.length, 'task'),
    deadlineFact(deadlineMs),
    doneBy === undefined ? '' : `done_by ${doneBy.time} ${doneBy.timezone}`,
    limit === undefined ? '' : `limit ${workflowLimitText(limit)}`,
    priorityFact(priority),
    tagsFact(tags),
  ]
  return [`  workflow ${visibleLine(key)}: ${factsText(facts)}${lineOf(place)}`, ...tasks.map(taskLine)]
}

function taskLine({ id, dependencies, wait, rule, deadlineMs, limits = [] }: TaskDefinition): string {
  const after = dependencies.length === 0 ? '' : ` after ${dependencies.join(', ')}`
  const condition = ruleText(rule)
  const waits = wait === undefined ? '' : `waits for ${declaredWaitText(wait)}`
  const facts = [
    `${id}${after}`,
    waits,
    limits.length === 0 ? '' : `limits ${limits.join(', ')}`,
    deadlineFact(deadlineMs),
    condition === '' ? '' : `if ${condition}`,
  ]
  return `    ${factsText(facts)}`
}

function priorityFact(priority: number | undefined): string {
  return priority === undefined ? '' : `priority ${priority}`
}

function deadlineFact(deadlineMs: number | undefined): string {
  return deadlineMs === undefined ? '' : `deadline ${formatDuration(deadlineMs)}`
}

function tagsFact(tags: Readonly<Record<string, string>>): string {
  const text = tagsText(tags)
  return text === '' ? '' : `tags ${text}`
}

/** Returns the facts that are not empty, in one line. */
function factsText(facts: readonly string[]): string {
  return facts
    .filter((fact) => fact !== '')
    .map(visibleLine)
    .join(', ')
}

function lineOf(place: { readonly line: number } | null): string {
  return place === null || place.line === 0 ? '' : ` (line ${place.line})`
}

function printProblem({ script, place, message, traceback }: CheckProblem): void {
  const line = place === null || place.line === 0 ? '' : `:${place.line}`
  const where = place === null ? visibleLine(script) : `${visibleLine(shownPath(place.file))}${line}`
  printTexts([`${where}: ${visibleLine(message)}`, ...(traceback === null ? [] : [indentedText(traceback.trimEnd())])])
}

function shownPath(file: string): string {
  const path = relative(process.cwd(), resolve(file))
  return path.startsWith('..') ? file : path
}
