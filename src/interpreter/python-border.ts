/**
 * Border inside the interpreter: all of our functions that Python calls. Its twin is `python/cloaca/_border/host.py`,
 * with the same names in the same order (`test/interpreter/python-border.test.ts` compares them, and mypy checks each
 * use).
 *
 * Calls of `engine` are sent to the engine as messages. Calls of `machine` are answered in this process: waits,
 * signals, files, sockets, databases. Arguments and results are plain values. A system error is the name of its error
 * number (`ENOENT`); '' or undefined means success.
 */

import type { GenerationNumber, StackToken } from '../border/protocol.ts'
import type { IntervalTimer } from '../native/control-thread.ts'
import type { Obstacle, RecordLock } from '../native/file-locks.ts'
import type { Address, ReadResult } from './descriptors/endpoint.ts'
import type { Suspension, WaitAnswer } from './stacks/stack-waits.ts'

// ------------------------------------------------------------------------------- messages and requests to the engine

export interface Engine {
  /** Sends a request to the engine. `origin`: entry for which the stack works; in a thread, that of another stack. */
  request(
    token: StackToken,
    origin: StackToken,
    generation: GenerationNumber,
    method: string,
    payloadJson: string,
    contextText: string,
  ): Suspension
  /** Reports a new declaration. `flush_declarations` of the entry is called soon. */
  announce(): void
  declare(generation: GenerationNumber, declarationsJson: string): void
  /** The next six report the result of a poll or an attempt, one for each kind of `Outcome`. */
  skipped_because(token: StackToken, reason: string | undefined): void
  fired(token: StackToken, contextText: string | undefined): void
  polled(
    token: StackToken,
    text: string,
    sizesJson: string,
    keysJson: string,
    reason: string | undefined,
    isList: boolean,
    stateText: string | undefined,
  ): void
  completed(token: StackToken, contextText: string | undefined): void
  failed(token: StackToken, kind: 'failed' | 'timedOut' | 'parked', errorJson: string): void
  tried_later(token: StackToken, delayMs: number, limit: string | undefined): void
  /** Sends results of the function of a source, or of graphs: `FlatValues`, with its lists as JSON. */
  accumulated(token: StackToken, text: string, sizesJson: string, errorsJson: string): void
  graphs_ran(token: StackToken, text: string, sizesJson: string, errorsJson: string, nodesJson: string): void
  /** Answers a request that was too late to be started. */
  not_started(token: StackToken): void
  /** Sends the tokens of polls that skipped without a reason. */
  skipped(tokens: readonly StackToken[]): void
  notice(message: string): void
}

// ------------------------------------------------------------------------------- calls that this process answers

export interface Waits {
  sleep(token: StackToken, delayMs: number): Suspension
  /** Continues a wait that a signal interrupted. */
  wait_again(token: StackToken, number: number): Suspension
  /** Forgets a wait that a signal interrupted. */
  abandon_wait(number: number): void
  wait_promise(token: StackToken, promise: Promise<unknown>): Suspension
  /** Waits for input on the process's standard input, or its end. `take_input` returns the input. */
  wait_input(token: StackToken, size: number): Suspension
  /** Returns bytes, none at the end; undefined if another stack has taken the input. */
  take_input(size: number): Uint8Array | undefined
  /** Creates an event, which is set once and awaited once. */
  new_event(): number
  wait_event(token: StackToken, event: number, timeoutMs?: number): Suspension
  set_event(event: number): void
  /** Wakes the waits of a token after the delay, so that its stack reports where it is. */
  signal_after(token: StackToken, delayMs: number): void
  /** Returns once why an entry that has not waited since then must stop: `overdue` or `cancelled`, and a reason. */
  take_stop(token: StackToken): WaitAnswer | undefined
  /**
   * Suspends a worker until there is work. Returns false if enough workers rest, and this one should end. `isLeft`:
   * whether calls wait for a worker. `hasSkipped`: whether there are skips to take.
   */
  rest(isLeft: boolean, hasSkipped: boolean): boolean
}

export interface Threads {
  /** Enters a new stack for a thread. Returns false at the maximum number of threads. */
  start_thread(ident: number): boolean
  /** Sets whether threads that Python started are running. They get time slices. */
  threads_run(isAny: boolean): void
}

export interface Signals {
  /** Returns the mailbox's news for a stack, as bits. */
  check(token: StackToken): number
  /** Makes Python check again soon. */
  interrupt(): void
  take_signals(): number[]
  /** Enters a stack for the handlers of signals, soon. */
  deliver_signals(): void
  /** Wakes the waits of a stack, so that it checks for signals. */
  wake(token: StackToken): void
  set_timer(timer: IntervalTimer, delayMs: number, intervalMs: number): void
  watch_signal(signum: number, isWatched: boolean): void
  kill(pid: number, signum: number): string
  /** Ends the program immediately. Never returns. */
  exit(exitCode: number): void
}

