/**
 * Package index and file server on loopback. The test defines the packages, files and faults. Requests for pip itself
 * are answered with the page of the real index.
 */

import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Wheel } from './wheel.ts'

const REAL_INDEX = (process.env.PIP_INDEX_URL ?? 'https://pypi.org/simple').replace(/\/$/, '')
const JSON_API = 'application/vnd.pypi.simple.v1+json'

/** Fault after half of a file: `stall` sends nothing more, `cut` closes the connection. */
export type Fault = 'stall' | 'cut'

export class PackageServer implements AsyncDisposable {
  /** Methods and paths of the requests. */
  readonly requests: string[] = []
  readonly faults = new Map<string, Fault>()
  readonly #projects = new Map<string, Set<string>>()
  readonly #files = new Map<string, Buffer>()
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async open(): Promise<PackageServer> {
    const server = createServer()
    const made = new PackageServer(server)
    server.on('request', (request, response) => {
      made.requests.push(`${request.method} ${request.url}`)
      void made.#answer(request.url ?? '', request.method ?? '', response)
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    return made
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Environment variables that make pip use only this index. */
  get environment(): Record<string, string> {
    return { PIP_INDEX_URL: `${this.address}/simple`, PIP_FIND_LINKS: '', PIP_RETRIES: '0', PIP_TIMEOUT: '5' }
  }

  /** Adds wheels to the index and to the files. */
  offer(...wheels: readonly Wheel[]): void {
    for (const { fileName, bytes } of wheels) {
      this.list(fileName)
      this.put(`/files/${fileName}`, bytes)
    }
  }

  /** Adds a file name to the index, without the file. */
  list(fileName: string): void {
    const project = fileName
      .slice(0, fileName.indexOf('-'))
      .replaceAll(/[-_.]+/g, '-')
      .toLowerCase()
    this.#projects.set(project, (this.#projects.get(project) ?? new Set()).add(fileName))
  }

  put(path: string, bytes: Buffer): void {
    this.#files.set(path, bytes)
  }

  async #answer(path: string, method: string, response: ServerResponse): Promise<void> {
    const project = /^\/simple\/([^/]+)\/$/.exec(path)?.[1]
    if (project !== undefined) {
      const page = project === 'pip' ? await realPage(project) : this.#page(project)
      response.writeHead(page === null ? 404 : 200, { 'content-type': JSON_API }).end(page ?? '')
      return
    }
    const bytes = this.#files.get(path)
    response.writeHead(bytes === undefined ? 404 : 200, { 'content-length': bytes?.length ?? 0 })
    const fault = method === 'HEAD' ? undefined : this.faults.get(path)
    if (fault === undefined) response.end(bytes)
    else response.write(bytes?.subarray(0, bytes.length / 2), () => fault === 'cut' && response.destroy())
  }

  #page(name: string): string | null {
    const files = this.#projects.get(name)
    if (files === undefined) return null
    const listed = [...files].map((filename) => ({ filename, url: `/files/${filename}`, hashes: {} }))
    return JSON.stringify({ meta: { 'api-version': '1.0' }, name, files: listed })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((closed) => this.#server.close(closed))
  }
}

async function realPage(project: string): Promise<string> {
  return (await fetch(`${REAL_INDEX}/${project}/`, { headers: { accept: JSON_API } })).text()
}
