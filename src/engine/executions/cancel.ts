/** How an execution is ended early, and what that came to. Of `executor.ts`. */

export interface CancelOptions {
  /** For the execution's message. */
  readonly reason: string
  /** What runs may end by itself. */
  readonly waits: boolean
}

export interface CancelReport {
  /** Attempts that were running. */
  readonly stopped: number
  /** Scripts whose state is lost, because their interpreter had to be ended. */
  readonly lostScripts: readonly string[]
}
