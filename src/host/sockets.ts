/**
 * The sockets of one interpreter's scripts, by descriptor. Lives in the interpreter's thread; Python's `_socket` calls it.
 * Nothing here waits: a call answers at once, and Python waits for an event that `watch` sets when a socket is ready.
 */

import { lookup, lookupService } from 'node:dns'
import { duplexPair } from 'node:stream'
import { getCiphers, type TLSSocket } from 'node:tls'
import { DatagramEndpoint } from './datagram-endpoint.ts'
import { ListeningEndpoint } from './listening-endpoint.ts'
import { type Address, BROKEN, type Endpoint, HUNG_UP, type ReadResult } from './socket-endpoint.ts'
import { StreamEndpoint } from './stream-endpoint.ts'
import {
  type DefaultAuthorities,
  defaultAuthorities,
  describeSession,
  describeTlsError,
  TlsSessions,
} from './tls-sessions.ts'

/** Above what Emscripten gives to files, so that the two cannot be taken for each other. */
const FIRST_DESCRIPTOR = 10_000

interface Handshake {
  state: 'pending' | 'done' | 'failed'
  /** JSON: the session, or the error. */
  report: string
}

export class Sockets {
  readonly #setEvent: (event: number) => void
  readonly #endpoints = new Map<number, Endpoint>()
  readonly #handshakes = new Map<number, Handshake>()
  readonly #watches = new Map<number, () => void>()
  readonly #lookups = new Map<number, string>()
  readonly #closing = new Set<StreamEndpoint>()
  readonly #tls = new TlsSessions()
  #lastDescriptor = FIRST_DESCRIPTOR - 1

  constructor(setEvent: (event: number) => void) {
    this.#setEvent = setEvent
  }

  open_stream(): number {
    return this.#add(new StreamEndpoint())
  }

  open_datagram(isIPv6: boolean, isAddressReused: boolean): number {
    return this.#add(new DatagramEndpoint(isIPv6, isAddressReused))
  }

