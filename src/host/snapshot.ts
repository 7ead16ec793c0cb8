/**
 * Memory snapshots of an interpreter: the only file that knows the options, which are not public API of Pyodide
 * (seen in 314.0.7: `_makeSnapshot`, `makeMemorySnapshot`, `_loadSnapshot`). A test tells when an upgrade breaks them.
 * A snapshot holds Python's memory only: no mounts, no JavaScript objects, and whether the stack can be switched is
 * frozen in it, which is why its name depends on the Node version.
 */

import type { PyodideAPI } from 'pyodide'

type LoadOptions = NonNullable<Parameters<typeof import('pyodide').loadPyodide>[0]>

export const MAKE_SNAPSHOT: LoadOptions = { _makeSnapshot: true }

export function fromSnapshot(snapshot: Uint8Array): LoadOptions {
  return { _loadSnapshot: snapshot }
}

export function takeSnapshot(pyodide: PyodideAPI): Uint8Array {
  return pyodide.makeMemorySnapshot()
}

/** Modules that scripts use: imported before the snapshot, so that importing them costs nothing afterwards. */
export const PRELOADED_MODULES = [
  'asyncio',
  'argparse',
  'base64',
  'collections',
  'concurrent.futures',
  'contextlib',
  'copy',
  'csv',
  'dataclasses',
  'datetime',
  'decimal',
  'email.message',
  'enum',
  'functools',
  'getpass',
  'glob',
  'hashlib',
  'http.client',
  'inspect',
  'itertools',
  'json',
  'linecache',
  'logging',
  'logging.handlers',
  'math',
  'os',
  'pathlib',
  'platform',
  'queue',
  'random',
  're',
  'runpy',
  'shutil',
  'signal',
  'socket',
  'sqlite3',
  'ssl',
  'string',
  'tempfile',
  'textwrap',
  'threading',
  'time',
  'traceback',
  'typing',
  'unittest.mock',
  'urllib.parse',
  'urllib.request',
  'uuid',
  'zipfile',
  'zoneinfo',
] as const
