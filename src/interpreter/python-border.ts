/**
 * The border inside the interpreter: every function of ours that Python calls. Its twin is `python/cloaca/_border/host.py`,
 * with the same names in the same order (`test/interpreter/python-border.test.ts` compares them, and mypy checks each use).
 *
 * `engine` leaves the process, as messages. `machine` is answered here: what waits, signals, files, sockets, databases.
 * Arguments and answers are plain values. Errors of the system are names of error numbers (`ENOENT`); '' or undefined is none.
 */

import type { GenerationNumber, Outcome, StackToken } from '../border/protocol.ts'
import type { IntervalTimer } from '../native/control-thread.ts'
import type { Obstacle, RecordLock } from '../native/file-locks.ts'
import type { Address, ReadResult } from './descriptors/endpoint.ts'
import type { Suspension, WaitAnswer } from './stacks/stack-waits.ts'

// --------------------------------------------------------------------------------------- what the engine is told and asked

export interface Engine {
  /** Asks the engine. `origin`: the entry for which the stack works, which is another's in a thread. */
  request(
    token: StackToken,
    origin: StackToken,
    generation: GenerationNumber,
    method: string,
    payloadJson: string,
    contextText: string,
  ): Suspension
  /** Says that something was declared: `flush_declarations` of the entry is called soon. */
  announce(): void
  declare(generation: GenerationNumber, declarationsJson: string): void
  /**
   * How a poll or an attempt ended. `text`: its context, or why it skipped. The texts of an error are '' where there is
   * none. Polls that skip without a reason are not reported by this.
   */
  outcome(
    token: StackToken,
    kind: Outcome['kind'],
    text: string | undefined,
    errorType: string,
    errorMessage: string,
    traceback: string,
  ): void
  /** What the function of a source returned, or graphs came to: `FlatValues`, with its lists as JSON. */
  accumulated(token: StackToken, text: string, sizesJson: string, errorsJson: string): void
  graphs_ran(token: StackToken, text: string, sizesJson: string, errorsJson: string, nodesJson: string): void
  /** Answers a request that was too late to be started. */
  not_started(token: StackToken): void
  /** These polls skipped: an array of tokens. */
  skipped(tokens: readonly StackToken[]): void
  /** One line worth a log entry. */
  notice(message: string): void
}

// --------------------------------------------------------------------------------------------- what is answered right here

export interface Waits {
  sleep(token: StackToken, delayMs: number): Suspension
  /** Goes on with a wait that a signal interrupted. */
  wait_again(token: StackToken, number: number): Suspension
  /** Goes no further with such a wait. */
  abandon_wait(number: number): void
  wait_promise(token: StackToken, promise: Promise<unknown>): Suspension
  /** Waits until something has come in on the process's standard input, or that has ended: `take_input` has it. */
  wait_input(token: StackToken, size: number): Suspension
  /** Bytes, none at the end; undefined where another stack has taken what came. */
  take_input(size: number): Uint8Array | undefined
  /** Makes an event: it is set once, and waited for once. */
  new_event(): number
  wait_event(token: StackToken, event: number, timeoutMs?: number): Suspension
  set_event(event: number): void
  /** Wakes what waits under a token by then, so that it says where it is. */
  signal_after(token: StackToken, delayMs: number): void
  /** How and why what bears the token shall stop that has not waited since it was to: `overdue` or `cancelled`. Said once. */
  take_stop(token: StackToken): WaitAnswer | undefined
  /**
   * Has a worker rest until there is something to do; false when enough of them rest, and it should end.
   * `isLeft`: something waits for a worker. `hasSkipped`: there are skips to take.
   */
  rest(isLeft: boolean, hasSkipped: boolean): boolean
}

export interface Threads {
  /** Enters a stack of its own for a thread. False when there are as many as there may be. */
  start_thread(ident: number): boolean
  /** Whether threads that Python started are running: they get time slices. */
  threads_run(isAny: boolean): void
}

