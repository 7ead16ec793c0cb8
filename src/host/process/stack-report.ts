/**
 * Why nothing goes on in an interpreter: what was asked of it and is not answered, what each suspended stack waits for, and
 * who runs. Asked for by `SIGUSR2`, and by a stop that takes longer than its grace. Made by `interpreter-process.ts`.
 */

import * as v from 'valibot'
import type { Clock } from '../../engine/ports.ts'
import type { RequestAge } from './open-requests.ts'

/** The question to Python, which may compute or hang. */
export class StackQuestion {
  readonly #clock: Clock
  readonly #ask: () => void
  #answered: ((stacksJson: string | null) => void) | null = null

  constructor(clock: Clock, ask: () => void) {
    this.#clock = clock
    this.#ask = ask
  }

  get isOpen(): boolean {
    return this.#answered !== null
  }

  /** Null where no answer comes in time: Python answers between two steps of what it computes. */
  ask(withinMs: number): Promise<string | null> {
    this.answered(null)
    return new Promise((resolve) => {
      const timer = this.#clock.wakeAfter(withinMs, () => this.answered(null))
      this.#answered = (stacksJson) => {
        timer.cancel()
        resolve(stacksJson)
      }
      this.#ask()
    })
  }

  answered(stacksJson: string | null): void {
    const answered = this.#answered
    this.#answered = null
    answered?.(stacksJson)
  }
}

const stacksSchema = v.array(
  v.object({
    token: v.number(),
    isThread: v.boolean(),
    waitsFor: v.string(),
    seconds: v.number(),
    frames: v.string(),
  }),
)

export interface StackReport {
  /** Several lines. */
  readonly text: string
  /** Python answered in time. */
  readonly isAnswered: boolean
}

/** What is known of a Python that does not answer. */
export interface Unanswered {
  /** Who runs. */
  readonly running: string | null
  /** What each thread does, as `faulthandler` writes it. */
  readonly dumped: string | null
}

/** `stacksJson` is null where Python did not answer: it computes, or hangs. */
export function stackReport(
  pid: number | undefined,
  open: readonly RequestAge[],
  unanswered: Unanswered,
  stacksJson: string | null,
): StackReport {
  return { text: reportText(pid, open, unanswered, stacksJson), isAnswered: stacksJson !== null }
}

function reportText(
  pid: number | undefined,
  open: readonly RequestAge[],
  { running, dumped }: Unanswered,
  stacksJson: string | null,
): string {
  const title = pid === undefined ? 'interpreter (starting):' : `interpreter ${pid}:`
  const asked = open.map(({ token, label, seconds }) => `${label} running for ${shown(seconds)} (call ${token})`)
  if (stacksJson === null) {
    return [
      `${title} Python is computing and does not answer; running: ${running ?? 'unknown'}`,
      ...asked,
      ...(dumped === null ? [] : [dumped.trimEnd()]),
    ].join('\n')
  }
  const stacks = v.parse(stacksSchema, JSON.parse(stacksJson))
  if (asked.length === 0 && stacks.length === 0) return `${title} no poll, task or import is running`
  const waiting = stacks.map(({ token, isThread, waitsFor, seconds, frames }) => {
    const label = open.find((each) => each.token === token)?.label ?? 'code that the engine did not call'
    const who = isThread ? `a thread of ${label}` : label
    return `${who} (call ${token}) has waited ${shown(seconds)} for ${waitsFor}\n${frames.trimEnd()}`
  })
  const waitingTokens = new Set(stacks.map(({ token }) => token))
  const others = asked.filter((_, index) => !waitingTokens.has(open[index]?.token ?? 0))
  return [title, ...others, ...waiting].join('\n')
}

function shown(seconds: number): string {
  return `${seconds.toFixed(1)} s`
}
