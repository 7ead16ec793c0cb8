/**
 * Replaces descriptors 1 and 2 of the engine by pipes to `raw-output-entry.ts`, which turns their lines into JSON.
 * Lines of the engine are JSON already, and have pipes of their own. Not possible without the addon, and on Windows:
 * text that is written to the descriptors is not converted there. Used by `serve.ts`.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readSync } from 'node:fs'
import { devNull } from 'node:os'
import { fileURLToPath } from 'node:url'
import { compileCacheFolder } from '../../host/environment/cache-folder.ts'
import { canReplaceDescriptors, openSystemPipe, type PipeEnds, replaceDescriptor } from '../../native/handed-files.ts'
import { prepareStandardStreams } from '../../output/outlet.ts'
import { redirectLines } from '../standard-streams.ts'

const ENTRY = fileURLToPath(
  new URL(`./raw-output-entry${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)
const STANDARD = [1, 2] as const
/** Size of the heap, in MiB. The program holds at most a few MiB of output. */
const HEAP_FLAGS = ['--max-old-space-size=64', '--max-semi-space-size=1']
/** A program that ended earlier is not started again. */
const MIN_LIFE_MS = 1_000

/** Converts raw output from now on, and until the end of this process. */
export function convertRawOutput(): void {
  if (canReplaceDescriptors) new RawOutput().start()
}

class RawOutput {
  readonly #standard = STANDARD.map(copyOf)
  readonly #raw = STANDARD.map(openSystemPipe)
  readonly #lines = STANDARD.map(openSystemPipe)
  #stop: PipeEnds = openSystemPipe()
  #done: PipeEnds = openSystemPipe()
  #isClosing = false

  start(): void {
    this.#startProgram()
    // Before the descriptors are replaced: Node would make the pipes fail instead of wait for their reader.
    prepareStandardStreams()
    const [stdout, stderr] = this.#lines.map(([, writer]) => writer) as [number, number]
    redirectLines(stdout, stderr)
    for (const [index, [, writer]] of this.#raw.entries()) replaceDescriptor(index + 1, writer)
    process.on('exit', () => this.#close())
  }

  #startProgram(): void {
    const startedAt = performance.now()
    const child = this.#spawn()
    closeSync(this.#stop[0])
    closeSync(this.#done[1])
    child.unref()
    const ended = (): void => {
      if (this.#isClosing) return
      closeSync(this.#stop[1])
      closeSync(this.#done[0])
      if (performance.now() - startedAt < MIN_LIFE_MS) {
        this.#giveUp()
        return
      }
      this.#stop = openSystemPipe()
      this.#done = openSystemPipe()
      this.#startProgram()
    }
    child.once('error', ended)
    child.once('exit', ended)
  }

  #spawn(): ChildProcess {
    const [stdout, stderr] = this.#standard as [number, number]
    const readers = [...this.#raw, ...this.#lines].map(([reader]) => reader)
    // The numbers of the descriptors are constants of the program.
    // A session of its own, because Ctrl-C at a terminal is meant for the engine.
    return spawn(process.execPath, [...HEAP_FLAGS, ENTRY], {
      detached: true,
      env: environment(),
      stdio: ['ignore', stdout, stderr, ...readers, this.#stop[0], this.#done[1]],
    })
  }

  /** Writes to the original descriptors again. */
  #giveUp(): void {
    this.#isClosing = true
    const [stdout, stderr] = this.#standard as [number, number]
    for (const descriptor of STANDARD) replaceDescriptor(descriptor, descriptor === 1 ? stdout : stderr)
    redirectLines(...STANDARD)
    process.emitWarning('Text on descriptors 1 and 2 is no longer converted to JSON, because the converter ended.')
  }

  /** Waits until the program has written everything, or its reader takes nothing. */
  #close(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    closeSync(this.#stop[1])
    readSync(this.#done[0], Buffer.alloc(1))
  }
}

/** Returns the variables of this process. Those of Node could make the program print text, such as `NODE_DEBUG`. */
function environment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_'))
  const compiled = compileCacheFolder(process.env)
  return { ...Object.fromEntries(others), ...(compiled !== null && { NODE_COMPILE_CACHE: compiled }) }
}

function copyOf(descriptor: number): number {
  const copy = openSync(devNull, 'r')
  replaceDescriptor(copy, descriptor)
  return copy
}