export interface Files {
  /** Sets the mask for new files and folders, and returns the former one. */
  umask(mask: number): number
  link(source: string, target: string): string
  make_named_pipe(path: string, mode: number): string
  /** Reason why files cannot be locked; '' if they can. */
  readonly locks_problem: string
  /** Takes or releases a lock on an open file without waiting. Operations are those of `flock`. */
  flock(descriptor: number, operation: number): string
  /** Takes or releases ("none") a lock on bytes of an open file without waiting. A length of 0 is up to its end. */
  lock_records(descriptor: number, lock: RecordLock, start: number, length: number): string
  /** Returns the obstacle to such a lock, or the name of an error number. */
  test_records(descriptor: number, lock: RecordLock, start: number, length: number): Obstacle | string
}

export interface Descriptors {
  /** -1 if the descriptor is not open. */
  status_flags(descriptor: number): number
  /** False if the descriptor is not open. */
  set_status_flags(descriptor: number, flags: number): boolean
  is_inheritable(descriptor: number): boolean
  /** Returns the descriptors that a child process inherits by default. */
  inheritable(): number[]
  set_inheritable(descriptor: number, isInheritable: boolean): void
  /** Returns the read or write that was just interrupted, if any: descriptor, bits, and the name of the write. */
  take_blocked(): [number, number, string] | undefined
  /** Forgets the progress of a write, or a waiting open. */
  abandon_write(descriptor: number, write: string): void
}

interface Output {
  readonly is_program: boolean
  /** Whether records are sent as data, and not written to standard streams as text. */
  readonly sends_records: boolean
  /** Drops printed data that is not written. */
  abandon_output(): void
  /** Writes printed data that a reader takes immediately. */
  hurry_output(): void
  /** Writes out buffered output of C code as that of the running stack. */
  write_c_output(): void
  /** Adds a record of `logging` (JSON) of a poll or an attempt. */
  log_record(call: StackToken, recordJson: string): void
  show_record(recordJson: string): void
}

interface Clocks {
  process_cpu_us(): number
  thread_cpu_us(): number
  set_zone(standard: string, daylight: string, secondsWest: number, hasDaylight: boolean): void
  /** Sets the local zone by IANA name, the system's for none. Returns its name; '' if Node does not know it. */
  change_zone(name: string | null | undefined): string
  /** Sets the local zone that a text of TZ describes, also in C. */
  describe_zone(text: string): void
}

/**
 * Sockets by a number that is never used again, and their descriptors for scripts. No call waits: it returns
 * immediately, and `watch` sets an event when a socket is ready. Readiness has the bits of `poll`.
 */
export interface Sockets {
  open_stream(): number
  open_datagram(isIPv6: boolean): number
  open_local_datagram(): number
  open_pair(): [number, number]
  open_datagram_pair(): [number, number]
  /** Opens a descriptor for a socket; closing all of them closes the socket. On an error, the socket is closed. */
  open_descriptor(number: number): number | string
  connect(number: number, host: string, port: number, localAddress?: string, localPort?: number): void
  /** Connects to a path. `own` is the socket's own path, whose file exists already. */
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
  /** Returns a new socket; undefined if no client has connected. */
  accept(number: number): number | string | undefined
  /** Returns bytes; undefined if there are none yet; or the name of an error. */
  read(number: number, size: number, isPeek: boolean): ReadResult
  write(number: number, bytes: Uint8Array): number | string | undefined
  send_datagram(number: number, bytes: Uint8Array, host?: string, port?: number): string | undefined
  /** Returns bytes, host and port; the name of an error; or undefined if nothing has arrived. */
  receive_datagram(number: number, isPeek: boolean): readonly [Uint8Array, ...Address] | string | undefined
  /** Sends descriptors with the last written bytes to another socket of this interpreter. */
  send_descriptors(number: number, size: number, descriptors: readonly number[]): void
  can_send_descriptors(number: number): boolean
  /** Returns the descriptors of the last bytes that were read, and unclaimed descriptors of earlier bytes. */
  take_descriptors(number: number, size: number): [number[], number[]]
  buffered_bytes(number: number): number
  /** Returns the number of bytes written to any socket, open or closed, and not sent yet. */
  all_unsent_bytes(): number
  /** Returns whether the peer has finished sending, and everything was read. */
  is_ended(number: number): boolean
  shutdown(number: number, isRead: boolean, isWrite: boolean): void
  /** Sets whether the peer is notified on closing that the remaining bytes are not sent. */
  set_resetting(number: number, isOn: boolean): void
  /** Closes a socket without descriptors. `isReset`: drops unsent data. */
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
  /** Sets `event` once, when one of the sockets is ready for its bits. */
  watch(event: number, numbers: readonly number[], bits: readonly number[]): void
  /**
   * Sets `event` for descriptors of sockets and pipes. One with known `changes` (not -1) is ready only after further
   * changes.
   */
  watch_descriptors(
    event: number,
    descriptors: readonly number[],
    bits: readonly number[],
    changes?: readonly number[],
  ): void
  unwatch(event: number): void
  /** Returns a number that no other open file has; -1 if the descriptor is not open. */
  descriptor_file(descriptor: number): number
  /** Returns the number of a descriptor's socket; -1 for other files. */
  descriptor_socket(descriptor: number): number
  /** Returns the operations that an open file allows without waiting; 32 if it is not open. */
  descriptor_readiness(descriptor: number): number
  /** Returns how often the readiness of a socket or pipe may have changed; -1 for any other file. */
  descriptor_changes(descriptor: number): number
  /** Looks up a host name. When `event` is set, `take_lookup` returns the result. */
  resolve(event: number, host: string, family: number, hints: number): void
  resolve_names(event: number, address: string, port: number): void
  take_lookup(event: number): string | undefined
}

