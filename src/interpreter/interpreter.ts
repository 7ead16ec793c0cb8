/**
 * One Pyodide, driven by `interpreter-session.ts`. Every entry into Python goes through `callPromising`, so that each
 * has a stack of its own, and a wait suspends no other one. No Python object leaves this file.
 */

import { readSync } from 'node:fs'
import { isatty } from 'node:tty'
import { loadPyodide, type PyodideAPI } from 'pyodide'
import type { PyCallable, PyProxy } from 'pyodide/ffi'
import type { Grants } from '../border/grants.ts'
import { MACHINE_CLOCK_AHEAD_MS } from '../border/machine-clock.ts'
import type { GenerationNumber, ProgramTarget, RequestStart, StackToken, StartData } from '../border/protocol.ts'
import { isBorderTraced } from '../border/trace.ts'
import { tracedHost } from './call-trace.ts'
import type { ChildProcesses } from './children/child-processes.ts'
import { descriptorFlags } from './descriptors/descriptor-flags.ts'
import { limitDescriptors } from './descriptors/descriptor-limit.ts'
import { emscriptenFileSystem } from './descriptors/emscripten-fs.ts'
import { EndpointStreams } from './descriptors/endpoint-streams.ts'
import { openHanded } from './descriptors/handed-descriptors.ts'
import { refuseNativeSockets } from './descriptors/native-sockets.ts'
import { keepFileRules } from './files/file-rules.ts'
import { mountHostFolders } from './files/mounts.ts'
import { openNamedPipes } from './files/named-pipes.ts'
import type { Message } from './message-line.ts'
import type { Sockets } from './network/sockets.ts'
import type { CallLogs } from './output/call-logs.ts'
import type { ScriptOutput } from './output/script-output.ts'
import { keepCompiledProgram } from './pyodide/compiled-program.ts'
import { MemoryImage } from './pyodide/memory-image.ts'
import { fromSnapshot, MAKE_SNAPSHOT, PRELOADED_MODULES, takeSnapshot } from './pyodide/snapshot.ts'
import type { Engine, Hashes, Host, Signals, Threads, Waits } from './python-border.ts'
import type { RestrictedProcess } from './restriction/restricted-process.ts'
import type { SignalMailbox } from './signal-mailbox.ts'
import type { SqliteDatabases } from './sqlite.ts'
import { interceptInstantiation } from './stacks/instantiation.ts'
import { refuseSuspensions } from './stacks/javascript-frames.ts'
import {
  flushCOutput,
  limitMemory,
  type PythonModule,
  runningCall,
  runningToken,
  setCallAddress,
  setTokenAddress,
} from './stacks/memory.ts'
import { type Stacks, widenStacks } from './stacks/stack-sizes.ts'
import { hideSuspendedFrames, interceptSuspensions } from './stacks/suspended-frames.ts'
import { connectSuspension } from './stacks/suspension.ts'
import { type WorkerEvents, Workers } from './stacks/workers.ts'
import { changeZone, describeZone, interceptLocalTime, zoneSetter } from './zone/zone-changes.ts'

/** Functions that the session provides to Python, without those of Pyodide. */
export interface SessionFunctions {
  readonly engine: Engine
  readonly waits: Omit<Waits, 'rest'>
  readonly threads: Threads
  readonly signals: Signals
  readonly sockets: Sockets
  readonly hashes: Hashes
  readonly sqlite: SqliteDatabases
  readonly children: ChildProcesses
  notice(message: string): void
  readonly logs: CallLogs
  /** Sends a record of `logging` (JSON) as output. Null if handlers write records as text. */
  readonly showRecord: ((recordJson: string) => void) | null
  /** Reports that nearly all descriptors are in use. */
  manyFiles(count: number): void
}

/** Pyodide's own has PYTHONINSPECT=1, which `sys.flags` would show. Scripts see the process's, which is set later. */
const START_ENVIRONMENT = { HOME: '/', PYTHONINSPECT: '' }

/** Ticks of the event loop. A woken stack runs in the next one if none computes. */
const REPORT_WITHIN_TICKS = 100

type Entry = PyProxy & Record<string, PyCallable>

export class Interpreter {
  readonly #entry: Entry
  readonly #output: ScriptOutput
  readonly #workers: Workers

  readonly stacks: Stacks

