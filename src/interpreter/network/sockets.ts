/**
 * The sockets of one interpreter's scripts. Lives in the interpreter's process; Python's `_socket` calls it. A socket has a
 * number here, which is never given again, and for scripts a descriptor, or several (`endpoint-streams.ts`).
 * Nothing here waits: a call answers at once, and Python waits for an event that `watch` sets when a socket is ready.
 */

import { Socket } from 'node:net'
import type { Address, Endpoint, ReadResult } from '../descriptors/endpoint.ts'
import { type EndpointStreams, S_IFSOCK } from '../descriptors/endpoint-streams.ts'
import { Watches } from '../descriptors/readiness-watches.ts'
import type { Sockets as SocketFunctions } from '../python-border.ts'
import { DatagramEndpoint, isDatagramOption } from './datagram-socket.ts'
import { isOnlyBound, ListeningEndpoint } from './listening-socket.ts'
import { NameLookups, type Resolved } from './name-lookups.ts'
import { addressOf, StreamEndpoint } from './stream-socket.ts'
import { TlsHandshakes } from './tls-handshakes.ts'
import { type LocalAddresses, LocalDatagramEndpoint } from './unix-datagrams.ts'
import { LocalStreams, pairOfStreams } from './unix-streams.ts'

/** Flag of `open`: for reading and writing. */
const O_RDWR = 2

/** Rules that only a restricted interpreter has. */
export interface SocketRules {
  readonly resolved: Resolved
  /** Whether the keys of connections may be written into a file. */
  mayWrite(path: string): boolean
}

const NO_RULES: SocketRules = { resolved: () => undefined, mayWrite: () => true }

export class Sockets implements SocketFunctions {
  /** What only sockets with TLS are asked. */
  readonly tls: TlsHandshakes
  readonly #endpoints = new Map<number, Endpoint>()
  readonly #watches: Watches
  readonly #names: NameLookups
  readonly #closing = new Set<StreamEndpoint>()
  readonly #localStreams = new LocalStreams()
  readonly #localAddresses: LocalAddresses = new Map()
  /** Sockets that are closed without sending what is left. */
  readonly #resetting = new Set<number>()
  #streams: EndpointStreams | null = null
  #lastNumber = 0

