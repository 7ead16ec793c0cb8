/**
 * Sockets of the scripts of one interpreter, in the interpreter's process. Python's `_socket` calls it. A socket has a
 * number, which is never used again, and one or more descriptors for scripts (`endpoint-streams.ts`).
 * No call waits: it returns immediately, and Python waits for an event that `watch` sets when a socket is ready.
 */

import { Socket } from 'node:net'
import type { Address, Endpoint, ReadResult } from '../descriptors/endpoint.ts'
import { type EndpointStreams, S_IFSOCK } from '../descriptors/endpoint-streams.ts'
import { Watches } from '../descriptors/readiness-watches.ts'
import type { Sockets as SocketFunctions } from '../python-border.ts'
import { DatagramEndpoint, isDatagramOption } from './datagram-socket.ts'
import { isOnlyBound, ListeningEndpoint } from './listening-socket.ts'
import { NameLookups, type Resolved } from './name-lookups.ts'
import { SocketEndpoints } from './socket-endpoints.ts'
import { StreamEndpoint, socketAddress } from './stream-socket.ts'
import { TlsHandshakes } from './tls-handshakes.ts'
import { type LocalAddresses, LocalDatagramEndpoint } from './unix-datagrams.ts'
import { LocalStreams, streamPair } from './unix-streams.ts'

/** Flag of `open`: for reading and writing. */
const O_RDWR = 2

export interface SocketRules {
  readonly resolved: Resolved
  /** Whether the keys of connections may be written into a file. */
  mayWrite(path: string): boolean
}

const NO_RULES: SocketRules = { resolved: () => undefined, mayWrite: () => true }

export class Sockets implements SocketFunctions {
  readonly tls: TlsHandshakes
  readonly #endpoints = new SocketEndpoints()
  readonly #watches: Watches
  readonly #names: NameLookups
  readonly #localStreams = new LocalStreams()
  readonly #localAddresses: LocalAddresses = new Map()
  #streams: EndpointStreams | null = null

