/** Settings of an engine outside of its scripts: alerts, HTTP, streams and log lines. */

import { ALERT_KINDS, DEFAULT_ALERT_KINDS } from '../model/alert.ts'
import { ALERT_RECEIVERS, ALERT_ROUTES, hasPassword, hasReceiverSecret } from './alert-values.ts'
import { setting } from './setting-definition.ts'
import {
  COMMAND,
  choicesType,
  choiceType,
  durationFrom,
  HOSTS,
  optional,
  secret,
  TEXT,
  TEXTS,
  TOKEN,
  WEB_ADDRESS,
  wholeNumberFrom,
  YES_OR_NO,
} from './value-types.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const WHOLE = '<n>'

export const SERVICE_SETTINGS = {
  'alerts.url': setting(optional(WEB_ADDRESS), null, {
    variable: 'CLOACA_ALERTS_URL',
    flag: null,
    placeholder: '',
    doc: 'send each alert as JSON to this URL (POST)',
    isPrivate: true,
  }),
  'alerts.secret': setting(optional(secret(TEXT)), null, {
    variable: 'CLOACA_ALERTS_SECRET',
    flag: null,
    placeholder: '',
    doc: 'sign alerts to the URL with this secret; never printed',
    isPrivate: true,
  }),
  'alerts.command': setting(optional(COMMAND), null, {
    variable: 'CLOACA_ALERTS_COMMAND',
    flag: null,
    placeholder: '',
    doc: 'run this command for each alert, with JSON on stdin',
    hasSecret: hasPassword,
  }),
  'alerts.receiver': setting(optional(ALERT_RECEIVERS), null, {
    variable: 'CLOACA_ALERTS_RECEIVER',
    flag: null,
    placeholder: '',
    doc: 'define more receivers, a table for each',
    isPrivate: true,
    hasSecret: hasReceiverSecret,
  }),
  'alerts.route': setting(optional(ALERT_ROUTES), null, {
    variable: 'CLOACA_ALERTS_ROUTE',
    flag: null,
    placeholder: '',
    doc: 'send alerts that match a route to its receivers',
  }),
  'alerts.on': setting(choicesType(...ALERT_KINDS), DEFAULT_ALERT_KINDS, {
    variable: 'CLOACA_ALERTS_ON',
    flag: null,
    placeholder: '',
    doc: 'send alerts for these events',
  }),
  'alerts.failures-in-row': setting(wholeNumberFrom(1), 3, {
    variable: 'CLOACA_ALERTS_FAILURES_IN_ROW',
    flag: null,
    placeholder: '',
    doc: 'alert after this many consecutive failed polls of a trigger',
  }),
  'alerts.late-by': setting(durationFrom(1), MINUTE_MS, {
    variable: 'CLOACA_ALERTS_LATE_BY',
    flag: null,
    placeholder: '',
    doc: 'alert when a poll or schedule is this late',
  }),
  'alerts.repeat': setting(durationFrom(1), 4 * HOUR_MS, {
    variable: 'CLOACA_ALERTS_REPEAT',
    flag: null,
    placeholder: '',
    doc: 'repeat the alert of a continuing failure after this time',
  }),
  'alerts.cooldown': setting(durationFrom(0), 10 * MINUTE_MS, {
    variable: 'CLOACA_ALERTS_COOLDOWN',
    flag: null,
    placeholder: '',
    doc: 'send no new alert this soon after a recovery',
  }),
  'alerts.recovered': setting(YES_OR_NO, true, {
    variable: 'CLOACA_ALERTS_RECOVERED',
    flag: null,
    placeholder: '',
    doc: 'also send an alert when a failure has ended',
  }),
  'alerts.allow-private-addresses': setting(YES_OR_NO, false, {
    variable: 'CLOACA_ALERTS_ALLOW_PRIVATE_ADDRESSES',
    flag: null,
    placeholder: '',
    doc: 'allow URLs with link-local addresses and addresses of metadata services',
  }),
  'alerts.heartbeat-url': setting(optional(WEB_ADDRESS), null, {
    variable: 'CLOACA_ALERTS_HEARTBEAT_URL',
    flag: null,
    placeholder: '',
    doc: 'request this URL every minute while the engine is healthy',
    isPrivate: true,
  }),
  'http.enabled': setting(YES_OR_NO, true, {
    variable: 'CLOACA_HTTP_ENABLED',
    flag: null,
    placeholder: '',
    doc: 'serve HTTP; `--no-http` turns it off',
  }),
  'http.host': setting(TEXT, '127.0.0.1', {
    variable: 'CLOACA_HTTP_HOST',
    flag: '--host',
    placeholder: '<name>',
    doc: 'listen on this address; a non-local address needs a token',
  }),
  'http.port': setting(wholeNumberFrom(0, 65_535), 8321, {
    variable: 'CLOACA_HTTP_PORT',
    flag: '--port',
    placeholder: WHOLE,
    doc: 'listen on this port; 0 chooses any free port',
  }),
  'http.hosts': setting(optional(HOSTS), null, {
    variable: 'CLOACA_HTTP_HOSTS',
    flag: null,
    placeholder: '',
    doc: 'accept requests for these further host names; needs a token',
  }),
  'http.public-url': setting(optional(WEB_ADDRESS), null, {
    variable: 'CLOACA_HTTP_PUBLIC_URL',
    flag: null,
    placeholder: '',
    doc: 'address of the page for users, for links in alerts',
    hasSecret: () => false,
  }),
  'http.token': setting(optional(TOKEN), null, {
    variable: 'CLOACA_HTTP_TOKEN',
    flag: null,
    placeholder: '',
    doc: 'require this token in HTTP requests; never printed',
    isPrivate: true,
  }),
  'streams.kafka.brokers': setting(optional(TEXTS), null, {
    variable: 'KAFKA_BROKERS',
    flag: null,
    placeholder: '',
    doc: 'use these Kafka bootstrap brokers: a list of `"host:port"`',
  }),
  'streams.kafka.start': setting(choiceType('earliest', 'latest'), 'earliest', {
    variable: 'CLOACA_STREAMS_KAFKA_START',
    flag: null,
    placeholder: '',
    doc: 'start at this position in partitions never read before',
  }),
  'streams.kafka.tls': setting(YES_OR_NO, false, {
    variable: 'CLOACA_STREAMS_KAFKA_TLS',
    flag: null,
    placeholder: '',
    doc: 'connect over TLS; implied by `ca`, `cert` or `key`',
  }),
  'streams.kafka.ca': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_CA',
    flag: null,
    placeholder: '',
    doc: 'trust only the CA certificates in this PEM file',
  }),
  'streams.kafka.cert': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_CERT',
    flag: null,
    placeholder: '',
    doc: 'authenticate with the client certificate in this PEM file',
  }),
  'streams.kafka.key': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_KEY',
    flag: null,
    placeholder: '',
    doc: 'use the private key in this PEM file with `cert`',
  }),
  'streams.kafka.sasl': setting(optional(choiceType('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512')), null, {
    variable: 'CLOACA_STREAMS_KAFKA_SASL',
    flag: null,
    placeholder: '',
    doc: 'authenticate with this SASL mechanism',
  }),
  'streams.kafka.username': setting(optional(TEXT), null, {
    variable: 'CLOACA_STREAMS_KAFKA_USERNAME',
    flag: null,
    placeholder: '',
    doc: 'authenticate as this user (SASL)',
  }),
  'streams.kafka.password': setting(optional(secret(TEXT)), null, {
    variable: 'CLOACA_STREAMS_KAFKA_PASSWORD',
    flag: null,
    placeholder: '',
    doc: 'authenticate with this password (SASL); never printed',
    isPrivate: true,
  }),
  'log.level': setting(choiceType(...LOG_LEVELS), 'info', {
    variable: 'CLOACA_LOG_LEVEL',
    flag: '--log-level',
    placeholder: '<level>',
    doc: 'write log lines of this level and above',
  }),
  'log.format': setting(choiceType('auto', 'text', 'json'), 'auto', {
    variable: 'CLOACA_LOG_FORMAT',
    flag: '--log-format',
    placeholder: '<format>',
    doc: 'format log lines; `auto`: `text` on a terminal, `json` elsewhere',
  }),
}
