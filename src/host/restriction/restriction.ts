/**
 * What scripts are granted, as a user says it. The runner and the command line take it; `granted.ts` makes of it what an interpreter
 * is held to.
 */

/** What restricted scripts may reach, besides the folder that they are loaded from, which they may read. Default of each: nothing. */
export interface Restriction {
  /** Files and folders, with all below, that they may read. A relative path is one of the current folder. */
  readonly read?: readonly string[]
  /** Files and folders, with all below, that they may read, write, make and remove. */
  readonly write?: readonly string[]
  /** What they may connect to and listen on: `host`, `host:port`, `*:port`, or `*` for the whole network. */
  readonly net?: readonly string[]
  /** Names of the environment's variables that they may see. */
  readonly env?: readonly string[]
  /** Whether they may call native code by themselves, with `ctypes` or a native module that they can write. Default false. */
  readonly ffi?: boolean
}

/** What one script is held to. */
export interface ScriptRestriction extends Restriction {
  /** Read without being granted: the script itself is in it. */
  readonly folder: string
}

/** The restriction of all scripts, and of those that are loaded from single places. */
export interface Restrictions {
  /** Null: where no place says otherwise, scripts may do what the process may. */
  readonly all: Restriction | null
  /** By file, folder or module, the nearest counts. What a place does not name is as of all; null: it is not restricted. */
  readonly byPlace: Readonly<Record<string, Restriction | null>>
}

export const UNRESTRICTED: Restrictions = Object.freeze({ all: null, byPlace: Object.freeze({}) })

/** The same text for what is the same. */
export function restrictionKey(restriction: ScriptRestriction): string {
  const { folder, read = [], write = [], net = [], env = [], ffi = false } = restriction
  return JSON.stringify([[folder], read, write, net, env, [String(ffi)]].map((each) => each.toSorted()))
}