  private constructor(entry: Entry, output: ScriptOutput, workers: Workers, stacks: Stacks) {
    this.#entry = entry
    this.#output = output
    this.#workers = workers
    this.stacks = stacks
  }

  static async start(
    data: StartData,
    mailbox: SignalMailbox,
    given: SessionFunctions,
    output: ScriptOutput,
    workerEvents: Omit<WorkerEvents, 'failed'>,
    onFatal: (error: unknown) => void,
  ): Promise<Interpreter> {
    const { functions, restriction } = await heldTo(given, data.grants)
    limitMemory(data.ceilings.memoryMebibytes)
    interceptInstantiation((imports) => {
      interceptSuspensions(imports)
      refuseSuspensions(imports)
    })
    interceptLocalTime()
    const options = data.snapshotPath === null ? {} : fromSnapshot(new MemoryImage(data.snapshotPath))
    const pyodide = await loadPyodide({ ...options, ...restriction?.loadOptions(), env: START_ENVIRONMENT })
    ;(pyodide as unknown as { _api: { on_fatal?: (error: unknown) => void } })._api.on_fatal = onFatal
    keepCompiledProgram() // before the flags of V8 are changed
    const stacks = widenStacks(pyodide)
    connectStreams(pyodide, output)
    if (restriction === null) mountHostFolders(pyodide)
    else restriction.mountFolders(pyodide, data)
    refuseNativeSockets(pyodide, (message) => functions.notice(message))
    const { streams, files, descriptors } = connectFiles(pyodide, data, mailbox, functions)
    if (data.snapshotPath === null) preparePackage(pyodide, data.packageFolder)
    const entry = pyodide.pyimport('cloaca._engine.entry') as Entry
    const start = attribute(entry, 'start')
    const workers = workersOf(entry, { ...workerEvents, failed: onFatal })
    const { engine, waits, logs, showRecord, notice: _, manyFiles: __, ...others } = functions
    const host: Host = {
      engine,
      machine: {
        ...others,
        waits: { ...waits, rest: (isLeft, hasSkipped) => workers.rest(isLeft, hasSkipped) },
        tls: functions.sockets.tls,
        files: restriction?.guard(pyodide, files) ?? files,
        descriptors: {
          ...descriptors,
          take_blocked: () => streams.takeBlocked(),
          abandon_write: (descriptor, write) => streams.abandon(descriptor, write),
        },
        output: {
          is_program: data.isProgram,
          abandon_output: () => output.abandon(),
          hurry_output: () => output.hurry(),
          write_c_output: () => flushCOutput(runningCall()),
          log_record: (call, recordJson) => logs.log(call, recordJson),
          sends_records: showRecord !== null,
          show_record: (recordJson) => showRecord?.(recordJson),
        },
        clocks: {
          process_cpu_us: () => sum(process.cpuUsage()),
          thread_cpu_us: () => sum(process.threadCpuUsage()),
          set_zone: zoneSetter(pyodide),
          change_zone: changeZone,
          describe_zone: describeZone,
        },
        suspension_descriptor: connectSuspension(pyodide),
      },
    }
    const traced = isBorderTraced ? tracedHost(host, runningToken) : host
    start(restriction?.seal(traced) ?? traced, JSON.stringify(processSettings(data)))
    const { _module } = pyodide as unknown as { _module: PythonModule & Parameters<typeof hideSuspendedFrames>[0] }
    hideSuspendedFrames(_module)
    setTokenAddress(_module, Number(attribute(entry, 'running_token_address')()))
    setCallAddress(Number(attribute(entry, 'running_call_address')()))
    pyodide.setInterruptBuffer(mailbox.interruptBuffer)
    return new Interpreter(entry, output, workers, stacks)
  }

  /** Starts Python cold, imports common modules, and returns its memory. `done` is called after each long step. */
  static async makeSnapshot(packageFolder: string, done: (step: string) => void): Promise<Uint8Array> {
    const pyodide = await loadPyodide({ ...MAKE_SNAPSHOT, env: START_ENVIRONMENT })
    done('Pyodide loaded')
    mountHostFolders(pyodide)
    preparePackage(pyodide, packageFolder)
    done('modules imported')
    return takeSnapshot(pyodide)
  }

  /** The stack that runs; 0 for none. */
  get runningToken(): StackToken {
    return runningToken()
  }

