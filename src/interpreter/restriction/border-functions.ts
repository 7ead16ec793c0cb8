/**
 * Functions of the border (`python-border.ts`) that the scripts of a restricted interpreter can call, and the kinds of
 * their arguments. A script may call each function directly, with any arguments. So the arguments of each function are
 * listed, and a function that is not listed cannot be called. Used by `python-objects.ts`.
 *
 * A kind is a name of `KINDS` (`border-kinds.ts`). `?` marks an argument that may be missing, `*` any number of them.
 */

import { KINDS } from './border-kinds.ts'

type Kinds = string
type Part = Readonly<Record<string, Kinds | null>>

/** Null: a constant value instead of a function. */
export const BORDER: Readonly<Record<string, Part | null>> = {
  engine: {
    request: 'integer integer integer text jsonObject contextText',
    announce: '',
    declare: 'integer jsonObject',
    skipped_because: 'integer textOrNone',
    fired: 'integer contextOrNone',
    polled: 'integer text contextSizes keys textOrNone flag contextOrNone',
    completed: 'integer contextOrNone',
    failed: 'integer failure fault',
    tried_later: 'integer delay textOrNone',
    accumulated: 'integer text sizes faults',
    graphs_ran: 'integer text sizes faults jsonObject',
    not_started: 'integer',
    skipped: 'integers',
    notice: 'text',
  },
  waits: {
    sleep: 'integer number',
    wait_again: 'integer integer',
    abandon_wait: 'integer',
    wait_promise: 'integer promise',
    wait_input: 'integer integer',
    take_input: 'integer',
    new_event: '',
    wait_event: 'integer integer number?',
    set_event: 'integer',
    signal_after: 'integer number',
    take_stop: 'integer',
    rest: 'flag flag',
  },
  threads: { start_thread: 'integer', threads_run: 'flag' },
  signals: {
    check: 'integer',
    interrupt: '',
    take_signals: '',
    deliver_signals: '',
    wake: 'integer',
    set_timer: 'timer number number',
    watch_signal: 'signal flag',
    kill: 'integer integer',
    exit: 'integer',
  },
  files: {
    umask: 'integer',
    link: 'text text',
    make_named_pipe: 'text integer',
    locks_problem: null,
    flock: 'integer integer',
    lock_records: 'integer lock number number',
    test_records: 'integer lock number number',
  },
  descriptors: {
    status_flags: 'integer',
    set_status_flags: 'integer integer',
    is_inheritable: 'integer',
    inheritable: '',
    set_inheritable: 'integer flag',
    take_blocked: '',
    abandon_write: 'integer text',
  },
  output: {
    is_program: null,
    sends_records: null,
    abandon_output: '',
    hurry_output: '',
    write_c_output: '',
    log_record: 'integer logRecord',
    show_record: 'logRecord',
  },
  clocks: {
    process_cpu_us: '',
    thread_cpu_us: '',
    set_zone: 'text text integer flag',
    change_zone: 'textOrNone',
    describe_zone: 'text',
  },
  sockets: {
    open_stream: '',
    open_datagram: 'flag',
    open_local_datagram: '',
    open_pair: '',
    open_datagram_pair: '',
    open_descriptor: 'integer',
    connect: 'integer address port address? port?',
    connect_path: 'integer text text',
    state: 'integer',
    take_error: 'integer',
    bind: 'integer address port flag flag flag',
    bind_path: 'integer text text',
    unbind: 'integer',
    listen: 'integer',
    is_listening: 'integer',
    accept: 'integer',
    read: 'integer integer flag',
    write: 'integer bytes',
    send_datagram: 'integer bytes text? port?',
    receive_datagram: 'integer flag',
    send_descriptors: 'integer integer integers',
    can_send_descriptors: 'integer',
    take_descriptors: 'integer integer',
    buffered_bytes: 'integer',
    all_unsent_bytes: '',
    is_ended: 'integer',
    shutdown: 'integer flag flag',
    set_resetting: 'integer flag',
    close: 'integer flag?',
    local_address: 'integer',
    peer_address: 'integer',
    set_no_delay: 'integer flag',
    set_keep_alive: 'integer flag',
    set_datagram_option: 'integer datagramOption plain*',
    readiness: 'integer',
    watch: 'integer integers integers',
    watch_descriptors: 'integer integers integers integers?',
    unwatch: 'integer',
    descriptor_file: 'integer',
    descriptor_socket: 'integer',
    descriptor_readiness: 'integer',
    descriptor_changes: 'integer',
    resolve: 'integer text integer integer',
    resolve_names: 'integer address port',
    take_lookup: 'integer',
  },
  tls: {
    context: 'tlsContext',
    has_context: 'integer',
    default_authorities: 'authorities',
    ciphers: '',
    start: 'integer integer tlsHandshake flag',
    answer: 'integer integer integer?',
    state: 'integer',
    report: 'integer',
    chains: 'integer',
    session: 'integer',
    end: 'integer',
  },
  hashes: {
    open: 'text',
    copy: 'integer',
    update: 'integer bytes',
    digest: 'integer',
    close: 'integer',
    pbkdf2: 'integer text bytes bytes integer integer',
    scrypt: 'integer bytes bytes integer integer integer integer integer',
    take_key: 'integer',
  },
  sqlite: {
    open: 'text flag flag bytes?',
    close: 'integer',
    in_transaction: 'integer',
    total_changes: 'integer',
    execute: 'integer text sqlParameters integer',
    describe: 'integer text',
    execute_many: 'integer text sqlParameterLists',
    execute_script: 'integer text',
    next: 'integer integer',
    finish: 'integer',
    create_function: 'integer text integer flag callback',
    create_aggregate: 'integer text integer flag callback',
    serialize: 'integer text',
    backup: 'integer integer text text integer',
    take_backup: 'integer',
  },
  children: {
    spawn: 'integer jsonObject',
    watch_failure: 'integer integer',
    take_failure: 'integer',
    take: 'integer flag',
    watch: 'integer integer',
    unwatch: 'integer',
  },
  suspension_descriptor: null,
}

