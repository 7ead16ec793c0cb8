/** What the watching thread and the engine's share. */

/** Of the engine's thread. */
export const BEAT_EVERY_MS = 100
export const BLOCKED_AFTER_MS = 1_000

export interface WatchData {
  /** How often the engine's thread has had a turn, and whether nobody is to look: 1 while a debugger may hold it. */
  readonly beats: Int32Array
}

/** Where the engine's thread was at a monotonic time of the machine, from the inside out. */
export interface BlockedSample {
  readonly frames: readonly BlockedFrame[]
  readonly at: number
}

export interface BlockedFrame {
  readonly name: string
  readonly url: string
  /** From 1 on. */
  readonly line: number
}

/** To the watching thread: the modules that the engine's thread loads. `load`: the URL of a script that is being loaded. */
export type ToWatch =
  | { readonly type: 'loading'; readonly load: string; readonly limitMs: number; readonly urls: readonly string[] }
  | { readonly type: 'module'; readonly load: string; readonly url: string }
  | { readonly type: 'loaded'; readonly load: string }

export type FromWatch =
  /** The thread has computed for long, and continues. Frames from the inside out. */
  | ({ readonly type: 'blocked' } & BlockedSample)
  /** A script computed beyond the limit of its load, and was stopped in this line. */
  | { readonly type: 'stopped'; readonly load: string; readonly frame: BlockedFrame }
