/** The HTTP interface of `serve`, and its log lines. */

import type { HttpServer } from '../../http/server.ts'
import type { LogSink, Runner } from '../../index.ts'
import type { Settings } from '../../settings/settings.ts'

/** Throws if its address is unavailable or needs a token. */
export async function openHttp(runner: Runner, settings: Settings, log: LogSink): Promise<HttpServer> {
  const { listen } = await import('../../http/server.ts')
  const port = settings.get('http.port')
  const server = await listen(runner, {
    host: settings.get('http.host'),
    port,
    mayMove: !settings.isSet('http.port'),
    token: settings.get('http.token'),
    hosts: settings.get('http.hosts') ?? [],
    log,
  })
  if (server.hasMoved) {
    log({ level: 'warn', message: `port ${port} is in use, so HTTP is at ${server.url}`, facts: { url: server.url } })
  } else log({ level: 'info', message: `HTTP is at ${server.url}`, facts: { url: server.url } })
  log({ level: 'info', message: protectionText(settings) })
  return server
}

/** Returns a text about the requirements for requests. */
function protectionText(settings: Settings): string {
  if (settings.get('http.token') === null) {
    return (
      'HTTP requires no token, so all users and programs on this machine can read and control everything; to ' +
      'require a token, set CLOACA_HTTP_TOKEN'
    )
  }
  const hosts = [settings.get('http.host'), ...(settings.get('http.hosts') ?? [])].map((host) => `"${host}"`)
  return (
    `HTTP requires the token in CLOACA_HTTP_TOKEN, except for /healthz, /readyz and the files of the page; ` +
    `accepted host names: ${hosts.join(', ')}`
  )
}
