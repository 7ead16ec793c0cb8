/**
 * What scripts are granted, as a user says it. The runner and the command line take it; `granted.ts` makes of it what an interpreter
 * is held to.
 */

/** Permissions of restricted scripts, in addition to reading the folder that they are loaded from. */
export interface Restriction {
  /**
   * Files and folders (with all subfolders) that scripts can read. Relative paths start at the current folder. Default:
   * none.
   */
  readonly read?: readonly string[]
  /** Files and folders (with all subfolders) that scripts can read, write, create and delete. Default: none. */
  readonly write?: readonly string[]
  /**
   * Addresses that scripts can connect to and listen on: `host`, `host:port`, `*:port`, or `*` for the whole network.
   * Default: none.
   */
  readonly net?: readonly string[]
  /** Names of the environment variables that scripts can read. Default: none. */
  readonly env?: readonly string[]
  /**
   * Whether scripts can call native code, with `ctypes` or with native modules that they can change. Default: false.
   */
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