export interface Signals {
  /** What the mailbox has for a stack: bits. */
  check(token: StackToken): number
  /** Has Python check again, soon. */
  interrupt(): void
  /** Numbers of the signals that came in since the last call. */
  take_signals(): number[]
  /** Enters a stack for the handlers of signals, soon. */
  deliver_signals(): void
  /** Wakes the waits of a stack, so that it checks for signals. */
  wake(token: StackToken): void
  set_timer(timer: IntervalTimer, delayMs: number, intervalMs: number): void
  watch_signal(signum: number, isWatched: boolean): void
  /** Sends a signal to a process. */
  kill(pid: number, signum: number): string
  /** Ends the program at once, whatever else runs. Never returns. */
  exit(exitCode: number): void
}

export interface Files {
  /** Sets the mask for new files and folders, and returns the one before. */
  umask(mask: number): number
  link(source: string, target: string): string
  make_named_pipe(path: string, mode: number): string
  /** Why files cannot be locked; '' when they can be. */
  readonly locks_problem: string
  /** Takes or gives up a lock (an operation of `flock`) on an open file, without waiting. */
  flock(descriptor: number, operation: number): string
  /** Takes or gives up ("none") a lock on bytes of an open file, without waiting; a length of 0 is up to its end. */
  lock_records(descriptor: number, lock: RecordLock, start: number, length: number): string
  /** What keeps such a lock from being taken, or the name of an error number. */
  test_records(descriptor: number, lock: RecordLock, start: number, length: number): Obstacle | string
}

export interface Descriptors {
  /** -1 when the descriptor is not open. */
  status_flags(descriptor: number): number
  /** False when the descriptor is not open. */
  set_status_flags(descriptor: number, flags: number): boolean
  is_inheritable(descriptor: number): boolean
  /** The descriptors that a child process inherits by itself. */
  inheritable(): number[]
  set_inheritable(descriptor: number, isInheritable: boolean): void
  /** The read or write of C that was interrupted just now, if one was: descriptor, bits, and the name of the write. */
  take_blocked(): [number, number, string] | undefined
  /** Forgets what will not go on: how far a write came, or that something is to be opened. */
  abandon_write(descriptor: number, write: string): void
}

export interface Output {
  /** The process stands for one program, with its terminal. */
  readonly is_program: boolean
  /** Gives up what was printed and is not written. */
  abandon_output(): void
  /** Writes what was printed, as far as somebody takes it at once. */
  hurry_output(): void
  /** A record of `logging`, as JSON, of a poll or an attempt. */
  log_record(call: StackToken, recordJson: string): void
}

export interface Clocks {
  process_cpu_us(): number
  thread_cpu_us(): number
  /** Sets what C knows of the local zone; seconds are counted to the west. */
  set_zone(standard: string, daylight: string, secondsWest: number, hasDaylight: boolean): void
  /** Makes a zone of the database the local one, the system's for none: its IANA name; '' when Node does not know it. */
  change_zone(name: string | null | undefined): string
  /** Makes the zone the local one that a text of TZ describes, and sets what C knows of it. */
  describe_zone(text: string): void
}

/**
 * Sockets by a number that is never given again, and descriptors for scripts. Nothing waits: a call answers at once, and an
 * event that `watch` sets says when a socket is ready. Readiness is in the bits of `poll`.
 */
