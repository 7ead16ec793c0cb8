/** What a check came to, for people: scripts with their triggers and graphs, then problems as editors and CI know them. */

import { relative, resolve } from 'node:path'
import type { CheckedScript, CheckProblem, CheckReport, TaskDefinition, WorkflowDefinition } from '../../index.ts'
import { ruleText } from '../../runner/records/rule-text.ts'
import { formatDuration, printLine, printTexts } from '../print.ts'
import { count, declaredText } from '../serve/script-log.ts'
import { indentedText, visibleLine } from '../visible-text.ts'

export function printReport({ scripts, problems }: CheckReport): void {
  for (const script of scripts) printScript(script)
  for (const problem of problems) printProblem(problem)
  if (problems.length > 0) printLine('')
  const all = {
    triggers: scripts.flatMap((each) => each.triggers),
    workflows: scripts.flatMap((each) => each.workflows),
    sources: scripts.flatMap((each) => each.sources),
    reactors: scripts.flatMap((each) => each.reactors),
    graphs: scripts.flatMap((each) => each.graphs),
  }
  const what = `${declaredText(all)} from ${count(scripts.length, 'script')}`
  printLine(`${what}: ${problems.length === 0 ? 'no problems' : count(problems.length, 'problem')}`)
}

function printScript(checked: CheckedScript): void {
  const { script, triggers, workflows } = checked
  const lines = [visibleLine(script)]
  for (const { name, timing, workflow, place } of triggers) {
    const when =
      timing.kind === 'poll'
        ? `every ${formatDuration(timing.intervalMs)}`
        : `${timing.expression} (${timing.timezone})`
    lines.push(`  trigger ${visibleLine(name)}: ${visibleLine(when)}, starts ${visibleLine(workflow)}${lineOf(place)}`)
  }
  for (const workflow of workflows) lines.push(...workflowLines(workflow))
  lines.push(...graphLines(checked))
  for (const { kind, name, by } of checked.overridden) {
    lines.push(`  ${kind} ${visibleLine(name)}: overridden by ${visibleLine(by)}`)
  }
  if (lines.length === 1) lines.push('  declares no trigger and no workflow')
  printTexts([...lines, ''])
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
      return `  graph ${visibleLine(name)}: ${count(nodes.length, 'node')}, ${by}${lineOf(place)}`
    }),
  ]
}

/** The graph: a task a line, each below what it waits for. */
function workflowLines({ key, tasks, place }: WorkflowDefinition): readonly string[] {
  return [`  workflow ${visibleLine(key)}: ${count(tasks.length, 'task')}${lineOf(place)}`, ...tasks.map(taskLine)]
}

function taskLine({ id, dependencies, rule }: TaskDefinition): string {
  const after = dependencies.length === 0 ? '' : ` after ${dependencies.map(visibleLine).join(', ')}`
  const condition = ruleText(rule)
  return `    ${visibleLine(id)}${after}${condition === '' ? '' : `, if ${visibleLine(condition)}`}`
}

function lineOf(place: { readonly line: number } | null): string {
  return place === null || place.line === 0 ? '' : ` (line ${place.line})`
}

function printProblem({ script, place, message, traceback }: CheckProblem): void {
  const line = place === null || place.line === 0 ? '' : `:${place.line}`
  const where = place === null ? visibleLine(script) : `${visibleLine(shownPath(place.file))}${line}`
  printTexts([`${where}: ${visibleLine(message)}`, ...(traceback === null ? [] : [indentedText(traceback.trimEnd())])])
}

/** As a person in this folder would write it. */
function shownPath(file: string): string {
  const path = relative(process.cwd(), resolve(file))
  return path.startsWith('..') ? file : path
}
