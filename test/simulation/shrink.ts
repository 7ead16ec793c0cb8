/**
 * Finds a shorter program that breaks the same invariant: removes parts as long as the rest still breaks it. Every
 * candidate is run, so the result fails as reliably as the first program.
 */

import { type Program, withoutDangling } from './program.ts'

export interface ShrinkOptions {
  /** Runs a candidate, and returns the name of the invariant that it breaks, or null. */
  readonly broken: (program: Program) => Promise<string | null>
  /** Returns whether there is time for another candidate. */
  readonly hasTime: () => boolean
}

type Part =
  | 'steps'
  | 'processes'
  | 'triggers'
  | 'crons'
  | 'subscriptions'
  | 'reactors'
  | 'sources'
  | 'workflows'
  | 'limits'

const PARTS: readonly Part[] = [
  'steps',
  'processes',
  'triggers',
  'crons',
  'subscriptions',
  'reactors',
  'sources',
  'workflows',
  'limits',
]

/** Returns the shortest failing program that was found within the time limit. */
export async function shrink(program: Program, invariant: string, options: ShrinkOptions): Promise<Program> {
  const breaks = async (candidate: Program): Promise<boolean> => (await options.broken(candidate)) === invariant
  let shortest = program
  for (let size = 0; size !== sizeOf(shortest) && options.hasTime(); ) {
    size = sizeOf(shortest)
    for (const part of PARTS) shortest = await withoutChunks(shortest, part, breaks, options.hasTime)
    for (const simpler of simplifications(shortest)) {
      if (options.hasTime() && (await breaks(simpler))) shortest = { ...shortest, ...changed(shortest, simpler) }
    }
  }
  return shortest
}

/** Removes parts of a list, first halves and finally single entries. */
async function withoutChunks(
  program: Program,
  part: Part,
  breaks: (candidate: Program) => Promise<boolean>,
  hasTime: () => boolean,
): Promise<Program> {
  let shortest = program
  for (let chunk = Math.ceil(shortest[part].length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    for (let from = 0; from < shortest[part].length && hasTime(); ) {
      const left = shortest[part].filter((_, index) => index < from || index >= from + chunk)
      const candidate = withoutDangling({ ...shortest, [part]: left })
      // A program without a workflow or without a process cannot break an invariant.
      const isPossible = candidate.workflows.length > 0 && candidate.processes.length > 0
      if (isPossible && (await breaks(candidate))) shortest = candidate
      else from += chunk
    }
  }
  return shortest
}

function* simplifications(program: Program): Iterable<Program> {
  if (program.answerWithinMs > 0) yield { ...program, answerWithinMs: 0 }
  if (program.retentionMs !== null) yield { ...program, retentionMs: null }
  if (program.machines.length > 1) yield { ...program, machines: program.machines.slice(0, 1) }
  for (const [index, workflow] of program.workflows.entries()) {
    for (let tasks = workflow.tasks.slice(0, -1); tasks.length > 0; tasks = tasks.slice(0, -1)) {
      yield withoutDangling({ ...program, workflows: program.workflows.with(index, { ...workflow, tasks }) })
    }
  }
  if (program.processes.some(({ engines }) => engines > 1)) {
    yield { ...program, processes: program.processes.map((process) => ({ ...process, engines: 1 })) }
  }
}

function changed(before: Program, after: Program): Partial<Program> {
  return Object.fromEntries(Object.entries(after).filter(([key, value]) => value !== before[key as keyof Program]))
}

function sizeOf(program: Program): number {
  const tasks = program.workflows.reduce((sum, workflow) => sum + workflow.tasks.length, 0)
  return PARTS.reduce((sum, part) => sum + program[part].length, tasks)
}

/** Returns a readable text of a program, with one part per line. */
export function programText(program: Program): string {
  const { workflows, processes, steps, triggers, crons, sources, reactors, subscriptions, limits } = program
  const lines = [
    `machines: ${program.machines.map(({ name, wallOffsetMs }) => `${name} (${wallOffsetMs} ms)`).join(', ')}`,
    ...workflows.map(({ key, tasks, isRewired, generations: _, ...options }) => {
      const shown = tasks.map((task) => `${task.id}${shownTask(task)}`).join(', ')
      const limit = Object.keys(options).length === 0 ? '' : ` ${JSON.stringify(options)}`
      return `workflow ${key}${limit}${isRewired ? ' (other dependencies in generations 1 and 2)' : ''}: ${shown}`
    }),
    ...[...limits, ...triggers, ...crons, ...sources, ...reactors, ...subscriptions].map((each) =>
      JSON.stringify(each),
    ),
    ...processes.map((each) => `process ${JSON.stringify(each)}`),
    ...steps.map(
      ({ at, ...step }) =>
        `at ${String(at).padStart(6)} ms  ${JSON.stringify('request' in step ? step.request : step.fault)}`,
    ),
  ]
  if (program.answerWithinMs > 0) lines.push(`answers of the store take up to ${program.answerWithinMs} ms`)
  if (program.retentionMs !== null) lines.push(`records are removed after ${program.retentionMs} ms`)
  return lines.map((line) => `  ${line}`).join('\n')
}

function shownTask(task: Program['workflows'][number]['tasks'][number]): string {
  const parts = [
    task.after.length > 0 ? `after ${task.after.join('+')}` : '',
    task.rule.type === 'Always' ? '' : JSON.stringify(task.rule),
    task.maxAttempts > 1 ? `${task.maxAttempts} attempts, ${task.delayMs} ms` : '',
    task.executes === null ? '' : `executes ${task.executes}`,
    task.defers ? 'defers' : '',
    task.runs === undefined ? '' : `runs ${task.runs}`,
    task.wait === undefined ? '' : JSON.stringify(task.wait),
    task.takesMs === undefined ? '' : `takes ${task.takesMs} ms`,
    task.limits === undefined ? '' : `limits ${task.limits.join('+')}`,
    task.triesLater === undefined ? '' : `tries later ${JSON.stringify(task.triesLater)}`,
    task.later === undefined ? '' : `${task.later === 'task' ? 'a task' : 'removed'} in generations 1 and 2`,
  ].filter((part) => part !== '')
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`
}
