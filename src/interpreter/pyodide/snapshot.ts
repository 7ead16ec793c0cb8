/**
 * Memory snapshots of an interpreter: the only file that knows the options, which are not public API of Pyodide (seen
 * in 314.0.7: `_makeSnapshot`, `makeMemorySnapshot`, `_loadSnapshot`, `createPyodideModule`). A test tells when an
 * upgrade breaks them. A snapshot holds Python's memory only: no mounts, no JavaScript objects, and whether the stack
 * can be switched is frozen in it, which is why its name depends on the Node version.
 *
 * Proved by `test/host/snapshot.test.ts`.
 */

import type { PyodideAPI } from 'pyodide'
import { loadProgram } from './compiled-program.ts'
import { type MemoryImage, packImage } from './memory-image.ts'
import { type Instantiate, instantiateAhead } from './webassembly.ts'

type LoadOptions = NonNullable<Parameters<typeof import('pyodide').loadPyodide>[0]>
type CreateModule = NonNullable<LoadOptions['createPyodideModule']>

interface EmscriptenModule {
  readonly HEAP8: Int8Array
  _malloc(bytes: number): number
}

/** Offset in a snapshot of the 32-bit number with the position of its memory. */
const MEMORY_PLACE_AT = 4

export const MAKE_SNAPSHOT: LoadOptions = { _makeSnapshot: true }

/**
 * Gives Pyodide a snapshot without memory, which it has already. It refuses one larger than a new interpreter's memory
 * (30 MB, "offset is out of bounds", 314.0.7), so the memory grows first. The image replaces allocations for that.
 */
export function fromSnapshot(image: MemoryImage): LoadOptions {
  const createPyodideModule: CreateModule = async (settings) => {
    const create = await loadProgram<CreateModule>()
    const emscripten = settings as unknown as { instantiateWasm: Instantiate }
    emscripten.instantiateWasm = instantiateAhead(emscripten.instantiateWasm)
    const module = await create(settings)
    const python = module as unknown as EmscriptenModule
    if (python.HEAP8.length < image.size) python._malloc(image.size)
    // Uncoded: a start without the snapshot follows
    if (python.HEAP8.length < image.size) throw new Error(`its memory cannot grow to ${image.size} bytes`)
    image.fill(new Uint8Array(python.HEAP8.buffer))
    return module
  }
  return { _loadSnapshot: image.header, createPyodideModule }
}

export function takeSnapshot(pyodide: PyodideAPI): Uint8Array {
  const snapshot = pyodide.makeMemorySnapshot()
  const place = new DataView(snapshot.buffer, snapshot.byteOffset).getUint32(MEMORY_PLACE_AT, true)
  return packImage(snapshot.subarray(0, place), snapshot.subarray(place))
}

/** Modules that are imported before the snapshot, so that scripts import them at no cost. */
export const PRELOADED_MODULES = [
  'argparse',
  'asyncio',
  'base64',
  'calendar',
  'cloaca.testing', // before its modules are hidden in a restricted interpreter
  'collections',
  'concurrent.futures',
  'concurrent.futures.thread',
  'configparser',
  'contextlib',
  'copy',
  'csv',
  'dataclasses',
  'datetime',
  'decimal',
  'email.message',
  'email.mime.multipart',
  'email.mime.text',
  'encodings.idna',
  'enum',
  'fractions',
  'functools',
  'getpass',
  'glob',
  'gzip',
  'hashlib',
  'hmac',
  'html.parser',
  'http.client',
  'http.cookiejar',
  'importlib.metadata',
  'importlib.readers',
  'inspect',
  'ipaddress',
  'itertools',
  'json',
  'linecache',
  'logging',
  'logging.handlers',
  'math',
  'mimetypes',
  'os',
  'pathlib',
  'platform',
  'pprint',
  'queue',
  'random',
  're',
  'runpy',
  'secrets',
  'shlex',
  'shutil',
  'signal',
  'smtplib',
  'socket',
  'sqlite3',
  'ssl',
  'string',
  'string.templatelib',
  'stringprep',
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
  'xml.etree.ElementTree',
  'zipfile',
  'zoneinfo',
] as const
