/** Requests as bytes: requests that HTTP parsers interpret differently, and reproducible mutations of requests. */

export interface NamedBytes {
  readonly name: string
  /** Request with one character per byte. */
  readonly bytes: string
}

const MUTATIONS = 2_000
const END = '\r\n\r\n'

/** Returns all requests. None of them may change `trigger`, which exists. */
export function bytesToSend(host: string, trigger: string): readonly NamedBytes[] {
  const target = `/api/v1/triggers/${encodeURIComponent(trigger)}/disable`
  const read = `GET /api/v1/triggers HTTP/1.1\r\nHost: ${host}`
  const hidden = `POST ${target} HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\nContent-Length: 0${END}`
  return [
    ...smuggled(host, hidden),
    ...oddHeads(host, target),
    ...oddBodies(host, target),
    ...mutated([`${read}${END}`, hidden]),
  ]
}

/** Returns requests that contain a second request in bytes that a parser could read as the body of the first one. */
function smuggled(host: string, hidden: string): readonly NamedBytes[] {
  const lengths = [
    'Content-Length: 0',
    `Content-Length: ${hidden.length}`,
    'Content-Length: 0\r\nContent-Length: 5',
    'Content-Length: 5, 5',
    'Content-Length: +5',
    'Content-Length: -1',
    'Content-Length: 0x5',
    'Content-Length: 5 ',
    'Content-Length:\t5',
    'Content-Length : 5',
    'Content-Length: 99999999999999999999',
    'Transfer-Encoding: chunked\r\nContent-Length: 5',
    'Content-Length: 5\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: identity, chunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding:\u000bchunked',
    'Transfer-Encoding: "chunked"',
    'X: y\r\n Transfer-Encoding: chunked',
    'X: y\nTransfer-Encoding: chunked',
    'X: y\rTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nTrailer: Authorization',
  ]
  const bodies = [
    hidden,
    `0${END}${hidden}`,
    `0\n\n${hidden}`,
    `5;x=${'y'.repeat(40)}\r\nhello\r\n0${END}${hidden}`,
    `ffffffffffffffff\r\n${hidden}`,
  ]
  const methods = ['GET /healthz', 'POST /healthz', 'GET /', 'OPTIONS *', 'HEAD /healthz']
  return methods.flatMap((first) =>
    lengths.flatMap((length) =>
      bodies.map((body, index) => ({
        name: `${first} with ${JSON.stringify(length)} before request ${index}`,
        bytes: `${first} HTTP/1.1\r\nHost: ${host}\r\n${length}${END}${body}`,
      })),
    ),
  )
}

function oddHeads(host: string, target: string): readonly NamedBytes[] {
  const lines = [
    `POST ${target} HTTP/0.9`,
    `POST ${target} HTTP/1.0`,
    `POST ${target} HTTP/1.2`,
    `POST ${target} HTTP/2.0`,
    `POST ${target}`,
    `post ${target} HTTP/1.1`,
    `POST\t${target}\tHTTP/1.1`,
    `POST  ${target}  HTTP/1.1`,
    `\r\n\r\nPOST ${target} HTTP/1.1`,
    `POST ${target}#x HTTP/1.1`,
    `POST ${target}?x\0y HTTP/1.1`,
    `POST http://${host}${target} HTTP/1.1`,
    `POST http://x:y@${host}${target} HTTP/1.1`,
    `POST ///${host}${target} HTTP/1.1`,
    `POST /healthz/../..${target} HTTP/1.1`,
    `POST /assets/..\\..${target} HTTP/1.1`,
    `POST /assets/%2e%2e/${target} HTTP/1.1`,
    `POST /assets/%c0%ae%c0%ae${target} HTTP/1.1`,
    `CONNECT ${host} HTTP/1.1`,
    `TRACE ${target} HTTP/1.1`,
    'PRI * HTTP/2.0',
    `POST /${'x'.repeat(20_000)} HTTP/1.1`,
  ]
  const heads = [
    `Host: ${host}`,
    `Host: ${host}\r\nHost: evil.example`,
    `Host: evil.example\r\nHost: ${host}`,
    `Host:${host}\r\nAuthorization: Bearer`,
    `Host: ${host}\r\nAuthorization:\r\nAuthorization: Bearer x`,
    `Host: ${host}\r\nAuthorization: Bearer ${'x'.repeat(12_000)}`,
    `Host: ${host}\r\n${'X: y\r\n'.repeat(1_500)}Origin: http://${host}`,
    `Host: ${host}\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__`,
    `Host: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==`,
    `Host: ${host}\r\nExpect: 100-continue`,
    `Host: ${host}\r\nConnection: Authorization, Host`,
  ]
  return lines.flatMap((line) =>
    heads.map((head, index) => ({
      name: `${JSON.stringify(line.slice(0, 80))} with head ${index}`,
      bytes: `${line}\r\n${head}\r\nContent-Length: 0${END}`,
    })),
  )
}

function oddBodies(host: string, target: string): readonly NamedBytes[] {
  const bodies = [
    '{',
    '[',
    '\xff\xfe',
    '{"a":1}{"b":2}',
    'x'.repeat(70_000),
    '['.repeat(60_000),
    '{"a":'.repeat(20_000),
    '\0',
  ]
  return bodies.map((body, index) => ({
    name: `body ${index}`,
    bytes:
      `POST ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}${END}${body}`,
  }))
}

/** Returns requests with a few changed bytes. The sequence is the same in each run. */
function mutated(requests: readonly string[]): readonly NamedBytes[] {
  let state = 0x2545_f491
  const next = (below: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
  const pieces = [
    '\r\n',
    '\n',
    '\r',
    '\0',
    ' ',
    ':',
    '/',
    '..',
    '%2f',
    '\t',
    '\x7f',
    '\xff',
    'chunked',
    'HTTP/1.1',
    '?',
    ';',
  ]
  return Array.from({ length: MUTATIONS }, (_, index) => {
    let bytes = requests[index % requests.length] ?? ''
    for (let change = 0; change <= index % 4; change++) {
      const at = next(bytes.length)
      const removed = next(3)
      const piece = next(2) === 0 ? String.fromCharCode(next(256)) : (pieces[next(pieces.length)] ?? '')
      bytes = bytes.slice(0, at) + (next(4) === 0 ? '' : piece) + bytes.slice(at + removed)
    }
    return { name: `mutation ${index}: ${JSON.stringify(bytes.slice(0, 100))}`, bytes }
  })
}
