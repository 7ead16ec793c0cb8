/** Authentication at a broker: a type of the public options, which must not need types of Node. */

/** SASL authentication. Functions are called for each connection. */
export interface KafkaSasl {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER' | 'GSSAPI'
  readonly username?: string | (() => string | Promise<string>)
  readonly password?: string | (() => string | Promise<string>)
  /** Token of `OAUTHBEARER`. */
  readonly token?: string | (() => string | Promise<string>)
}
