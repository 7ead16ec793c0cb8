/** SMTP server for tests: offers STARTTLS and a login, and keeps the mails that it receives. */

import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { createSecureContext, TLSSocket } from 'node:tls'

export interface ReceivedMail {
  readonly from: string
  readonly recipients: readonly string[]
  /** User and password of the login, or null without one. */
  readonly login: string | null
  readonly isEncrypted: boolean
  /** Headers and body, without the dot that ends the mail. */
  readonly text: string
}

export interface MailServerOptions {
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Whether every mail is refused, with status 451. */
  readonly refuses?: boolean
  /** Whether the server answers QUIT as the protocol demands. Default: true. */
  readonly quits?: boolean
  /** Recipients that are refused, with status 550. */
  readonly unknown?: readonly string[]
}

interface Session {
  from: string
  recipients: string[]
  login: string | null
}

export class MailServer implements AsyncDisposable {
  readonly mails: ReceivedMail[] = []
  readonly #options: MailServerOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(options: MailServerOptions) {
    this.#options = options
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.write('220 mail.test ESMTP\r\n')
      this.#converse(socket)
    })
  }

  static async start(options: MailServerOptions = {}): Promise<MailServer> {
    const server = new MailServer(options)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #converse(socket: Socket): void {
    const session: Session = { from: '', recipients: [], login: null }
    let mail: string[] | null = null
    socket.on('error', () => undefined) // Ignored: the client may close the connection without QUIT
    const lines = createInterface({ input: socket }).on('error', () => undefined) // Ignored: an error of the socket
    lines.on('line', (line) => {
      if (mail === null) {
        if (verbIn(line) === 'STARTTLS') lines.close()
        mail = this.#answer(line, session, socket)
      } else if (line !== '.') mail.push(line.replace(/^\./, ''))
      else {
        const { from, recipients, login } = session
        const text = mail.join('\n')
        if (this.#options.refuses !== true)
          this.mails.push({ from, recipients, login, isEncrypted: socket instanceof TLSSocket, text })
        socket.write(this.#options.refuses === true ? '451 try later\r\n' : '250 accepted\r\n')
        mail = null
      }
    })
  }

  /** Answers a command. Returns an empty mail if its lines follow. */
  #answer(command: string, session: Session, socket: Socket): string[] | null {
    const answer = (text: string): null => {
      socket.write(`${text}\r\n`)
      return null
    }
    const [, address = ''] = /<(.*)>/.exec(command) ?? []
    switch (verbIn(command)) {
      case 'EHLO':
        return answer(`250-mail.test\r\n${this.#extension(socket)}250 AUTH PLAIN`)
      case 'STARTTLS':
        answer('220 begin')
        this.#converse(new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(this.#options.tls) }))
        return null
      case 'AUTH':
        session.login = Buffer.from(command.slice(11), 'base64').toString().split('\0').slice(1).join(':')
        return answer('235 welcome')
      case 'MAIL':
        session.from = address
        return answer('250 accepted')
      case 'RCPT':
        if (this.#options.unknown?.includes(address)) return answer('550 unknown recipient')
        session.recipients.push(address)
        return answer('250 accepted')
      case 'DATA':
        answer('354 send the mail')
        return []
      case 'QUIT':
        return answer(this.#options.quits === false ? '421 too busy' : '221 goodbye')
      default:
        return answer('250 accepted')
    }
  }

  #extension(socket: Socket): string {
    return this.#options.tls === undefined || socket instanceof TLSSocket ? '' : '250-STARTTLS\r\n'
  }
}

function verbIn(command: string): string {
  return command.split(' ', 1)[0]?.toUpperCase() ?? ''
}
