/**
 * Keeps native code from the scripts of a restricted interpreter that have no grant for it (`--allow-ffi`). Python's
 * own modules that call functions or write memory at any address (`ctypes`, CPython's test modules) are removed from
 * its table of modules, which scripts cannot reach. Native modules of packages are loaded only from files of the host
 * that scripts cannot write.
 *
 * Depends on names that are not public API of Pyodide (seen in 314.0.7). If they are missing, a restricted interpreter
 * does not start.
 *
 * Proved by `test/restricted/native-code.test.ts`.
 */

import { isAbsolute, normalize } from 'node:path/posix'
import type { PyodideAPI } from 'pyodide'
import { emscriptenFileSystem } from '../descriptors/emscripten-fs.ts'
import { interceptInstantiation } from '../stacks/instantiation.ts'
import type { FileGrants } from './file-grants.ts'

const MODULES_IN_TABLE: ReadonlySet<string> = new Set([
  ...['_ctypes', '_remote_debugging', '_testbuffer', '_testcapi', '_testclinic', '_testclinic_limited'],
  ...['_testinternalcapi', '_testlimitedcapi', '_xxtestfuzz'],
])
/** Words of an entry of the table: the address of the name, and the function that makes the module. */
const ENTRY_WORDS = 2
/** Number of words that are searched. The address is in the first two KiB. */
const RUNTIME_WORDS = 4_096
/** Offset of a library's file name in the record that the loader is given. */
const NAME_AT = 36

interface Module {
  /** Address of the address of the table that embedders extend. */
  readonly _PyImport_Inittab?: number
  /** Address of the state of the running Python, which contains the address of its copy of the table. */
  readonly __PyRuntime?: number
  readonly HEAPU32: Uint32Array
  readonly HEAPU8: Uint8Array
  readonly dlSetError?: (message: string) => void
}

type Load = (record: number) => number

export class NativeModules {
  readonly #grants: FileGrants
  readonly #refused: (path: string) => void
  #pyodide: PyodideAPI | null = null

  constructor(grants: FileGrants, refused: (path: string) => void) {
    this.#grants = grants
    this.#refused = refused
  }

  /** Called before Pyodide is loaded. */
  intercept(): void {
    interceptInstantiation((imports) => {
      const load = imports._dlopen_js as Load | undefined
      if (load === undefined)
        // Uncoded: the reason why an interpreter does not start
        throw new Error(
          '"_dlopen_js" is missing in Pyodide. Install the version of Pyodide that cloaca requires: npm ci',
        )
      imports._dlopen_js = Object.assign((record: number) => (this.#mayLoad(record) ? load(record) : 0), load)
      // Disables loading without waiting, which Python does not use.
      imports._emscripten_dlopen_js = Object.assign(() => 0, imports._emscripten_dlopen_js)
    })
  }

  /** Called once Pyodide is loaded, before the first script. */
  connect(pyodide: PyodideAPI): void {
    this.#pyodide = pyodide
    const module = moduleOf(pyodide)
    for (const table of tablesOf(module)) shorten(table, module)
  }

  #mayLoad(record: number): boolean {
    if (this.#pyodide === null) return true // Pyodide's own, before any script
    const module = moduleOf(this.#pyodide)
    const path = textAt(module.HEAPU8, record + NAME_AT)
    const real = this.#realPath(this.#pyodide, path)
    if (real !== null && this.#grants.mayRead(real) && !this.#grants.mayHaveWritten(real)) return true
    this.#refused(path)
    module.dlSetError?.(
      `"${path}" is native code that a restricted script could have written. To allow it: --allow-ffi`,
    )
    return false
  }

  /** Returns the host's path of a file with links resolved; null for one in memory. */
  #realPath(pyodide: PyodideAPI, path: string): string | null {
    const fs = emscriptenFileSystem(pyodide)
    // The loader normalizes the text of a path, which changes its meaning if a link is in it.
    if (!isAbsolute(path) || normalize(path) !== path) return null
    try {
      const { node } = fs.lookupPath(path, { follow: true })
      return node.mount.type === fs.filesystems.NODEFS ? fs.filesystems.NODEFS.realPath(node) : null
    } catch {
      return null
    }
  }
}

function moduleOf(pyodide: PyodideAPI): Module {
  return (pyodide as unknown as { readonly _module: Module })._module
}

/** Returns the word indices of Python's tables of modules: that of embedders, and the copy in use. */
function tablesOf({ _PyImport_Inittab: ofEmbedders, __PyRuntime: runtime, HEAPU32: words }: Module): readonly number[] {
  if (ofEmbedders !== undefined && runtime !== undefined) {
    const first = (words[ofEmbedders >>> 2] ?? 0) >>> 2
    const isCopy = (at: number) =>
      at !== first && [0, 1, 2, 3].every((offset) => words[at + offset] === words[first + offset])
    const copies = [...words.subarray(runtime >>> 2, (runtime >>> 2) + RUNTIME_WORDS)].filter((address) =>
      isCopy(address >>> 2),
    )
    if (copies.length === 1) return [first, ...copies.map((address) => address >>> 2)]
  }
  // Uncoded: the reason why an interpreter does not start
  throw new Error(
    'The table of modules is missing in Pyodide. Install the version of Pyodide that cloaca requires: npm ci',
  )
}

function shorten(table: number, { HEAPU32: words, HEAPU8: bytes }: Module): void {
  let kept = table
  for (let at = table; words[at] !== 0; at += ENTRY_WORDS) {
    const [name = 0, makes = 0] = words.subarray(at, at + ENTRY_WORDS)
    if (MODULES_IN_TABLE.has(textAt(bytes, name))) continue
    words.set([name, makes], kept)
    kept += ENTRY_WORDS
  }
  words.set([0, 0], kept)
}

/** Returns a name in the interpreter's memory; empty if it is not UTF-8, which two decoders could read as two names. */
function textAt(bytes: Uint8Array, address: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(address, bytes.indexOf(0, address)),
    )
  } catch {
    return ''
  }
}
