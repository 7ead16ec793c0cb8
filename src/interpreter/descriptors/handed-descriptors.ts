/**
 * What a Python that a script has started was handed beside its standard streams (`pass_fds`): open files of the process become
 * descriptors of Python's, with the numbers that the script knows. Called by `interpreter.ts` at the start of a program; the
 * other side is `lent-descriptors.ts`.
 *
 * Proved by `python/tests/stdlib/test_subprocess.py`.
 */

import { closeSync, constants, fstatSync } from 'node:fs'
import { FIRST_HANDED } from '../../border/channel.ts'
import { accessModeOf } from '../../native/handed-files.ts'
import type { EmscriptenFS } from './emscripten-fs.ts'
import type { Endpoint } from './endpoint.ts'
import { type EndpointStreams, S_IFIFO } from './endpoint-streams.ts'
import { shareOffset } from './lent-descriptors.ts'
import { systemPipeEnd } from './pipe.ts'

/** Of the system's descriptors, those of the process are files here: a folder that Python has, whatever it is. */
const DESCRIPTORS_FOLDER = '/proc/self/fd'
const PROCESSES_FOLDER = '/proc'

/** `openSocket` gives Python a descriptor for a socket of the process. */
export function openHanded(
  fs: EmscriptenFS,
  streams: EndpointStreams,
  numbers: readonly number[],
  openSocket: (descriptor: number) => number,
): void {
  for (const [place, number] of numbers.entries()) {
    const descriptor = FIRST_HANDED + place
    if (number >= FIRST_HANDED + numbers.length) closeTwin(number, descriptor)
    const kind = fstatSync(descriptor).mode & constants.S_IFMT
    if (kind === constants.S_IFREG || kind === constants.S_IFDIR) openFile(fs, number, descriptor)
    else if (kind === constants.S_IFSOCK) moveTo(fs, number, openSocket(descriptor))
    else moveTo(fs, number, openPipeEnd(streams, descriptor))
  }
}

/** Node (seen in 26) keeps what it was handed from its own children up to number 15; the others are open here twice. */
function closeTwin(number: number, descriptor: number): void {
  try {
    const [twin, handed] = [fstatSync(number), fstatSync(descriptor)]
    if (twin.dev === handed.dev && twin.ino === handed.ino) closeSync(number)
  } catch {
    // it is not open
  }
}

function openFile(fs: EmscriptenFS, number: number, descriptor: number): void {
  const { NODEFS } = fs.filesystems
  const path = `${DESCRIPTORS_FOLDER}/${descriptor}`
  const parent = fs.lookupPath(PROCESSES_FOLDER, { parent: false }).node
  const node = NODEFS.createNode(parent, path.slice(PROCESSES_FOLDER.length + 1), fstatSync(descriptor).mode, 0)
  const operations = NODEFS.stream_ops
  const given = { node, path, flags: accessModeOf(descriptor), seekable: true, stream_ops: operations, nfd: descriptor }
  const stream = fs.createStream({ ...given, shared: { refcount: 1, position: 0 } }, number)
  stream.flags = given.flags
  shareOffset(stream, 'systems')
}

function openPipeEnd(streams: EndpointStreams, descriptor: number): number {
  const flags = accessModeOf(descriptor)
  const end: Endpoint = systemPipeEnd(descriptor, flags === constants.O_RDONLY ? 'reader' : 'writer')
  return streams.open({ name: 'pipe', mode: S_IFIFO, flags, endpoint: () => end })
}

function moveTo(fs: EmscriptenFS, number: number, descriptor: number): void {
  const stream = fs.getStream(descriptor)
  if (!stream || number === descriptor) return
  fs.dupStream(stream, number)
  fs.close(stream)
}