export interface Tls {
  /** Creates a context from settings in JSON. Returns its number, or the error as JSON. */
  context(settingsJson: string): number | string
  has_context(context: number): boolean
  /** Returns the certificates that are trusted by default, as PEM. */
  default_authorities(which: 'all' | 'extra' | 'none'): string
  /** Returns the names of the available ciphers, as JSON. */
  ciphers(): string
  /**
   * Begins a handshake. Until it ends, the socket is not ready for anything, unless a context is requested. Then
   * `report` contains the server's name, and `answer` continues. `tellsCuts`: reads distinguish a cut connection from
   * an ended one, which takes longer.
   */
  start(number: number, context: number, settingsJson: string, tellsCuts: boolean): void
  /** Answers the request for a context. An alert refuses the client. */
  answer(number: number, context: number, alert?: number): void
  state(number: number): string
  report(number: number): string
  /** Returns the sent and the verified chain of the peer, as JSON; undefined after the end. */
  chains(number: number): string | undefined
  /** Returns the session that the peer can resume; undefined if there is none. */
  session(number: number): string | undefined
  /** Ends TLS and continues without encryption. Returns false if that is not possible. */
  end(number: number): boolean
}

/** Digests of `hashlib` by number, and keys of passwords. */
export interface Hashes {
  /** Creates a digest; returns undefined if OpenSSL does not know the algorithm. The name is OpenSSL's. */
  open(algorithm: string): number | undefined
  copy(number: number): number
  update(number: number, bytes: Uint8Array): void
  /** Returns the digest of the data so far; more may follow. */
  digest(number: number): Uint8Array
  close(number: number): void
  /** Derives a key of `size` bytes for `take_key` and sets `event`. With event 0, returns when it is ready. */
  pbkdf2(
    event: number,
    algorithm: string,
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    size: number,
  ): void
  /** Derives a key as `pbkdf2` does. `maxmem` is in bytes, 0 for OpenSSL's default. */
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
  /** Returns the key or the error, once; undefined if it is not ready. */
  take_key(event: number): Uint8Array | string | undefined
}

/** Databases of `sqlite3` by the number of their connection. Errors are JSON. */
export interface Sqlite {
  /** Opens a database and returns the number of the connection. `contents`: bytes of a database in memory. */
  open(path: string, isReadonly: boolean, mustExist: boolean, contents?: Uint8Array): number | string
  close(number: number): void
  in_transaction(number: number): boolean
  total_changes(number: number): number
  /** Runs a statement. Returns the first rows, and a number for reading the others. */
  execute(number: number, sql: string, parametersJson: string, firstRows: number): unknown
  /** Returns the names and types of a query's columns; null for any other statement. */
  describe(number: number, sql: string): string
  execute_many(number: number, sql: string, parametersJson: string): string
  execute_script(number: number, sql: string): string | undefined
  /** Returns more rows of a statement that `execute` began. */
  next(running: number, count: number): unknown
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
  /** Copies a database into a file, page by page. When `event` is set, `take_backup` returns the result. */
  backup(event: number, number: number, path: string, schema: string, pages: number): void
  take_backup(event: number): string | undefined
}

export interface Children {
  /**
   * Starts a process. Returns its number; `step:name` of a failed step and its error number; or a negative number, for
   * which `take_failure` returns that name soon.
   */
  spawn(token: StackToken, orderJson: string): number | string
  /** Sets `event` as soon as `take_failure` has the name for a negative number. */
  watch_failure(event: number, number: number): void
  take_failure(number: number): string
  /**
   * Returns and forgets (unless `isKept`) a child that has ended, as `waitpid`: number and status. Returns [] if
   * matching children run, undefined if there are none.
   */
  take(pid: number, isKept: boolean): [number, number] | [] | undefined
  /** Sets `event` once, as soon as `take` would find one. */
  watch(event: number, pid: number): void
  unwatch(event: number): void
}

interface Machine {
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
  /** Descriptor whose reads suspend the stack: see `stacks/suspension.ts`. */
  readonly suspension_descriptor: number
}

export interface Host {
  readonly engine: Engine
  readonly machine: Machine
}