  constructor(setEvent: (event: number) => void, { resolved, mayWrite }: SocketRules = NO_RULES) {
    this.#watches = new Watches(setEvent)
    this.#names = new NameLookups(setEvent, resolved)
    this.tls = new TlsHandshakes((number) => this.#stream(number), mayWrite)
  }

  /** To be called before any other: where the descriptors come from. */
  attach(streams: EndpointStreams): void {
    this.#streams = streams
  }

  /** Gives a socket a descriptor; closing it, and all its duplicates, closes the socket. Where there is none left, it is closed at once. */
  open_descriptor(number: number): number | string {
    if (this.#attached.hasRoom) return this.#openDescriptor(number)
    this.close(number)
    return 'EMFILE'
  }

  #openDescriptor(number: number): number {
    return this.#attached.open({
      name: 'socket',
      mode: S_IFSOCK,
      flags: O_RDWR,
      number,
      endpoint: () => this.#endpoints.get(number),
      closed: () => this.close(number),
    })
  }

  /** A descriptor for a connected socket of the process. */
  openHanded(descriptor: number): number {
    const socket = new Socket({ fd: descriptor, allowHalfOpen: true })
    const local = addressOf(socket.localAddress, socket.localPort) ?? ['']
    const peer = addressOf(socket.remoteAddress, socket.remotePort) ?? ['']
    return this.#openDescriptor(this.#add(StreamEndpoint.over(socket, local, peer)))
  }

  open_stream(): number {
    return this.#add(new StreamEndpoint())
  }

  open_datagram(isIPv6: boolean): number {
    return this.#add(new DatagramEndpoint(isIPv6))
  }

  open_local_datagram(): number {
    return this.#add(new LocalDatagramEndpoint(this.#localAddresses))
  }

  open_datagram_pair(): [number, number] {
    const [left, right] = LocalDatagramEndpoint.pair(this.#localAddresses)
    return [this.#add(left), this.#add(right)]
  }

  open_pair(): [number, number] {
    const [left, right] = pairOfStreams([''], [''])
    return [this.#add(left), this.#add(right)]
  }

  connect(number: number, host: string, port: number, localAddress?: string, localPort?: number): void {
    const local = localAddress === undefined ? {} : { localAddress, localPort: localPort ?? 0 }
    const endpoint = this.#endpoints.get(number)
    if (endpoint instanceof DatagramEndpoint) endpoint.connect(host, port)
    else if (isOnlyBound(this.#endpoints.values(), host, port)) this.#stream(number).refuse()
    else this.#stream(number).connect({ host, port, ...local })
  }

  /** Connects to a path; `own` is the socket's, of which it has the file already. */
  connect_path(number: number, path: string, own: string): void {
    const endpoint = this.#endpoints.get(number)
    if (endpoint instanceof LocalDatagramEndpoint) {
      endpoint.connectPath(path)
      return
    }
    const local = this.#localStreams.connect(path, own)
    if (local !== undefined) this.#endpoints.set(number, local)
    else this.#stream(number).connect({ path })
  }

  /** Sends descriptors with the bytes that were written last, to another socket of this interpreter. */
  send_descriptors(number: number, size: number, descriptors: readonly number[]): void {
    this.#stream(number).passedDescriptors.send(size, descriptors)
  }

  can_send_descriptors(number: number): boolean {
    const endpoint = this.#endpoints.get(number)
    return endpoint instanceof StreamEndpoint && endpoint.passedDescriptors.isConnected
  }

  /** The descriptors that came with the bytes that were read last, and those that nobody took before. */
  take_descriptors(number: number, size: number): [number[], number[]] {
    return this.#stream(number).passedDescriptors.take(size)
  }

  /** `connecting`, `connected`, `failed` or `new` for a stream; for the others whether the last step is over. */
  state(number: number): string {
    const endpoint = this.#endpoints.get(number)
    if (endpoint instanceof StreamEndpoint) return endpoint.state
    if (endpoint instanceof ListeningEndpoint) return endpoint.isBinding ? 'binding' : 'bound'
    if (isDatagram(endpoint)) return endpoint.isSettled ? 'bound' : 'binding'
    return 'closed'
  }

  take_error(number: number): string | undefined {
    const endpoint = this.#endpoints.get(number)
    if (endpoint instanceof ListeningEndpoint) return endpoint.error
    if (endpoint instanceof StreamEndpoint || isDatagram(endpoint)) return endpoint.takeError()
    return 'EBADF'
  }

  bind(
    number: number,
    host: string,
    port: number,
    isIPv6Only: boolean,
    isPortShared: boolean,
    isAddressReused: boolean,
  ): void {
    const endpoint = this.#endpoints.get(number)
    const options = { ipv6Only: isIPv6Only, ...(isPortShared && { reusePort: true }) }
    if (endpoint instanceof DatagramEndpoint) endpoint.bind(host, port, { ...options, reuseAddr: isAddressReused })
    else this.#replace(number, { host, port, ...options })
  }

  bind_path(number: number, path: string, name: string): void {
    const endpoint = this.#endpoints.get(number)
    if (endpoint instanceof LocalDatagramEndpoint) endpoint.bindPath(path, name)
    else this.#replace(number, { path })
  }

  /** Turns a bound stream socket back into one that can connect, giving up its port for it. */
  unbind(number: number): void {
    this.#endpoints.get(number)?.close()
    this.#endpoints.set(number, new StreamEndpoint())
  }

  listen(number: number): void {
    const endpoint = this.#endpoints.get(number)
    if (!(endpoint instanceof ListeningEndpoint)) return
    endpoint.listen()
    if (endpoint.path !== undefined) this.#localStreams.add(endpoint.path, endpoint)
  }

  is_listening(number: number): boolean {
    const endpoint = this.#endpoints.get(number)
    return endpoint instanceof ListeningEndpoint && endpoint.isListening
  }

  /** A socket that has no descriptor yet, or undefined when nobody has connected. */
  accept(number: number): number | string | undefined {
    const endpoint = this.#endpoints.get(number)
    if (!(endpoint instanceof ListeningEndpoint) || !endpoint.isListening) return 'EINVAL'
    if (!this.#attached.hasRoom) return 'EMFILE' // who has connected waits on
    const accepted = endpoint.accept()
    return accepted === undefined ? undefined : this.#add(accepted)
  }

  read(number: number, size: number, isPeek: boolean): ReadResult {
    const endpoint = this.#endpoints.get(number)
    return endpoint instanceof StreamEndpoint ? endpoint.read(size, isPeek) : 'ENOTCONN'
  }

  write(number: number, bytes: Uint8Array): number | string | undefined {
    const endpoint = this.#endpoints.get(number)
    return endpoint instanceof StreamEndpoint ? endpoint.write(bytes) : 'ENOTCONN'
  }

  send_datagram(number: number, bytes: Uint8Array, host?: string, port?: number): string | undefined {
    const endpoint = this.#endpoints.get(number)
    if (endpoint instanceof LocalDatagramEndpoint) return endpoint.send(bytes, host)
    if (!(endpoint instanceof DatagramEndpoint)) return 'EOPNOTSUPP'
    const error = endpoint.takeError()
    if (error === undefined) endpoint.send(bytes, host, port)
    return error
  }

  /** Bytes, host and port; the name of an error; or undefined: nothing has arrived. */
  receive_datagram(number: number, isPeek: boolean): readonly [Uint8Array, ...Address] | string | undefined {
    const endpoint = this.#endpoints.get(number)
    if (!isDatagram(endpoint)) return 'EOPNOTSUPP'
    const datagram = endpoint.receive(isPeek)
    return datagram === undefined ? endpoint.takeError() : [datagram.bytes, ...datagram.from]
  }

  /** Bytes that have arrived and were not read. */
  buffered_bytes(number: number): number {
    const endpoint = this.#endpoints.get(number)
    return endpoint instanceof StreamEndpoint ? endpoint.bufferedBytes : 0
  }

  /** Whether the peer has said that it sends no more, and everything was read. */
  is_ended(number: number): boolean {
    const endpoint = this.#endpoints.get(number)
    return endpoint instanceof StreamEndpoint && endpoint.isEnded
  }

  shutdown(number: number, isRead: boolean, isWrite: boolean): void {
    this.#stream(number).shutdown(isRead, isWrite)
  }

  /** Whether the peer is notified, when the socket is closed, that what is left will not be sent. */
  set_resetting(number: number, isOn: boolean): void {
    if (isOn) this.#resetting.add(number)
    else this.#resetting.delete(number)
  }

  /** Closes a socket that has no descriptor, or has none any more. */
  close(number: number, isReset = this.#resetting.has(number)): void {
    const endpoint = this.#endpoints.get(number)
    this.#endpoints.delete(number)
    this.tls.forget(number)
    this.#resetting.delete(number)
    if (endpoint instanceof StreamEndpoint && isReset) endpoint.reset()
    else endpoint?.close()
    if (endpoint instanceof StreamEndpoint && endpoint.unsentBytes > 0) this.#closing.add(endpoint)
  }

  /** Bytes that were written to any socket, open or closed, and did not go out yet. */
  all_unsent_bytes(): number {
    for (const endpoint of this.#closing) if (endpoint.unsentBytes === 0) this.#closing.delete(endpoint)
    const open = [...this.#endpoints.values()].filter((endpoint) => endpoint instanceof StreamEndpoint)
    return [...open, ...this.#closing].reduce((sum, endpoint) => sum + endpoint.unsentBytes, 0)
  }

  local_address(number: number): Address | undefined {
    return this.#endpoints.get(number)?.localAddress()
  }

  peer_address(number: number): Address | undefined {
    return this.#endpoints.get(number)?.peerAddress()
  }

  set_no_delay(number: number, isOn: boolean): void {
    const endpoint = this.#endpoints.get(number)
    if (endpoint instanceof StreamEndpoint) endpoint.configure((socket) => socket.setNoDelay(isOn))
  }

  set_keep_alive(number: number, isOn: boolean): void {
    const endpoint = this.#endpoints.get(number)
    if (endpoint instanceof StreamEndpoint) endpoint.configure((socket) => socket.setKeepAlive(isOn))
  }

  /** Sets an option of a datagram socket by its name in Node; the name of an error, or undefined. */
  set_datagram_option(number: number, name: string, ...values: readonly (number | string | boolean)[]) {
    const endpoint = this.#endpoints.get(number)
    if (!(endpoint instanceof DatagramEndpoint) || !isDatagramOption(name)) return 'ENOPROTOOPT'
    return endpoint.configure((socket) => (socket[name] as (...values: unknown[]) => void)(...values))
  }

  readiness(number: number): number {
    return this.#endpoints.get(number)?.readiness() ?? 0
  }

  /** Sets `event` once, as soon as one of the sockets is ready for what its bits ask. */
  watch(event: number, numbers: readonly number[], bits: readonly number[]): void {
    this.#watches.add(
      event,
      numbers.map((number) => this.#endpoints.get(number)),
      bits,
    )
  }

  /**
   * The same for descriptors, of sockets and pipes. One of which `changes` are known (not -1) counts as ready only if
   * there have been others since.
   */
  watch_descriptors(
    event: number,
    descriptors: readonly number[],
    bits: readonly number[],
    changes?: readonly number[],
  ): void {
    const endpoints = descriptors.map((descriptor) => this.#attached.endpointOf(descriptor))
    this.#watches.add(event, endpoints, bits, changes ?? [])
  }

  /** A number that no other open file has; -1 when the descriptor is not open. */
  descriptor_file(descriptor: number): number {
    return this.#attached.fileOf(descriptor)
  }

  /** The number of a descriptor's socket; -1 when it is none. */
  descriptor_socket(descriptor: number): number {
    return this.#attached.numberOf(descriptor)
  }

  /** What can be done with any open file without waiting; 32 when there is none. */
  descriptor_readiness(descriptor: number): number {
    return this.#attached.readiness(descriptor)
  }

  /** How often the readiness of a socket or pipe may have changed; -1 for any other file. */
  descriptor_changes(descriptor: number): number {
    return this.#attached.endpointOf(descriptor)?.changes ?? -1
  }

  unwatch(event: number): void {
    this.#watches.remove(event)
  }

  /** Looks a host name up; when `event` is set, `take_lookup` has the result. */
  resolve(event: number, host: string, family: number, hints: number): void {
    this.#names.resolve(event, host, family, hints)
  }

  /** Looks up the names of an address and a port. */
  resolve_names(event: number, address: string, port: number): void {
    this.#names.resolveNames(event, address, port)
  }

  take_lookup(event: number): string | undefined {
    return this.#names.take(event)
  }

  /** Ends a lookup as that of a name that does not exist. */
  protected refuseLookup(event: number): void {
    this.#names.refuse(event)
  }

  get #attached(): EndpointStreams {
    if (this.#streams === null) throw new Error('Sockets cannot be used before their file descriptors are set up.')
    return this.#streams
  }

  #add(endpoint: Endpoint): number {
    this.#endpoints.set(++this.#lastNumber, endpoint)
    return this.#lastNumber
  }

  #stream(number: number): StreamEndpoint {
    const endpoint = this.#endpoints.get(number)
    if (endpoint instanceof StreamEndpoint) return endpoint
    throw new Error(`Socket ${number} is not a stream socket.`)
  }

  #replace(number: number, options: ConstructorParameters<typeof ListeningEndpoint>[0]): void {
    this.#endpoints.get(number)?.close()
    this.#endpoints.set(number, new ListeningEndpoint(options))
  }
}

function isDatagram(endpoint: Endpoint | undefined): endpoint is DatagramEndpoint | LocalDatagramEndpoint {
  return endpoint instanceof DatagramEndpoint || endpoint instanceof LocalDatagramEndpoint
}
