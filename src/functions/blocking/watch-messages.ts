/** What the watching thread and the engine's share. */

/** Of the engine's thread. */
export const BEAT_EVERY_MS = 100
export const BLOCKED_AFTER_MS = 1_000

export interface WatchData {
  /** How often the engine's thread has had a turn, and whether nobody is to look: 1 while a debugger may hold it. */
  readonly beats: Int32Array
}

export interface BlockedFrame {
  readonly name: string
  readonly url: string
  /** From 1 on. */
  readonly line: number
}
