/** Messages and memory that the watching thread and the engine's thread share. */

export const BEAT_EVERY_MS = 100
export const BLOCKED_AFTER_MS = 1_000

export interface WatchData {
  /** `[0]`: number of turns of the engine's thread. `[1]`: 1 while a debugger may hold it, which disables checks. */
  readonly beats: Int32Array
}

/** Frames of the engine's thread at a monotonic time, innermost first. */
export interface BlockedSample {
  readonly frames: readonly BlockedFrame[]
  readonly at: number
}

export interface BlockedFrame {
  readonly name: string
  readonly url: string
  /** Starts at 1. */
  readonly line: number
}

/** Modules that the engine's thread loads. `load`: the URL of the script that is being loaded. */
export type ToWatch =
  | { readonly type: 'loading'; readonly load: string; readonly limitMs: number; readonly urls: readonly string[] }
  | { readonly type: 'module'; readonly load: string; readonly url: string }
  | { readonly type: 'loaded'; readonly load: string }

export type FromWatch =
  /** The thread has computed for long, and continues. Innermost frame first. */
  | ({ readonly type: 'blocked' } & BlockedSample)
  /** A script computed beyond the limit of its load, and was stopped in this line. */
  | { readonly type: 'stopped'; readonly load: string; readonly frame: BlockedFrame }