  constructor(setEvent: (event: number) => void, { resolved, mayWrite }: SocketRules = NO_RULES) {
    this.#watches = new Watches(setEvent)
    this.#names = new NameLookups(setEvent, resolved)
    this.tls = new TlsHandshakes((number) => this.#endpoints.stream(number), mayWrite)
  }

  /** Sets where the descriptors come from. Called before any other function. */
  attach(streams: EndpointStreams): void {
    this.#streams = streams
  }

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

  openHanded(descriptor: number): number {
    const socket = new Socket({ fd: descriptor, allowHalfOpen: true })
    const local = socketAddress(socket.localAddress, socket.localPort) ?? ['']
    const peer = socketAddress(socket.remoteAddress, socket.remotePort) ?? ['']
    return this.#openDescriptor(this.#endpoints.add(StreamEndpoint.over(socket, local, peer)))
  }

  open_stream(): number {
    return this.#endpoints.add(new StreamEndpoint())
  }

  open_datagram(isIPv6: boolean): number {
    return this.#endpoints.add(new DatagramEndpoint(isIPv6))
  }

  open_local_datagram(): number {
    return this.#endpoints.add(new LocalDatagramEndpoint(this.#localAddresses))
  }

  open_datagram_pair(): [number, number] {
    const [left, right] = LocalDatagramEndpoint.pair(this.#localAddresses)
    return [this.#endpoints.add(left), this.#endpoints.add(right)]
  }

  open_pair(): [number, number] {
    const [left, right] = streamPair([''], [''])
    return [this.#endpoints.add(left), this.#endpoints.add(right)]
  }

  connect(number: number, host: string, port: number, localAddress?: string, localPort?: number): void {
    const local = localAddress === undefined ? {} : { localAddress, localPort: localPort ?? 0 }
    const endpoint = this.#endpoints.get(number)
    if (endpoint instanceof DatagramEndpoint) endpoint.connect(host, port)
    else if (isOnlyBound(this.#endpoints.all(), host, port)) this.#endpoints.stream(number).refuse()
    else this.#endpoints.stream(number).connect({ host, port, ...local })
  }

  connect_path(number: number, path: string, own: string): void {
    const endpoint = this.#endpoints.get(number)
    if (endpoint instanceof LocalDatagramEndpoint) {
      endpoint.connectPath(path)
      return
    }
    const local = this.#localStreams.connect(path, own)
    if (local !== undefined) this.#endpoints.set(number, local)
    else this.#endpoints.stream(number).connect({ path })
  }

  send_descriptors(number: number, size: number, descriptors: readonly number[]): void {
    this.#endpoints.stream(number).passedDescriptors.send(size, descriptors)
  }

  can_send_descriptors(number: number): boolean {
    const endpoint = this.#endpoints.get(number)
    return endpoint instanceof StreamEndpoint && endpoint.passedDescriptors.isConnected
  }

  take_descriptors(number: number, size: number): [number[], number[]] {
    return this.#endpoints.stream(number).passedDescriptors.take(size)
  }

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

  accept(number: number): number | string | undefined {
    const endpoint = this.#endpoints.get(number)
    if (!(endpoint instanceof ListeningEndpoint) || !endpoint.isListening) return 'EINVAL'
    if (!this.#attached.hasRoom) return 'EMFILE' // the client stays in the queue
    const accepted = endpoint.accept()
    return accepted === undefined ? undefined : this.#endpoints.add(accepted)
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

  receive_datagram(number: number, isPeek: boolean): readonly [Uint8Array, ...Address] | string | undefined {
    const endpoint = this.#endpoints.get(number)
    if (!isDatagram(endpoint)) return 'EOPNOTSUPP'
    const datagram = endpoint.receive(isPeek)
    return datagram === undefined ? endpoint.takeError() : [datagram.bytes, ...datagram.from]
  }

  buffered_bytes(number: number): number {
    const endpoint = this.#endpoints.get(number)
    return endpoint instanceof StreamEndpoint ? endpoint.bufferedBytes : 0
  }

  is_ended(number: number): boolean {
    const endpoint = this.#endpoints.get(number)
    return endpoint instanceof StreamEndpoint && endpoint.isEnded
  }

  shutdown(number: number, isRead: boolean, isWrite: boolean): void {
    this.#endpoints.stream(number).shutdown(isRead, isWrite)
  }

  set_resetting(number: number, isOn: boolean): void {
    this.#endpoints.setResetting(number, isOn)
  }

  close(number: number, isReset?: boolean): void {
    this.tls.forget(number)
    this.#endpoints.close(number, isReset)
  }

  all_unsent_bytes(): number {
    return this.#endpoints.unsentBytes()
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

  set_datagram_option(number: number, name: string, ...values: readonly (number | string | boolean)[]) {
    const endpoint = this.#endpoints.get(number)
    if (!(endpoint instanceof DatagramEndpoint) || !isDatagramOption(name)) return 'ENOPROTOOPT'
    return endpoint.configure((socket) => (socket[name] as (...values: unknown[]) => void)(...values))
  }

  readiness(number: number): number {
    return this.#endpoints.get(number)?.readiness() ?? 0
  }

  watch(event: number, numbers: readonly number[], bits: readonly number[]): void {
    this.#watches.add(
      event,
      numbers.map((number) => this.#endpoints.get(number)),
      bits,
    )
  }

  watch_descriptors(
    event: number,
    descriptors: readonly number[],
    bits: readonly number[],
    changes?: readonly number[],
  ): void {
    const endpoints = descriptors.map((descriptor) => this.#attached.endpointOf(descriptor))
    this.#watches.add(event, endpoints, bits, changes ?? [])
  }

  descriptor_file(descriptor: number): number {
    return this.#attached.fileOf(descriptor)
  }

  descriptor_socket(descriptor: number): number {
    return this.#attached.numberOf(descriptor)
  }

  descriptor_readiness(descriptor: number): number {
    return this.#attached.readiness(descriptor)
  }

  descriptor_changes(descriptor: number): number {
    return this.#attached.endpointOf(descriptor)?.changes ?? -1
  }

  unwatch(event: number): void {
    this.#watches.remove(event)
  }

  resolve(event: number, host: string, family: number, hints: number): void {
    this.#names.resolve(event, host, family, hints)
  }

  resolve_names(event: number, address: string, port: number): void {
    this.#names.resolveNames(event, address, port)
  }

  take_lookup(event: number): string | undefined {
    return this.#names.take(event)
  }

  protected refuseLookup(event: number): void {
    this.#names.refuse(event)
  }

  get #attached(): EndpointStreams {
    // Uncoded: a defect of the start, which ends the process
    if (this.#streams === null) throw new Error('Sockets cannot be used before their file descriptors are set up.')
    return this.#streams
  }

  #replace(number: number, options: ConstructorParameters<typeof ListeningEndpoint>[0]): void {
    this.#endpoints.get(number)?.close()
    this.#endpoints.set(number, new ListeningEndpoint(options))
  }
}

function isDatagram(endpoint: Endpoint | undefined): endpoint is DatagramEndpoint | LocalDatagramEndpoint {
  return endpoint instanceof DatagramEndpoint || endpoint instanceof LocalDatagramEndpoint
}