export interface Sockets {
  open_stream(): number
  open_datagram(isIPv6: boolean): number
  open_local_datagram(): number
  open_pair(): [number, number]
  open_datagram_pair(): [number, number]
  /** Gives a socket a descriptor; closing it, and all its duplicates, closes the socket. The name of an error: the socket is closed. */
  open_descriptor(number: number): number | string
  connect(number: number, host: string, port: number, localAddress?: string, localPort?: number): void
  /** Connects to a path; `own` is the socket's own, of which it has the file already. */
  connect_path(number: number, path: string, own: string): void
  /** `new`, `connecting`, `connected` or `failed` for a stream; `binding` or `bound` for the others; else `closed`. */
  state(number: number): string
  take_error(number: number): string | undefined
  bind(
    number: number,
    host: string,
    port: number,
    isIPv6Only: boolean,
    isPortShared: boolean,
    isAddressReused: boolean,
  ): void
  bind_path(number: number, path: string, name: string): void
  /** Turns a bound stream socket back into one that can connect, giving up its port. */
  unbind(number: number): void
  listen(number: number): void
  is_listening(number: number): boolean
  /** A new socket; undefined when nobody has connected. */
  accept(number: number): number | string | undefined
  /** Bytes; undefined when there are none yet; or the name of an error. */
  read(number: number, size: number, isPeek: boolean): ReadResult
  write(number: number, bytes: Uint8Array): number | string | undefined
  send_datagram(number: number, bytes: Uint8Array, host?: string, port?: number): string | undefined
  /** Bytes, host and port; the name of an error; or undefined: nothing has arrived. */
  receive_datagram(number: number, isPeek: boolean): readonly [Uint8Array, ...Address] | string | undefined
  /** Sends descriptors with the bytes that were written last, to another socket of this interpreter. */
  send_descriptors(number: number, size: number, descriptors: readonly number[]): void
  can_send_descriptors(number: number): boolean
  /** The descriptors that came with the bytes that were read last, and those that nobody took before. */
  take_descriptors(number: number, size: number): [number[], number[]]
  /** Bytes that have arrived and were not read. */
  buffered_bytes(number: number): number
  /** Bytes that were written to any socket, open or closed, and did not go out yet. */
  all_unsent_bytes(): number
  /** Whether the peer has said that it sends no more, and everything was read. */
  is_ended(number: number): boolean
  shutdown(number: number, isRead: boolean, isWrite: boolean): void
  /** Whether the peer is notified, when the socket is closed, that what is left will not be sent. */
  set_resetting(number: number, isOn: boolean): void
  /** Closes a socket that has no descriptor, or has none any more; `isReset`: without sending what is left. */
  close(number: number, isReset?: boolean): void
  local_address(number: number): Address | undefined
  peer_address(number: number): Address | undefined
  set_no_delay(number: number, isOn: boolean): void
  set_keep_alive(number: number, isOn: boolean): void
  /** Sets an option of a datagram socket by its name in Node. */
  set_datagram_option(
    number: number,
    name: string,
    ...values: readonly (number | string | boolean)[]
  ): string | undefined
  readiness(number: number): number
  /** Sets `event` once, as soon as one of the sockets is ready for what its bits ask. */
  watch(event: number, numbers: readonly number[], bits: readonly number[]): void
  /**
   * The same for descriptors, of sockets and pipes. One of which `changes` are known (not -1) counts as ready only if there
   * have been others since.
   */
  watch_descriptors(
    event: number,
    descriptors: readonly number[],
    bits: readonly number[],
    changes?: readonly number[],
  ): void
  unwatch(event: number): void
  /** A number that no other open file has; -1 when the descriptor is not open. */
  descriptor_file(descriptor: number): number
  /** The number of a descriptor's socket; -1 when it is none. */
  descriptor_socket(descriptor: number): number
  /** What can be done with any open file without waiting; 32 when there is none. */
  descriptor_readiness(descriptor: number): number
  /** How often the readiness of a socket or pipe may have changed; -1 for any other file. */
  descriptor_changes(descriptor: number): number
  /** Looks a host name up; when `event` is set, `take_lookup` has the result. */
  resolve(event: number, host: string, family: number, hints: number): void
  /** Looks up the names of an address and a port. */
  resolve_names(event: number, address: string, port: number): void
  take_lookup(event: number): string | undefined
}

export interface Tls {
  /** Makes a context of settings in JSON: its number, or the error as JSON. */
  context(settingsJson: string): number | string
  /** Whether a context's number can still be used. */
  has_context(context: number): boolean
  /** Certificates that are trusted by default, as PEM. */
  default_authorities(which: 'all' | 'extra' | 'none'): string
  /** Names of the ciphers that can be used, as JSON. */
  ciphers(): string
  /**
   * Begins a handshake; the socket is not ready for anything until it is over, or asks for a context: `report` then has the
   * server's name, and `answer` goes on. `tellsCuts`: reading tells a connection that was cut from one that ended, which
   * takes longer.
   */
  start(number: number, context: number, settingsJson: string, tellsCuts: boolean): void
  /** Answers the question for a context; an alert refuses the client. */
  answer(number: number, context: number, alert?: number): void
  state(number: number): string
  report(number: number): string
  /** The chain that the peer sent and the one that it was checked by, as JSON; undefined after the end. */
  chains(number: number): string | undefined
  /** The session that the peer may take up again; undefined when there is none. */
  session(number: number): string | undefined
  /** Says that nothing more comes, encrypted, and goes on without TLS. False when that is not possible. */
  end(number: number): boolean
}

