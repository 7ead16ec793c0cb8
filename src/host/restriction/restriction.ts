/** Grants as a user writes them in the runner's options or the command line. `granted.ts` resolves them. */

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

export interface ScriptRestriction extends Restriction {
  /** Folder of the script, which it can read without a grant. */
  readonly folder: string
}

export interface Restrictions {
  /** Default for all places. Null: scripts are not restricted. */
  readonly all: Restriction | null
  /** By file, folder or module; the nearest applies. Omitted grants are those of `all`. Null: not restricted. */
  readonly byPlace: Readonly<Record<string, Restriction | null>>
}

export const UNRESTRICTED: Restrictions = Object.freeze({ all: null, byPlace: Object.freeze({}) })

export function restrictionKey(restriction: ScriptRestriction): string {
  const { folder, read = [], write = [], net = [], env = [], ffi = false } = restriction
  return JSON.stringify([[folder], read, write, net, env, [String(ffi)]].map((each) => each.toSorted()))
}
