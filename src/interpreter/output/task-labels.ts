/** Prefixes of lines that tasks print at a terminal: the beginning of the execution's id, and the task's id. */

import type { StackToken } from '../../border/protocol.ts'

const SHORT_ID = 8
/** Number of remembered tasks. Ended tasks may have left threads behind. */
const MAX_REMEMBERED = 2_000
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const CONTROLS = /[\0-\x1f\x7f-\x9f]/g

export class TaskLabels {
  readonly #labels = new Map<StackToken, string>()

  add(task: { readonly token: StackToken; readonly executionId: string; readonly taskId: string }): void {
    const { token, executionId, taskId } = task
    this.#labels.set(token, `[${executionId.slice(0, SHORT_ID)} ${taskId.replace(CONTROLS, '?')}] `)
    if (this.#labels.size <= MAX_REMEMBERED) return
    const [oldest] = this.#labels.keys()
    this.#labels.delete(oldest ?? token)
  }

  of(token: StackToken): string | undefined {
    return this.#labels.get(token)
  }
}