const OF_ANSWERS = ['answer', 'lock', 'start', 'length', 'holder']

/** All names that Python may look up in JavaScript objects. */
export const BORDER_NAMES: ReadonlySet<string> = new Set([
  'machine',
  ...Object.entries(BORDER).flatMap(([name, part]) => [name, ...Object.keys(part ?? {})]),
  ...OF_ANSWERS,
])

/** Returns the arguments of a call; copies lists that could change later. Throws a TypeError for other kinds. */
export function acceptedArguments(name: string, kinds: Kinds, values: readonly unknown[]): unknown[] {
  const all = kinds === '' ? [] : kinds.split(' ')
  const rest = all.at(-1)?.endsWith('*') ? (all.pop() ?? '').slice(0, -1) : null
  if (rest === null && values.length > all.length) throw refused(name, all.length)
  const count = Math.max(all.length, values.length)
  return Array.from({ length: count }, (_, index) => accepted(name, index, all[index] ?? rest ?? '', values))
}

function accepted(name: string, index: number, kind: string, values: readonly unknown[]): unknown {
  const value = values[index]
  const isOptional = kind.endsWith('?')
  if (isOptional && (value === undefined || value === null)) return undefined
  const kindName = isOptional ? kind.slice(0, -1) : kind
  if (KINDS[kindName]?.(value, values) !== true) throw refused(name, index)
  if (kindName !== 'integers') return value
  const copy = Array.from(value as Iterable<unknown>)
  if (!copy.every(Number.isSafeInteger)) throw refused(name, index)
  return copy
}

function refused(name: string, index: number): TypeError {
  return new TypeError(`argument ${index + 1} of "${name}" is invalid: only cloaca itself may call this function`)
}
