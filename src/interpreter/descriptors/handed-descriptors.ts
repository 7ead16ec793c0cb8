/**
 * Turns open files that a script passed to a Python process (`pass_fds`) into Python's descriptors with the same
 * numbers. Called by `interpreter.ts` at the start of a program; the other side is `lent-descriptors.ts`.
 *
 * Proved by `python/tests/stdlib/test_subprocess.py`.
 */

import { closeSync, constants, fstatSync } from 'node:fs'
import { FIRST_PASSED_DESCRIPTOR } from '../../border/channel.ts'
import { getAccessMode } from '../../native/handed-files.ts'
import type { EmscriptenFS } from './emscripten-fs.ts'
import type { Endpoint } from './endpoint.ts'
import { type EndpointStreams, S_IFIFO } from './endpoint-streams.ts'
import { shareOffset } from './lent-descriptors.ts'
import { systemPipeEnd } from './pipe.ts'

/** Folder in which the descriptors of the process are files. */
const DESCRIPTORS_FOLDER = '/proc/self/fd'
const PROCESSES_FOLDER = '/proc'

export function openHanded(
  fs: EmscriptenFS,
  streams: EndpointStreams,
  numbers: readonly number[],
  openSocket: (descriptor: number) => number,
): void {
  for (const [place, number] of numbers.entries()) {
    const descriptor = FIRST_PASSED_DESCRIPTOR + place
    if (number >= FIRST_PASSED_DESCRIPTOR + numbers.length) closeTwin(number, descriptor)
    const kind = fstatSync(descriptor).mode & constants.S_IFMT
    if (kind === constants.S_IFREG || kind === constants.S_IFDIR) openFile(fs, number, descriptor)
    else if (kind === constants.S_IFSOCK) moveTo(fs, number, openSocket(descriptor))
    else moveTo(fs, number, openPipeEnd(streams, descriptor))
  }
}

/** Closes a second copy: Node (seen in 26) hides only inherited descriptors up to 15 from its children. */
function closeTwin(number: number, descriptor: number): void {
  try {
    const [twin, handed] = [fstatSync(number), fstatSync(descriptor)]
    if (twin.dev === handed.dev && twin.ino === handed.ino) closeSync(number)
  } catch {
    // Ignored: the number is not open
  }
}

function openFile(fs: EmscriptenFS, number: number, descriptor: number): void {
  const { NODEFS } = fs.filesystems
  const path = `${DESCRIPTORS_FOLDER}/${descriptor}`
  const parent = fs.lookupPath(PROCESSES_FOLDER, { parent: false }).node
  const node = NODEFS.createNode(parent, path.slice(PROCESSES_FOLDER.length + 1), fstatSync(descriptor).mode, 0)
  const operations = NODEFS.stream_ops
  const given = {
    node,
    path,
    flags: getAccessMode(descriptor),
    seekable: true,
    stream_ops: operations,
    nfd: descriptor,
  }
  const stream = fs.createStream({ ...given, shared: { refcount: 1, position: 0 } }, number)
  stream.flags = given.flags
  shareOffset(stream, 'systems')
}

function openPipeEnd(streams: EndpointStreams, descriptor: number): number {
  const flags = getAccessMode(descriptor)
  const end: Endpoint = systemPipeEnd(descriptor, flags === constants.O_RDONLY ? 'reader' : 'writer')
  return streams.open({ name: 'pipe', mode: S_IFIFO, flags, endpoint: () => end })
}

function moveTo(fs: EmscriptenFS, number: number, descriptor: number): void {
  const stream = fs.getStream(descriptor)
  if (!stream || number === descriptor) return
  fs.dupStream(stream, number)
  fs.close(stream)
}
