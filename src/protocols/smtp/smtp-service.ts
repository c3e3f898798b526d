/** What the SMTP services of the house share: the ways of smtp-server, answers to its handlers, ports. */
import type { AddressInfo } from 'node:net'
import type { SMTPServer, SMTPServerOptions } from 'smtp-server'
import { asCeralaccaError } from '../../base/errors.ts'
import { replyFor } from './replies.ts'

export interface TlsKeys {
  readonly key: string
  readonly cert: string
}

const CLOSE_TIMEOUT_MS = 5000
const IDLE_TIMEOUT_MS = 5 * 60_000
const MOST_CLIENTS = 5000

export interface ServiceSettings {
  readonly tls: TlsKeys
  readonly serverName: string
  readonly messageBytes: number
}

/** The settings of both services; each adds its own handlers. */
export const serviceOptions = ({ tls, serverName, messageBytes }: ServiceSettings): SMTPServerOptions => ({
  key: tls.key,
  cert: tls.cert,
  minVersion: 'TLSv1.2',
  name: serverName,
  banner: 'Ceralacca',
  heloResponse: '%s greets %s',
  size: messageBytes,
  hideSMTPUTF8: true,
  // The library knows one enhanced code per reply code; ours are exact and stand in the text, so the extension is not announced.
  hideENHANCEDSTATUSCODES: true,
  disableReverseLookup: true,
  socketTimeout: IDLE_TIMEOUT_MS,
  closeTimeout: CLOSE_TIMEOUT_MS,
  maxClients: MOST_CLIENTS,
})

/** Runs a handler and answers its client; what it throws becomes an SMTP reply. */
export function answer<T>(work: () => Promise<T>, callback: (error: Error | null, result?: T) => void): void {
  work().then(
    (result) => callback(null, result),
    (thrown: unknown) => callback(replyFor(asCeralaccaError(thrown))),
  )
}

/** Opens a port, 0 for a free one; answers which. */
export function open(server: SMTPServer, host: string, port: number): Promise<number> {
  // A client that breaks off, or speaks no TLS, is its own affair.
  server.on('error', () => undefined)
  return new Promise((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(port, host, () => {
      server.server.off('error', reject)
      resolve((server.server.address() as AddressInfo).port)
    })
  })
}

/** Takes no more connections, lets those at work finish for some seconds. */
export const close = (server: SMTPServer): Promise<void> => new Promise((resolve) => server.close(resolve))
