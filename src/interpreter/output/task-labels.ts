/** What stands before each line that a task prints at a terminal: the beginning of its execution's id, and its own. */

import type { StackToken } from '../../border/protocol.ts'

const SHORT_ID = 8
/** Tasks that have ended may have left threads behind. */
const MOST_REMEMBERED = 2_000
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const CONTROLS = /[\0-\x1f\x7f-\x9f]/g

export class TaskLabels {
  readonly #labels = new Map<StackToken, string>()

  add(task: { readonly token: StackToken; readonly executionId: string; readonly taskId: string }): void {
    const { token, executionId, taskId } = task
    this.#labels.set(token, `[${executionId.slice(0, SHORT_ID)} ${taskId.replace(CONTROLS, '?')}] `)
    if (this.#labels.size <= MOST_REMEMBERED) return
    const [oldest] = this.#labels.keys()
    this.#labels.delete(oldest ?? token)
  }

  /** Undefined for what is no task. */
  of(token: StackToken): string | undefined {
    return this.#labels.get(token)
  }
}
