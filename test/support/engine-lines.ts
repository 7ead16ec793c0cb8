/** Process of `cloaca engine`, with the test in place of the Python program that normally starts the engine. */

import { type ChildProcess, spawn } from 'node:child_process'
import { on } from 'node:events'
import type { Duplex } from 'node:stream'
import { PROTOCOL_VERSION } from '../../src/border/channel.ts'
import { encodeFrame, FrameReader } from '../../src/border/frames.ts'
import type { FromInterpreter, ToInterpreter } from '../../src/border/protocol.ts'
import { packageDigest } from '../../src/host/environment/package-digest.ts'
import configFields from '../fixtures/python-config.json' with { type: 'json' }
import { MAIN } from './main-path.ts'
import { PACKAGE_FOLDER } from './open-host.ts'

/** Descriptors of the two lines. `spawn` creates sockets for them. */
const [MESSAGES, CONTROL] = [3, 4]

const DEFAULT_CONFIG = Object.fromEntries(configFields.fields.map((field) => [field.name, field.default]))

type Hello = Extract<FromInterpreter, { readonly type: 'hello' }>

export class EngineLines implements AsyncDisposable {
  readonly process: ChildProcess
  readonly ended: Promise<{ readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }>
  readonly #messages: Duplex
  readonly #received: AsyncIterator<[ToInterpreter]>
  #stderr = ''

  constructor(words = ['--lines', `${MESSAGES},${CONTROL}`]) {
    this.process = spawn(process.execPath, [MAIN, 'engine', ...words], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    })
    this.ended = new Promise((resolve) => {
      this.process.on('close', (exitCode, signal) => resolve({ exitCode, signal }))
    })
    this.process.stderr?.on('data', (chunk) => {
      this.#stderr += String(chunk)
    })
    for (const line of [MESSAGES, CONTROL]) this.#line(line).on('error', () => undefined)
    this.#messages = this.#line(MESSAGES)
    this.#received = on(this.process, 'received') as AsyncIterator<[ToInterpreter]>
    const reader = new FrameReader(
      (message) => this.process.emit('received' as never, message as never),
      (bytes) => bytes.toString(),
    )
    this.#messages.on('data', (chunk: Buffer) => reader.push(chunk))
  }

  /** Text on stderr so far. */
  get stderr(): string {
    return this.#stderr
  }

  sayHello(differing: Partial<Hello> = {}): void {
    const digest = packageDigest(PACKAGE_FOLDER)
    const known = {
      protocolVersion: PROTOCOL_VERSION,
      pid: process.pid,
      python: '3.12.4',
      stacksSignal: null,
      stopSignal: null,
    }
    this.say({ type: 'hello', digest, ...known, ...differing })
  }

  /** Sends the first messages of a Python program, and returns the token of the program. */
  async begin(): Promise<number> {
    this.sayHello()
    await this.hears('start')
    this.say({ type: 'ready', isFromSnapshot: false, notice: null })
    return (await this.hears('program')).token
  }

  say(message: FromInterpreter): void {
    for (const part of encodeFrame(message)) this.#messages.write(part)
  }

  /** Sends bytes that are not a message. */
  sayRaw(bytes: Buffer): void {
    this.#messages.write(bytes)
  }

  /** Opens a runner with a database in memory, and returns the reply of the engine. */
  async openRunner(token: number): Promise<unknown> {
    const payloadJson = JSON.stringify({ url: ':memory:', schema: null, config: DEFAULT_CONFIG })
    this.say({ type: 'call', id: 1, token, generation: 0, method: 'runner.open', payloadJson, contextText: '' })
    return JSON.parse((await this.hears('reply')).valueJson)
  }

  /** Waits for the next message, which must have the given type. */
  async hears<Type extends ToInterpreter['type']>(
    type: Type,
  ): Promise<Extract<ToInterpreter, { readonly type: Type }>> {
    const { value } = await this.#received.next()
    const [message] = value as [ToInterpreter]
    if (message.type !== type) throw new Error(`"${message.type}" came in place of "${type}"`)
    return message as Extract<ToInterpreter, { readonly type: Type }>
  }

  hangUp(): void {
    for (const line of [MESSAGES, CONTROL]) this.#line(line).destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGKILL')
    await this.ended
  }

  #line(descriptor: number): Duplex {
    return this.process.stdio[descriptor] as unknown as Duplex
  }
}