  open_pair(): [number, number] {
    const [left, right] = duplexPair({ allowHalfOpen: true })
    return [this.#add(StreamEndpoint.over(left, [''], [''])), this.#add(StreamEndpoint.over(right, [''], ['']))]
  }

  has(descriptor: number): boolean {
    return this.#endpoints.has(descriptor)
  }

  connect(descriptor: number, host: string, port: number, localAddress?: string, localPort?: number): void {
    const local = localAddress === undefined ? {} : { localAddress, localPort: localPort ?? 0 }
    const endpoint = this.#endpoints.get(descriptor)
    if (endpoint instanceof DatagramEndpoint) endpoint.connect(host, port)
    else this.#stream(descriptor).connect({ host, port, ...local })
  }

  connect_path(descriptor: number, path: string): void {
    this.#stream(descriptor).connect({ path })
  }

  /** `connecting`, `connected`, `failed` or `new` for a stream; for the others whether the last step is over. */
  state(descriptor: number): string {
    const endpoint = this.#endpoints.get(descriptor)
    if (endpoint instanceof StreamEndpoint) return endpoint.state
    if (endpoint instanceof ListeningEndpoint) return endpoint.isBinding ? 'binding' : 'bound'
    if (endpoint instanceof DatagramEndpoint) return endpoint.isSettled ? 'bound' : 'binding'
    return 'closed'
  }

  take_error(descriptor: number): string | undefined {
    const endpoint = this.#endpoints.get(descriptor)
    if (endpoint instanceof ListeningEndpoint) return endpoint.error
    if (endpoint instanceof StreamEndpoint || endpoint instanceof DatagramEndpoint) return endpoint.takeError()
    return 'EBADF'
  }

  bind(descriptor: number, host: string, port: number, isIPv6Only: boolean, isPortShared: boolean): void {
    const endpoint = this.#endpoints.get(descriptor)
    if (endpoint instanceof DatagramEndpoint) endpoint.bind(host, port)
    else this.#replace(descriptor, { host, port, ipv6Only: isIPv6Only, ...(isPortShared && { reusePort: true }) })
  }

  bind_path(descriptor: number, path: string): void {
    this.#replace(descriptor, { path })
  }

  /** Turns a bound stream socket back into one that can connect, giving up its port for it. */
  unbind(descriptor: number): void {
    this.#endpoints.get(descriptor)?.close()
    this.#endpoints.set(descriptor, new StreamEndpoint())
  }

  listen(descriptor: number): void {
    const endpoint = this.#endpoints.get(descriptor)
    if (endpoint instanceof ListeningEndpoint) endpoint.listen()
  }

  is_listening(descriptor: number): boolean {
    const endpoint = this.#endpoints.get(descriptor)
    return endpoint instanceof ListeningEndpoint && endpoint.isListening
  }

  /** A new descriptor, or undefined when nobody has connected. */
  accept(descriptor: number): number | string | undefined {
    const endpoint = this.#endpoints.get(descriptor)
    if (!(endpoint instanceof ListeningEndpoint) || !endpoint.isListening) return 'EINVAL'
    const accepted = endpoint.accept()
    return accepted === undefined ? undefined : this.#add(accepted)
  }

  read(descriptor: number, size: number, isPeek: boolean): ReadResult {
    const endpoint = this.#endpoints.get(descriptor)
    return endpoint instanceof StreamEndpoint ? endpoint.read(size, isPeek) : 'ENOTCONN'
  }

  write(descriptor: number, bytes: Uint8Array): number | string | undefined {
    const endpoint = this.#endpoints.get(descriptor)
    return endpoint instanceof StreamEndpoint ? endpoint.write(bytes) : 'ENOTCONN'
  }

  send_datagram(descriptor: number, bytes: Uint8Array, host?: string, port?: number): string | undefined {
    const endpoint = this.#endpoints.get(descriptor)
    if (!(endpoint instanceof DatagramEndpoint)) return 'EOPNOTSUPP'
    const error = endpoint.takeError()
    if (error === undefined) endpoint.send(bytes, host, port)
    return error
  }

  /** Bytes, host and port; the name of an error; or undefined: nothing has arrived. */
  receive_datagram(descriptor: number, isPeek: boolean): readonly [Uint8Array, ...Address] | string | undefined {
    const endpoint = this.#endpoints.get(descriptor)
    if (!(endpoint instanceof DatagramEndpoint)) return 'EOPNOTSUPP'
    const datagram = endpoint.receive(isPeek)
    return datagram === undefined ? endpoint.takeError() : [datagram.bytes, ...datagram.from]
  }

  /** Bytes that have arrived and were not read. */
  buffered_bytes(descriptor: number): number {
    const endpoint = this.#endpoints.get(descriptor)
    return endpoint instanceof StreamEndpoint ? endpoint.bufferedBytes : 0
  }

  /** Whether the peer has said that it sends no more, and everything was read. */
  is_ended(descriptor: number): boolean {
    const endpoint = this.#endpoints.get(descriptor)
    return endpoint instanceof StreamEndpoint && endpoint.isEnded
  }

  unsent_bytes(descriptor: number): number {
    const endpoint = this.#endpoints.get(descriptor)
    return endpoint instanceof StreamEndpoint ? endpoint.unsentBytes : 0
  }

  shutdown(descriptor: number, isRead: boolean, isWrite: boolean): void {
    this.#stream(descriptor).shutdown(isRead, isWrite)
  }

  close(descriptor: number, isReset: boolean): void {
    const endpoint = this.#endpoints.get(descriptor)
    this.#endpoints.delete(descriptor)
    this.#handshakes.delete(descriptor)
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

  local_address(descriptor: number): Address | undefined {
    return this.#endpoints.get(descriptor)?.localAddress()
  }

  peer_address(descriptor: number): Address | undefined {
    return this.#endpoints.get(descriptor)?.peerAddress()
  }

  set_no_delay(descriptor: number, isOn: boolean): void {
    const endpoint = this.#endpoints.get(descriptor)
    if (endpoint instanceof StreamEndpoint) endpoint.configure((socket) => socket.setNoDelay(isOn))
  }

  set_keep_alive(descriptor: number, isOn: boolean): void {
    const endpoint = this.#endpoints.get(descriptor)
    if (endpoint instanceof StreamEndpoint) endpoint.configure((socket) => socket.setKeepAlive(isOn))
  }

  set_broadcast(descriptor: number, isOn: boolean): void {
    const endpoint = this.#endpoints.get(descriptor)
    if (endpoint instanceof DatagramEndpoint) endpoint.setBroadcast(isOn)
  }

  readiness(descriptor: number): number {
    return this.#endpoints.get(descriptor)?.readiness() ?? 0
  }

  /** Sets `event` once, as soon as one of the descriptors is ready for what its bits ask. */
  watch(event: number, descriptors: readonly number[], bits: readonly number[]): void {
    const endpoints = descriptors.map((descriptor) => this.#endpoints.get(descriptor))
    const check = () => {
      const isReady = endpoints.some((endpoint, index) => {
        if (endpoint === undefined || endpoint.isClosed) return true
        return (endpoint.readiness() & ((bits[index] ?? 0) | BROKEN | HUNG_UP)) !== 0
      })
      if (!isReady) return
      this.unwatch(event)
      this.#setEvent(event)
    }
    for (const endpoint of endpoints) endpoint?.watch(check)
    this.#watches.set(event, () => {
      for (const endpoint of endpoints) endpoint?.unwatch(check)
    })
    check()
  }

  unwatch(event: number): void {
    this.#watches.get(event)?.()
    this.#watches.delete(event)
  }

  /** Looks a host name up; when `event` is set, `take_lookup` has the result. */
  resolve(event: number, host: string, family: number, hints: number): void {
    lookup(host, { all: true, family: family as 0 | 4 | 6, hints }, (error, addresses) => {
      const found = error === null ? addresses.map(({ address, family: of }) => [address, of]) : null
      this.#lookups.set(event, JSON.stringify({ error: error?.code ?? null, found }))
      this.#setEvent(event)
    })
  }

  /** Looks up the names of an address and a port. */
  resolve_names(event: number, address: string, port: number): void {
    lookupService(address, port, (error, host, service) => {
      this.#lookups.set(event, JSON.stringify({ error: error?.code ?? null, found: [host, service] }))
      this.#setEvent(event)
    })
  }

  take_lookup(event: number): string | undefined {
    const result = this.#lookups.get(event)
    this.#lookups.delete(event)
    return result
  }

  tls_context(settingsJson: string): number | string {
    return this.#tls.context(settingsJson)
  }

  default_authorities(which: DefaultAuthorities): string {
    return defaultAuthorities(which).join('\n')
  }

  /** Names of the ciphers that TLS can use here, as JSON. */
  ciphers(): string {
    return JSON.stringify(getCiphers().map((name) => name.toUpperCase()))
  }

  /** Begins a handshake; the socket is not ready for anything until it is over. */
  start_tls(descriptor: number, context: number, settingsJson: string): void {
    const endpoint = this.#stream(descriptor)
    const handshake: Handshake = { state: 'pending', report: '' }
    this.#handshakes.set(descriptor, handshake)
    endpoint.startTls((stream, end) => {
      this.#tls.handshake(stream, context, settingsJson, (error, secured: TLSSocket | null) => {
        handshake.state = secured === null ? 'failed' : 'done'
        handshake.report = secured === null ? describeTlsError(error) : describeSession(secured)
        end(secured)
      })
    })
  }

  tls_state(descriptor: number): string {
    return this.#handshakes.get(descriptor)?.state ?? 'none'
  }

  tls_report(descriptor: number): string {
    return this.#handshakes.get(descriptor)?.report ?? ''
  }

  #add(endpoint: Endpoint): number {
    this.#endpoints.set(++this.#lastDescriptor, endpoint)
    return this.#lastDescriptor
  }

  #stream(descriptor: number): StreamEndpoint {
    const endpoint = this.#endpoints.get(descriptor)
    if (endpoint instanceof StreamEndpoint) return endpoint
    throw new Error(`Descriptor ${descriptor} is no stream socket.`)
  }

  #replace(descriptor: number, options: ConstructorParameters<typeof ListeningEndpoint>[0]): void {
    this.#endpoints.get(descriptor)?.close()
    this.#endpoints.set(descriptor, new ListeningEndpoint(options))
  }
}