/** Digests of `hashlib` by number, and keys of passwords. */
export interface Hashes {
  /** A new digest; undefined when OpenSSL does not know the algorithm, by its own name. */
  open(algorithm: string): number | undefined
  copy(number: number): number
  update(number: number, bytes: Uint8Array): void
  /** The digest of what came so far: more may come. */
  digest(number: number): Uint8Array
  close(number: number): void
  /** Derives a key of `size` bytes; when `event` is set, `take_key` has it. Event 0: at once, for who cannot wait. */
  pbkdf2(
    event: number,
    algorithm: string,
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    size: number,
  ): void
  /** The same; `maxmem` in bytes, 0 for OpenSSL's own. */
  scrypt(
    event: number,
    password: Uint8Array,
    salt: Uint8Array,
    n: number,
    r: number,
    p: number,
    maxmem: number,
    size: number,
  ): void
  /** The key, or why there is none; undefined when it is not there yet, and will not be taken. */
  take_key(event: number): Uint8Array | string | undefined
}

/** Databases of `sqlite3` by the number of their connection. Errors come as JSON. */
export interface Sqlite {
  /** A number for the connection. `contents` opens a database in memory with these bytes. */
  open(path: string, isReadonly: boolean, mustExist: boolean, contents?: Uint8Array): number | string
  close(number: number): void
  in_transaction(number: number): boolean
  total_changes(number: number): number
  /** Runs a statement: the first rows and how to get the others. */
  execute(number: number, sql: string, parametersJson: string, firstRows: number): unknown
  /** Names and types of a query's columns; null for any other statement. */
  describe(number: number, sql: string): string
  execute_many(number: number, sql: string, parametersJson: string): string
  execute_script(number: number, sql: string): string | undefined
  /** More rows of a statement that `execute` began. */
  next(running: number, count: number): unknown
  /** Ends a statement whose rows are no longer wanted. */
  finish(running: number): void
  create_function(
    number: number,
    name: string,
    count: number,
    isDeterministic: boolean,
    call: unknown,
  ): string | undefined
  create_aggregate(number: number, name: string, count: number, isWindow: boolean, call: unknown): string | undefined
  serialize(number: number, schema: string): Uint8Array | string
  /** Copies a database into a file, page by page; when `event` is set, `take_backup` says how it ended. */
  backup(event: number, number: number, path: string, schema: string, pages: number): void
  take_backup(event: number): string | undefined
}

/** Processes that scripts start, by their number. */
export interface Children {
  /**
   * Starts a process: its number; or, as `step:name`, in which step it failed and the name of an error number; or a negative
   * number, for which `take_failure` has that name soon.
   */
  spawn(token: StackToken, orderJson: string): number | string
  /** Sets `event` as soon as `take_failure` has the name for a negative number. */
  watch_failure(event: number, number: number): void
  take_failure(number: number): string
  /**
   * The number and status of a child that has ended, as `waitpid` finds and has them; nothing in it while those that are asked
   * for run; undefined when there are none. It is forgotten then, unless `isKept`.
   */
  take(pid: number, isKept: boolean): [number, number] | [] | undefined
  /** Sets `event` once, as soon as `take` would find one. */
  watch(event: number, pid: number): void
  unwatch(event: number): void
}

export interface Machine {
  readonly waits: Waits
  readonly threads: Threads
  readonly signals: Signals
  readonly files: Files
  readonly descriptors: Descriptors
  readonly output: Output
  readonly clocks: Clocks
  readonly sockets: Sockets
  readonly tls: Tls
  readonly hashes: Hashes
  readonly sqlite: Sqlite
  readonly children: Children
  /** A descriptor whose reads suspend the stack: see `stacks/suspension.ts`. */
  readonly suspension_descriptor: number
}

/** What Python is handed when it starts. */
export interface Host {
  readonly engine: Engine
  readonly machine: Machine
}
