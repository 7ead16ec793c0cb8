/**
 * Report on an interpreter that makes no progress: open requests, suspended stacks and the running code. Requested by
 * `SIGUSR2`, and by a stop that exceeds its grace. Made by `interpreter-process.ts`.
 */

import * as v from 'valibot'
import type { Clock } from '../../engine/clock-port.ts'
import type { RequestAge } from './open-requests.ts'

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

  /** Returns null on timeout: Python answers only between two steps of a computation. */
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
  readonly text: string
  readonly isAnswered: boolean
}

export interface Unanswered {
  readonly running: string | null
  /** Stacks of all threads, in the format of `faulthandler`. */
  readonly dumped: string | null
}

/** `stacksJson` is null if Python did not answer. */
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
