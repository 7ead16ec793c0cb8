/**
 * State of a stream socket of a script. Used by `stream-socket.ts`.
 * States and transitions:
 *   new         -> open          `over`: the stream is connected already
 *   new, failed -> connecting    `connect`
 *   connecting  -> open          the connection exists
 *   connecting  -> failed        the connection failed; also new -> failed, if nothing listens (`refuse`)
 *   open        -> ended         the peer sends nothing more; the script can still write
 *   open, ended -> handshaking   TLS begins or ends: until then, nothing is read or written
 *   open, ended -> lent          a child process has the socket: bytes that arrive belong to the child
 *   handshaking, lent -> open, ended   the handshake is over, or no child has the socket any more
 *   any         -> closed        a stream that still has bytes to send is kept until they are sent
 */

import type { Duplex } from 'node:stream'

/** Whether the peer can send more. */
export type Receiving = 'open' | 'ended'

export type StreamState =
  | { readonly kind: 'new' }
  | { readonly kind: 'connecting' | Receiving; readonly stream: Duplex }
  | { readonly kind: 'failed'; readonly stream: Duplex | null }
  /** `then`: the state that follows. `stream` is the one from which the handshake starts. */
  | { readonly kind: 'handshaking' | 'lent'; readonly stream: Duplex; readonly then: Receiving }
  | { readonly kind: 'closed'; readonly was: ConnectionState; readonly sending: Duplex | null }

export type ConnectionState = 'new' | 'connecting' | 'connected' | 'failed'

export function connectionState(state: StreamState): ConnectionState {
  switch (state.kind) {
    case 'new':
    case 'connecting':
    case 'failed':
      return state.kind
    case 'closed':
      return state.was
    default:
      return 'connected'
  }
}

/** Returns whether a socket is connected and usable: not in a handshake, and not lent to a child process. */
export function isConnected(state: StreamState): state is StreamState & { readonly kind: Receiving } {
  return state.kind === 'open' || state.kind === 'ended'
}