  /** Returns, as JSON, its declarations and its files, or its errors. */
  async load({ token, generation, script, target }: Message<'load'>): Promise<string> {
    const load = attribute(this.#entry, 'load')
    return String(await load.callPromising(token, generation, script, JSON.stringify(target)))
  }

  unload(generation: GenerationNumber): void {
    attribute(this.#entry, 'unload')(generation)
  }

  /** Takes the state that a script hands on, as JSON, or gives it to the next generation: see `state.py`. */
  async exchangeState(message: Message<'takeState' | 'giveState'>): Promise<string> {
    const { token, generation } = message
    if (message.type === 'takeState') {
      return String(await attribute(this.#entry, 'take_state').callPromising(token, generation))
    }
    return String(await attribute(this.#entry, 'give_state').callPromising(token, generation, message.stateJson))
  }

  addPolls(message: Message<'polls' | 'statePolls'>): void {
    const { tokens, triggers, isAgain } = message
    // A typed array is copied as a whole; numbers of an array are converted one by one.
    const batch = new Int32Array(2 * tokens.length)
    batch.set(tokens)
    batch.set(triggers, tokens.length)
    const startBefore = onPythonsClock(message)
    if (message.type === 'polls') attribute(this.#entry, 'add_polls')(batch, startBefore, isAgain)
    else {
      const { statesText, maxStateBytes } = message
      attribute(this.#entry, 'add_polls')(batch, startBefore, isAgain, statesText, maxStateBytes)
    }
    this.#workers.wake()
  }

  addTask({ token, generation, workflow, taskId, inputText, ...start }: Message<'task'>): void {
    const startBefore = onPythonsClock(start)
    attribute(this.#entry, 'add_task')(token, startBefore, start.isAgain, generation, workflow, taskId, inputText)
    this.#workers.wake()
  }

  addBatch(message: Message<'events' | 'graphs'>): void {
    const { token, generation } = message
    if (message.type === 'events') {
      const { source, mode, eventsText, isAgain } = message
      const startBefore = onPythonsClock(message)
      attribute(this.#entry, 'add_events')(token, startBefore, isAgain, generation, source, mode, eventsText)
    } else attribute(this.#entry, 'add_graphs')(token, generation, JSON.stringify(message.graphs), message.payloadsText)
    this.#workers.wake()
  }

  async runProgram(token: StackToken, target: ProgramTarget): Promise<number> {
    return Number(await attribute(this.#entry, 'run_program').callPromising(token, JSON.stringify(target)))
  }

  /** Waits for threads, calls exit functions, writes out open files: what python does at its end. */
  async finish(token: StackToken): Promise<void> {
    await attribute(this.#entry, 'finish').callPromising(token)
    await this.#output.drain()
  }

  async runThread(ident: number): Promise<void> {
    await attribute(this.#entry, 'run_thread').callPromising(ident)
  }

  /** Enters a stack for the handlers of signals if no script's stack can run them. */
  async deliverSignals(): Promise<void> {
    await attribute(this.#entry, 'deliver_signals').callPromising()
  }

  /** Returns what each suspended stack waits for, and where, as JSON. `wake` wakes them and counts them. */
  async describeStacks(wake: () => number): Promise<string> {
    attribute(this.#entry, 'begin_stack_report')()
    const count = wake()
    for (let ticks = 0; ticks < REPORT_WITHIN_TICKS; ticks++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (Number(attribute(this.#entry, 'count_stack_reports')()) >= count) break
    }
    return String(attribute(this.#entry, 'take_stack_report')())
  }

  /** Cancels an awaited call. Returns null if there is none, else the stack without limit that blocks it, or 0. */
  stopCall(token: StackToken, reason: string, isCancelled: boolean): StackToken | null {
    const blocker: unknown = attribute(this.#entry, 'stop_call')(token, reason, isCancelled)
    return blocker === undefined ? null : Number(blocker)
  }

  /** Returns whether such a call is not cancelled yet, because another one blocks its loop. */
  isHeldUp(token: StackToken): boolean {
    return Boolean(attribute(this.#entry, 'is_held_up')(token))
  }

  flushDeclarations(): void {
    attribute(this.#entry, 'flush_declarations')()
  }
}

/** Connects files, pipes and sockets to Python as open files. */
function connectFiles(
  pyodide: PyodideAPI,
  { process: { umask, executable, handedDescriptors }, ceilings: { openFiles, reportFrom } }: StartData,
  mailbox: SignalMailbox,
  { sockets, children, manyFiles }: SessionFunctions,
) {
  const fs = emscriptenFileSystem(pyodide)
  limitDescriptors(fs, { openFiles, reportFrom: reportFrom?.openFiles ?? null }, manyFiles)
  const streams = new EndpointStreams(pyodide, () => mailbox.requestCheck())
  sockets.attach(streams)
  children.attach({ fs, executable, endpointOf: (descriptor) => streams.endpointOf(descriptor) })
  const files = keepFileRules(pyodide, umask)
  openNamedPipes(fs, streams)
  const descriptors = descriptorFlags(pyodide)
  openHanded(fs, streams, handedDescriptors, (descriptor) => sockets.openHanded(descriptor))
  for (const each of handedDescriptors) descriptors.set_inheritable(each, true)
  return { streams, files, descriptors }
}

interface Held {
  readonly functions: SessionFunctions
  /** Null without restrictions; then none of that code is loaded. */
  readonly restriction: RestrictedProcess | null
}

async function heldTo(functions: SessionFunctions, grants: Grants | null): Promise<Held> {
  if (grants === null) return { functions, restriction: null }
  const { restrictedFunctions } = await import('./restriction/restricted-process.ts')
  return restrictedFunctions(functions, grants)
}

function processSettings(data: StartData): object {
  const isRestricted = data.grants !== null
  const mayCallNativeCode = data.grants?.ffi ?? true
  return {
    ...data.process,
    isRestricted,
    mayCallNativeCode,
    pid: process.pid,
    parentPid: process.ppid,
    timeZone: data.timeZone,
  }
}

function workersOf(entry: Entry, events: WorkerEvents): Workers {
  const calls = {
    work: attribute(entry, 'work'),
    countWaiting: attribute(entry, 'count_waiting'),
    takeSkipped: attribute(entry, 'take_skipped'),
  }
  return new Workers(calls, events)
}

function attribute(entry: Entry, name: string): PyCallable {
  const cached = CALLABLES.get(name) ?? entry[name]
  // Uncoded: a defect of the start, which ends the process
  if (cached === undefined) throw new Error(`cloaca._engine.entry has no function "${name}".`)
  CALLABLES.set(name, cached)
  return cached
}

/**
 * Converts to seconds of Pyodide's `time.monotonic`, which is `performance.now()` of this process: see
 * `start_limit.py`.
 */
function onPythonsClock({ startBefore }: RequestStart): number {
  return startBefore === null ? Number.POSITIVE_INFINITY : (startBefore - MACHINE_CLOCK_AHEAD_MS) / 1_000
}

/** Each attribute access would make a new proxy; a thread holds one interpreter for its whole life. */
const CALLABLES = new Map<string, PyCallable>()

function sum(usage: NodeJS.CpuUsage): number {
  return usage.user + usage.system
}

function preparePackage(pyodide: PyodideAPI, packageFolder: string): void {
  const imports = [...PRELOADED_MODULES, 'cloaca._engine.entry'].map((name) => `import ${name}`).join('\n')
  const globals = pyodide.toPy({ folder: packageFolder })
  // Replaces modules of the standard library before other ones import them.
  const prepare = 'import sys\nsys.path.append(folder)\nimport cloaca._adapt\ncloaca._adapt.prepare()'
  pyodide.runPython(`${prepare}\n${imports}\ncloaca._adapt.freeze()\n`, { globals })
  globals.destroy()
}

function connectStreams(pyodide: PyodideAPI, output: ScriptOutput): void {
  pyodide.setStdout({ write: (memory) => output.write(1, memory), isatty: isatty(1) })
  pyodide.setStderr({ write: (memory) => output.write(2, memory), isatty: isatty(2) })
  pyodide.setStdin({ read: (buffer) => readSome(0, buffer), isatty: isatty(0) })
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4))

function readSome(descriptor: number, buffer: Uint8Array): number {
  for (;;) {
    try {
      return readSync(descriptor, buffer)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw error
      Atomics.wait(PAUSE, 0, 0, 5) // a terminal that Node opened without blocking
    }
  }
}
