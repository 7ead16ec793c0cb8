/** Bars of a task in the gantt chart: waits and attempts as parts of a time. Pure. */

import { waitedFor } from '../../runner/records/wait-words.ts'
import type { Attempt, Execution, Task } from '../api/answer-types.ts'
import type { Tone } from '../parts/tones.ts'

export interface Bar {
  readonly kind: 'queue' | 'work' | 'pause' | 'wait'
  readonly fromAt: number
  readonly toAt: number
  readonly tone: Tone
  /** Text under the mouse. */
  readonly words: string
}

const TONES: Readonly<Record<Attempt['outcome'], Tone>> = {
  completed: 'good',
  failed: 'bad',
  timedOut: 'bad',
  lost: 'warn',
  cancelled: 'quiet',
}

const WORDS: Readonly<Record<Attempt['outcome'], string>> = {
  completed: 'completed',
  failed: 'failed',
  timedOut: 'timed out',
  lost: 'was lost because its process ended',
  cancelled: 'was cancelled',
}

/** Returns the period of an execution, until its end or now. */
export function executionPeriod(
  { createdAt, endedAt, tasks }: Execution,
  now: number,
): { fromAt: number; toAt: number } {
  const fromAt = Date.parse(createdAt)
  const end = endedAt === null ? now : Date.parse(endedAt)
  // Outcomes that a retry has kept are older than it.
  const last = tasks.reduce((latest, { endedAt: at }) => (at === null ? latest : Math.max(latest, Date.parse(at))), end)
  return { fromAt, toAt: Math.max(fromAt + 1, endedAt === null ? now : last) }
}

export function taskBars(task: Task, now: number): readonly Bar[] {
  const wait = waitBar(task, now)
  if (wait !== null) return [wait]
  const bars: Bar[] = []
  for (const attempt of task.history) bars.push(...barsOfAttempt(attempt))
  const last = task.history.at(-1)
  if (task.status === 'Running' && task.startedAt !== null) {
    const lastEnd = last === undefined ? Number.NEGATIVE_INFINITY : Date.parse(last.endedAt)
    const fromAt = Math.max(Date.parse(task.startedAt), lastEnd)
    bars.push({
      kind: 'work',
      fromAt,
      toAt: Math.max(now, fromAt),
      tone: 'busy',
      words: `attempt ${task.attempts} is running`,
    })
  }
  if (task.status === 'Ready' && last !== undefined) {
    const fromAt = Date.parse(last.endedAt)
    const toAt = task.notBeforeAt === null ? now : Math.max(now, Date.parse(task.notBeforeAt))
    bars.push({ kind: 'pause', fromAt, toAt, tone: 'quiet', words: 'waiting for the next attempt' })
  }
  return bars
}

/** Returns the bar of a node, which has no attempts; null for a task. */
function waitBar({ status, attempts, startedAt, endedAt, waitingFor }: Task, now: number): Bar | null {
  if (attempts > 0 || startedAt === null || (status !== 'Waiting' && endedAt === null)) return null
  const fromAt = Date.parse(startedAt)
  const toAt = Math.max(fromAt, endedAt === null ? now : Date.parse(endedAt))
  const tone = status === 'Failed' ? 'bad' : status === 'Completed' ? 'good' : 'quiet'
  return { kind: 'wait', fromAt, toAt, tone, words: status === 'Waiting' ? waitingWords(waitingFor) : 'waited' }
}

function waitingWords(wait: Task['waitingFor']): string {
  return wait === null ? 'waiting' : `waiting for ${waitedFor(wait)}`
}

function barsOfAttempt({ attempt, outcome, queuedAt, startedAt, endedAt }: Attempt): readonly Bar[] {
  const endAt = Date.parse(endedAt)
  const startAt = startedAt === null ? endAt : Date.parse(startedAt)
  const words = `attempt ${attempt} ${WORDS[outcome]}`
  const work: Bar = { kind: 'work', fromAt: startAt, toAt: endAt, tone: TONES[outcome], words }
  if (queuedAt === null) return [work]
  const queue: Bar = { kind: 'queue', fromAt: Date.parse(queuedAt), toAt: startAt, tone: 'quiet', words: 'queued' }
  return queue.toAt > queue.fromAt ? [queue, work] : [work]
}

/** Merges bars that would overlap on the screen, in the colour of the worst. A row has at most one bar per pixel. */
export function mergedBars(bars: readonly Bar[], pxPerMs: number): readonly Bar[] {
  const merged: Bar[] = []
  for (const bar of bars) {
    const before = merged.at(-1)
    const isNarrow = (bar.toAt - bar.fromAt) * pxPerMs < 1.5
    if (before === undefined || !isNarrow || (bar.fromAt - before.toAt) * pxPerMs > 1.5 || before.kind === 'queue') {
      merged.push(bar)
      continue
    }
    const tone = worse(before.tone, bar.tone)
    merged[merged.length - 1] = { ...before, toAt: Math.max(before.toAt, bar.toAt), tone, words: 'several attempts' }
  }
  return merged
}

const ORDER: readonly Tone[] = ['quiet', 'good', 'busy', 'warn', 'bad']

function worse(one: Tone, other: Tone): Tone {
  return ORDER.indexOf(one) >= ORDER.indexOf(other) ? one : other
}

/** Returns about `wanted` lines of an axis, at round distances. */
export function axisSteps(spanMs: number, wanted: number): readonly number[] {
  const rough = spanMs / Math.max(1, wanted)
  const power = 10 ** Math.floor(Math.log10(Math.max(rough, 0.001)))
  const round = [1, 2, 5, 10].map((factor) => factor * power)
  const minutes = [
    15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000,
  ]
  const choices = rough > 10_000 ? [...minutes, ...round.filter((ms) => ms > 86_400_000)] : round
  const step = choices.find((ms) => ms >= rough) ?? rough
  const steps: number[] = []
  for (let at = 0; at <= spanMs && steps.length < 50; at += step) steps.push(at)
  return steps
}
